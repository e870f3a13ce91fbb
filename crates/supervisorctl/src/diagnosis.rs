//! What may be wrong when the daemon cannot be reached, for a person to read.
//!
//! Looks, and changes nothing. The first line, which scripts read, was said elsewhere.

use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::{AccessFlags, Gid, Group, Pid, Uid, User, access};
use supervisor_config::sections::{HttpServer, Listen};
use supervisor_config::{Whereabouts, whereabouts};
use supervisor_rpc::client::{Address, ClientError};

use crate::cli::{Options, Surroundings, UrlSource};

/// Sentences about an error; none where the error says it all.
pub(crate) fn explain(error: &ClientError, options: &Options) -> Vec<String> {
    match error {
        ClientError::Refused
        | ClientError::NoSuchFile
        | ClientError::PermissionDenied
        | ClientError::Resolve(_)
        | ClientError::Io(_) => unreachable_server(error, options),
        ClientError::UnknownProtocol(_) | ClientError::BadUrl(_) => {
            vec![source(options), "  it must be http://host:port or unix:///path".to_owned()]
        }
        ClientError::Status { code: 401, .. } => vec![authentication(options)],
        _ => Vec::new(),
    }
}

fn unreachable_server(error: &ClientError, options: &Options) -> Vec<String> {
    let mut lines = vec![source(options)];
    if let Ok(Address::Unix(path)) = Address::parse(&options.serverurl) {
        lines.push(format!("  {}", socket(error, &path)));
    }
    if options.file.is_none() && options.url_source == UrlSource::Default {
        lines.push(
            "  to begin, use supervisord --init DIR, which writes a first configuration and tells what is next".to_owned(),
        );
    }
    if let Some(file) = &options.file {
        let around = Surroundings::of_this_process();
        let Whereabouts { pidfile, servers } = whereabouts(file, &around.environment, &around.cwd);
        lines.extend(pidfile.as_deref().map(|pidfile| format!("  {}", process(pidfile, file))));
        lines.extend(mismatch(&options.serverurl, file, &servers).map(|line| format!("  {line}")));
    }
    lines
}

/// Where the url is from.
fn source(options: &Options) -> String {
    let url = &options.serverurl;
    match (options.url_source, &options.file) {
        (UrlSource::CommandLine, _) => format!("  the url {url} was given with -s"),
        (UrlSource::Open, _) => format!("  the url {url} was given to open"),
        (UrlSource::File, Some(file)) => {
            format!("  the url {url} is from {} ([supervisorctl] serverurl)", file.display())
        }
        (UrlSource::File | UrlSource::Default, _) => {
            format!(
                "  the url {url} is the default, as no configuration file was found; -c names one, -s a url"
            )
        }
    }
}

fn authentication(options: &Options) -> String {
    match (&options.username, &options.password) {
        (Some(username), Some(_)) => format!("  the password for user {username} was not accepted"),
        (Some(username), None) => {
            format!("  user {username} has no password: -p, --password-file or [supervisorctl] password")
        }
        (None, _) => "  no username: -u or [supervisorctl] username".to_owned(),
    }
}

/// What there is at the path of a unix socket.
fn socket(error: &ClientError, path: &Path) -> String {
    let shown = path.display();
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.file_type().is_socket() => format!("{shown} exists, but is no socket"),
        Ok(metadata) if matches!(error, ClientError::PermissionDenied) => {
            format!(
                "{shown} {}; this is {}, who may not write to it",
                owner(&metadata),
                user(Uid::effective())
            )
        }
        Ok(_) => format!("{shown} exists, but nobody listens on it: it was left behind"),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => match closed_folder(path) {
            Some((folder, metadata)) => format!(
                "folder {} {}; this is {}, who may not enter it",
                folder.display(),
                owner(&metadata),
                user(Uid::effective())
            ),
            None => format!("{shown} cannot be looked at: {error}"),
        },
        Err(_) => format!("{shown} does not exist"),
    }
}

/// The first folder on the way that may not be entered.
fn closed_folder(path: &Path) -> Option<(PathBuf, Metadata)> {
    let mut folders: Vec<&Path> =
        path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()).collect();
    folders.reverse();
    let closed =
        folders.into_iter().find(|folder| access(*folder, AccessFlags::X_OK) == Err(Errno::EACCES))?;
    Some((closed.to_owned(), std::fs::metadata(closed).ok()?))
}

/// `is for root:adm with mode 0770`.
fn owner(metadata: &Metadata) -> String {
    let gid = Gid::from_raw(metadata.gid());
    let group = Group::from_gid(gid).ok().flatten().map_or_else(|| gid.to_string(), |group| group.name);
    let owner = user(Uid::from_raw(metadata.uid()));
    format!("is for {owner}:{group} with mode {:04o}", metadata.mode() & 0o7777)
}

fn user(uid: Uid) -> String {
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

/// Whether the process that the pid file names lives.
fn process(pidfile: &Path, file: &Path) -> String {
    let shown = pidfile.display();
    let remedy = format!("; to start it, use supervisord -c {}", file.display());
    let text = match std::fs::read_to_string(pidfile) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return format!(
                "pid file {shown} does not exist: supervisord does not run with this configuration{remedy}"
            );
        }
        Err(error) => return format!("pid file {shown} cannot be read: {error}"),
    };
    let Ok(pid) = text.trim().parse::<i32>() else {
        return format!("pid file {shown} holds no process id");
    };
    // 0 and less would mean whole groups of processes.
    if pid > 0 && matches!(kill(Pid::from_raw(pid), None), Ok(()) | Err(Errno::EPERM)) {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let name = if name.is_empty() { String::new() } else { format!(" ({})", name.trim_end()) };
        format!("process {pid}{name} of pid file {shown} lives")
    } else {
        format!("process {pid} of pid file {shown} does not live: supervisord ended{remedy}")
    }
}

