//! `[inet_http_server…]` and `[unix_http_server…]`.

use std::fs;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::error::Reason;
use crate::ini::Section;
use crate::options::{At, Context, Key, Names, options};
use crate::python::strip;
use crate::value::{Octal, Owner};

/// One HTTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpServer {
    /// Its section as written, such as `inet_http_server` or `unix_http_server:b`.
    pub section: String,
    /// Where it listens.
    pub listen: Listen,
    /// `None`: open to everybody who reaches it.
    pub credentials: Option<Credentials>,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A TCP port.
    Inet(InetAddress),
    /// A unix socket.
    Unix(UnixAddress),
}

/// A TCP address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InetAddress {
    /// Lower-cased host; empty means every IPv4 interface (`*` becomes empty). A bracketed IPv6 address keeps no brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
}

/// A unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnixAddress {
    /// Absolute.
    pub file: PathBuf,
    /// Access of the socket file.
    pub chmod: u32,
    /// User and group of the socket file; `None`: unchanged.
    pub chown: (Option<u32>, Option<u32>),
}

/// What Basic authentication compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name.
    pub username: String,
    /// Plain, or `{SHA}` and 40 lower-case hexadecimal digits.
    pub password: String,
}

options! {
    /// The rows of `[inet_http_server]` besides those of the login.
    pub(crate) struct Port {
        /// The address: `port`, `host:port`, `*:port` for all IPv4 interfaces, or `[IPv6 address]:port`. Required.
        port: InetAddress;
    }
}

options! {
    /// The first row of `[unix_http_server]`.
    pub(crate) struct File {
        /// The socket file. Required.
        file: String;
    }
}

options! {
    /// The rows that all servers and their clients have.
    pub(crate) struct Login {
        /// The name that clients must give. Without it everybody may do everything.
        username: String;
        /// The password that clients must give: plain, or `{SHA}` and its SHA-1 in hexadecimal digits.
        password: String;
        /// A file whose first line is the password. A relative name counts from the folder of the main file.
        password_file: String;
    }
}

options! {
    /// The last rows of `[unix_http_server]`.
    pub(crate) struct Access {
        /// The owner of the socket file, as `user` or `user:group`.
        chown: Owner, else "Invalid sockchown value";
        /// The access of the socket file.
        chmod: Octal = "0700", else "Invalid chmod value";
    }
}

pub(crate) fn known_inet_keys() -> impl Iterator<Item = &'static Key> {
    [Port::KEYS, Login::KEYS].into_iter().flatten()
}

pub(crate) fn known_unix_keys() -> impl Iterator<Item = &'static Key> {
    [File::KEYS, Access::KEYS, Login::KEYS].into_iter().flatten()
}

/// Reads all servers, those on TCP first.
pub(crate) fn read(context: &mut Context<'_>) -> Vec<HttpServer> {
    let sections = context.document.sections();
    let named = |kind: &'static str| sections.iter().filter(move |section| section.name.starts_with(kind));
    let mut servers = Vec::new();
    servers.extend(named("inet_http_server").filter_map(|section| inet(context, section)));
    servers.extend(named("unix_http_server").filter_map(|section| unix(context, section)));
    servers
}

fn inet<'a>(context: &mut Context<'a>, section: &'a Section) -> Option<HttpServer> {
    let mut at = context.at(section, Names::default());
    let credentials = credentials(&mut at);
    let address = Port::read(&mut at).port;
    if at.entry("port").is_none() {
        at.wrong("port", |section| Reason::NoAddress { section, key: "port" }, None);
    }
    Some(HttpServer { section: section.name.clone(), listen: Listen::Inet(address?), credentials })
}

fn unix<'a>(context: &mut Context<'a>, section: &'a Section) -> Option<HttpServer> {
    let here = Rc::clone(&context.here);
    let mut at = context.at(section, Names::new([("here", &here)]));
    let file = File::read(&mut at).file;
    if at.entry("file").is_none() {
        at.wrong("file", |section| Reason::NoAddress { section, key: "file" }, None);
    }
    at.names = Names::default();
    let credentials = credentials(&mut at);
    let Access { chown, chmod: Octal(chmod) } = Access::read(&mut at);
    let chown = chown.map_or((None, None), |Owner(user, group)| (Some(user), group));
    let file = PathBuf::from(at.context.around.abspath(strip(&file?)));
    let listen = Listen::Unix(UnixAddress { file, chmod, chown });
    Some(HttpServer { section: section.name.clone(), listen, credentials })
}

/// An empty name of the user opens the server to everybody.
fn credentials(at: &mut At<'_, '_>) -> Option<Credentials> {
    let reports = at.context.problems.reports();
    let login = Login::read(at);
    let sound = at.context.problems.reports() == reports;
    let (username, password) = (login.username.is_some(), at.entry("password").is_some());
    if sound && username != (password || login.password_file.is_some()) {
        at.wrong("username", Reason::IncompleteLogin, None);
        return None;
    }
    let password = login.password(at)?;
    login.username.filter(|name| !name.is_empty()).map(|username| Credentials { username, password })
}

/// The first line of a file, or what there is of it in 4096 bytes. A FIFO without a writer is empty.
fn first_line(file: &Path) -> std::io::Result<String> {
    let file = fs::OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(file)?;
    let mut text = String::new();
    file.take(4096).read_to_string(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

impl Login {
    /// The password, wherever it stands.
    pub(crate) fn password(&self, at: &mut At<'_, '_>) -> Option<String> {
        let Some(file) = &self.password_file else { return self.password.clone() };
        if self.password.is_some() {
            at.wrong("password_file", Reason::TwoPasswords, None);
            return None;
        }
        let file = Path::new(&*at.context.here).join(at.context.around.expanduser(file).as_ref());
        match first_line(&file) {
            Ok(line) => Some(line),
            Err(why) => {
                let (file, why) = (file.display().to_string(), why.to_string());
                at.wrong("password_file", |section| Reason::PasswordFile { section, file, why }, None);
                None
            }
        }
    }
}
