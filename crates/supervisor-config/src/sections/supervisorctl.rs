//! `[supervisorctl]`.

use std::path::PathBuf;

use super::HttpServer;
use super::http_server::Login;
use crate::error::Reason;
use crate::options::{Context, Key, Names, options};

/// What supervisorctl reads of the main file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CtlOptions {
    /// The file, as it was named.
    pub file: PathBuf,
    /// `http://host[:port]`, or `unix://` and an absolute path.
    pub serverurl: String,
    /// For the daemon's Basic authentication.
    pub username: Option<String>,
    /// Plain; also what `password_file` holds.
    pub password: Option<String>,
    /// Shown before `> `.
    pub prompt: String,
    /// Absolute.
    pub history_file: Option<PathBuf>,
}

/// Where the supervisord of the same file can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// Its pid file, absolute.
    pub pidfile: Option<PathBuf>,
    /// Its servers.
    pub servers: Vec<HttpServer>,
}

options! {
    /// The first row.
    pub(crate) struct Server {
        /// Where supervisord listens: `http://host:port` or `unix:///path`.
        serverurl: String = "http://localhost:9001";
    }
}

options! {
    /// The second row.
    pub(crate) struct Prompt {
        /// What the shell shows before `> `.
        prompt: String = "supervisor";
    }
}

options! {
    /// The last row.
    pub(crate) struct History {
        /// Where the shell keeps its history. Without it the history is lost at the end.
        history_file: String;
    }
}

pub(crate) fn known_keys() -> impl Iterator<Item = &'static Key> {
    [Server::KEYS, Login::KEYS, Prompt::KEYS, History::KEYS].into_iter().flatten()
}

/// Reads the section.
pub(crate) fn read(context: &mut Context<'_>) -> Option<CtlOptions> {
    let Some(section) = context.document.section("supervisorctl") else {
        context.problem(Reason::NoSection("supervisorctl"));
        return None;
    };
    let here = std::rc::Rc::clone(&context.here);
    let file = PathBuf::from(context.file);
    let mut at = context.at(section, Names::new([("here", &here)]));
    let Server { serverurl } = Server::read(&mut at);
    let serverurl = match serverurl.strip_prefix("unix://") {
        Some(path) => format!("unix://{}", at.context.around.abspath(path)),
        None => serverurl,
    };
    at.names = Names::default();
    let Prompt { prompt } = Prompt::read(&mut at);
    let login = Login::read(&mut at);
    let password = login.password(&mut at);
    at.names = Names::new([("here", &here)]);
    let history_file = History::read(&mut at).history_file.filter(|file| !file.is_empty());
    let history_file = history_file.map(|file| at.context.around.abspath(&file).into());
    plugins(context);
    let username = login.username;
    Some(CtlOptions { file, serverurl, username, password, prompt, history_file })
}

const FACTORY: &str = "supervisor.ctl_factory";

/// There is no plug-in that can be loaded.
fn plugins(context: &mut Context<'_>) {
    let sections = context.document.sections().iter();
    for section in sections.filter(|section| section.name.starts_with("ctlplugin:")) {
        let mut at = context.at(section, Names::default());
        match at.value::<String>(FACTORY, None) {
            Some(spec) => {
                let help = "Python code cannot be loaded: remove the section";
                at.wrong(FACTORY, |section| Reason::Unresolved { spec, section }, Some(help));
            }
            None if at.entry(FACTORY).is_none() => {
                at.wrong(FACTORY, |section| Reason::NoFactory { section, key: FACTORY }, None);
            }
            None => {}
        }
    }
}