/// What to use instead, when the file's daemon listens elsewhere.
fn mismatch(url: &str, file: &Path, servers: &[HttpServer]) -> Option<String> {
    let asked = Address::parse(url).ok()?;
    if servers.is_empty() {
        return Some(format!("{} gives supervisord no server to listen on", file.display()));
    }
    if servers.iter().any(|server| reaches(&asked, &server.listen)) {
        return None;
    }
    let shown = |HttpServer { section, listen, .. }: &HttpServer| format!("[{section}] {}", url_of(listen));
    let servers: Vec<String> = servers.iter().map(shown).collect();
    Some(format!("in {} supervisord listens elsewhere: {}", file.display(), servers.join(", ")))
}

fn reaches(asked: &Address, listen: &Listen) -> bool {
    match (asked, listen) {
        (Address::Unix(asked), Listen::Unix(listen)) => *asked == listen.file,
        // Names of hosts are not looked up: the port tells enough.
        (Address::Inet { port, .. }, Listen::Inet(listen)) => *port == listen.port,
        _ => false,
    }
}

fn url_of(listen: &Listen) -> String {
    match listen {
        Listen::Unix(unix) => format!("unix://{}", unix.file.display()),
        Listen::Inet(inet) if inet.host.is_empty() => format!("http://localhost:{}", inet.port),
        Listen::Inet(inet) if inet.host.contains(':') => format!("http://[{}]:{}", inet.host, inet.port),
        Listen::Inet(inet) => format!("http://{}:{}", inet.host, inet.port),
    }
}

#[cfg(test)]
mod tests {
    use supervisor_config::sections::InetAddress;

    use super::*;

    fn options(url: &str, file: Option<PathBuf>) -> Options {
        Options {
            interactive: false,
            serverurl: url.to_owned(),
            url_source: if file.is_some() { UrlSource::File } else { UrlSource::Default },
            username: None,
            password: None,
            prompt: String::new(),
            history_file: None,
            file,
        }
    }

    #[test]
    fn a_missing_socket_is_traced_to_its_file_and_its_daemon() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("s.sock");
        let pidfile = folder.path().join("s.pid");
        let file = folder.path().join("s.conf");
        let text =
            format!("[supervisord]\npidfile={}\n[unix_http_server]\nfile=/other.sock\n", pidfile.display());
        std::fs::write(&file, text).expect("writable");
        let url = format!("unix://{}", socket.display());
        let options = options(&url, Some(file.clone()));
        let lines = explain(&ClientError::NoSuchFile, &options);
        let file = file.display();
        let expected = [
            format!("  the url {url} is from {file} ([supervisorctl] serverurl)"),
            format!("  {} does not exist", socket.display()),
            format!(
                "  pid file {} does not exist: supervisord does not run with this configuration; to start it, use \
                 supervisord -c {file}",
                pidfile.display()
            ),
            format!("  in {file} supervisord listens elsewhere: [unix_http_server] unix:///other.sock"),
        ];
        assert_eq!(lines, expected);

        std::fs::write(&pidfile, std::process::id().to_string()).expect("writable");
        assert!(explain(&ClientError::NoSuchFile, &options)[2].ends_with("lives"));
        std::fs::write(&pidfile, "2147483646\n").expect("writable");
        assert!(
            explain(&ClientError::NoSuchFile, &options)[2]
                .contains("does not live: supervisord ended; to start it, use supervisord -c ")
        );
        std::fs::write(&pidfile, "x").expect("writable");
        assert!(explain(&ClientError::NoSuchFile, &options)[2].ends_with("holds no process id"));
    }

    #[test]
    fn what_lies_at_the_path_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s.sock");
        std::fs::write(&path, "").expect("writable");
        assert!(socket(&ClientError::Refused, &path).ends_with("exists, but is no socket"));
        std::fs::remove_file(&path).expect("removable");
        drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket"));
        assert!(socket(&ClientError::Refused, &path).ends_with("it was left behind"));
        assert!(socket(&ClientError::PermissionDenied, &path).contains(" with mode 0"));
    }

    #[test]
    fn a_server_on_the_same_port_is_no_mismatch() {
        let listen = Listen::Inet(InetAddress { host: String::new(), port: 9001 });
        let section = "inet_http_server".to_owned();
        let servers = [HttpServer { section, listen, credentials: None }];
        let mismatch = |url| mismatch(url, Path::new("f"), &servers);
        assert_eq!(mismatch("http://localhost:9001"), None);
        assert_eq!(
            mismatch("http://localhost:9002").as_deref(),
            Some("in f supervisord listens elsewhere: [inet_http_server] http://localhost:9001")
        );
    }

    #[test]
    fn a_refused_login_says_what_was_missing() {
        let mut options = options("http://x", None);
        let error = ClientError::Status { code: 401, reason: String::new() };
        assert_eq!(explain(&error, &options), ["  no username: -u or [supervisorctl] username"]);
        (options.username, options.password) = (Some("me".into()), Some("x".into()));
        assert_eq!(explain(&error, &options), ["  the password for user me was not accepted"]);
    }
}
