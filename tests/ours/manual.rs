//! Manual pages and completions: what the tables of options, keys and commands say, and nothing else.
//!
//! The pages in `packaging/man` are made from the `.in` files beside them, in which a line such as `@OPTIONS@` stands for a
//! table. `BLESS=1 cargo test --test ours manual` makes them anew; without it they are compared.

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Run;

use clap::Command;
use clap_complete::Shell;
use clap_complete::aot::generate;

fn packaging(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("packaging").join(name)
}

/// Compares a file with what it should be, or makes it so.
fn current(name: &str, text: &str) {
    let path = packaging(name);
    if env::var_os("BLESS").is_some() {
        fs::write(&path, text).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "packaging/{name} is old: BLESS=1 cargo test -p supervisor-tests --test ours manual"
    );
}

/// Text for troff: a backslash, a hyphen and what would be a request mean themselves.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let lines = text.lines().map(|line| match line.starts_with(['.', '\'']) {
        true => format!("\\&{line}"),
        false => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What stands between backticks is bold.
fn marked(text: &str) -> String {
    let parts = roff(text).replace("*bytes*", "\\fIbytes\\fR");
    let parts = parts.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { format!("\\fB{part}\\fR") } else { part.to_owned() }).collect()
}

fn options(command: &Command) -> String {
    let mut text = String::new();
    for arg in command.get_arguments().filter(|arg| !arg.is_positional()) {
        let short = arg.get_short().into_iter().chain(arg.get_visible_short_aliases().unwrap_or_default());
        let short = short.map(|letter| format!("-{letter}"));
        let names: Vec<String> =
            short.chain(arg.get_long().map(|long| format!("--{long}"))).map(|name| roff(&name)).collect();
        let names = names.join("\\fR, \\fB");
        let value = match arg.get_action().takes_values() {
            true => {
                arg.get_value_names().unwrap_or_default().iter().fold(String::new(), |value, name| {
                    format!("{value} \\fI{}\\fR", roff(&name.to_lowercase()))
                })
            }
            false => String::new(),
        };
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        writeln!(text, ".TP\n\\fB{names}\\fR{value}\n{}.", marked(&help)).expect("memory");
    }
    text
}

fn sections() -> String {
    let mut text = String::new();
    for kind in supervisor_config::kinds() {
        let name = kind.name.strip_suffix(':').map_or(kind.name.to_owned(), |name| format!("{name}:x"));
        writeln!(text, ".SS [{}]", roff(&name)).expect("memory");
        text.push_str(about(kind.name));
        for key in &kind.keys {
            let default = match key.default {
                Some("") => ", default empty".to_owned(),
                Some(default) => format!(", default \\fB{}\\fR", roff(default)),
                None => String::new(),
            };
            let doc = key.doc.concat();
            write!(text, ".TP\n\\fB{}\\fR ({}{default})\n", roff(key.name), marked(key.kind))
                .expect("memory");
            writeln!(text, "{}", marked(doc.trim())).expect("memory");
        }
    }
    text
}

/// What a section is for.
fn about(section: &str) -> &'static str {
    match section {
        "unix_http_server" => {
            "Where supervisorctl and others reach the daemon by a file. There may be several, such as [unix_http_server:b].\n"
        }
        "inet_http_server" => {
            "Where they and a browser reach it over the network. Whoever does can start any program that is named \
             here; give it a password. There may be several.\n"
        }
        "supervisord" => "The daemon itself.\n",
        "supervisorctl" => "Read by supervisorctl. It must be in the main file.\n",
        "include" => "More files, which are read as if they stood here.\n",
        "program:" => "A program. Its processes are a group of their own unless a [group:x] names it.\n",
        "group:" => "Programs that are started and stopped as one.\n",
        "eventlistener:" => {
            "A program that is told what happens, over its standard input, and answers over its standard output. It \
             has all keys of a program.\n"
        }
        "fcgi-program:" => {
            "A FastCGI program, whose processes share a socket as their standard input. It has all keys of a \
             program.\n"
        }
        "rpcinterface:" => {
            "A namespace of XML-RPC. There is one, and supervisorctl needs it: [rpcinterface:supervisor] with\n.nf\n\
             supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n.fi\n"
        }
        "ctlplugin:" => "Accepted and not used: plug\\-ins of supervisorctl are Python.\n",
        other => panic!("packaging: say what [{other}] is for"),
    }
}

fn commands() -> String {
    let mut text = String::new();
    for (_, help) in supervisorctl::manual().filter(|(name, _)| !matches!(*name, "exit" | "quit")) {
        let mut open = false;
        for line in help.iter().filter(|line| !line.is_empty()) {
            match line.split_once('\t') {
                Some(("", more)) => writeln!(text, "{}.", roff(more.trim())),
                Some((form, meaning)) => {
                    open = true;
                    writeln!(
                        text,
                        ".TP\n\\fB{}\\fR\n{}.",
                        roff(form.trim()),
                        marked(meaning.trim().trim_end_matches('.'))
                    )
                }
                None if open => writeln!(text, "{}", roff(line)),
                // What comes before the forms: the usage in short, or `Ex:`.
                None => Ok(()),
            }
            .expect("memory");
        }
    }
    text
}

fn page(name: &str, tables: &[(&str, String)]) {
    let template = fs::read_to_string(packaging(&format!("man/{name}.in"))).expect("the page's template");
    let text = tables.iter().fold(template, |text, (mark, table)| {
        assert!(text.contains(&format!("{mark}\n")), "{name}.in has no {mark}");
        text.replace(&format!("{mark}\n"), table)
    });
    current(&format!("man/{name}"), &format!(".\\\" Made from {name}.in.\n{text}"));
}

#[test]
fn manual_pages_are_current() {
    page("supervisord.8", &[("@OPTIONS@", options(&supervisord::cli::command()))]);
    page("supervisorctl.1", &[("@OPTIONS@", options(&supervisorctl::command())), ("@COMMANDS@", commands())]);
    page("supervisord.conf.5", &[("@SECTIONS@", sections())]);
}

#[test]
fn manual_pages_can_be_shown() {
    if Run::new("groff").arg("--version").output().is_err() {
        return;
    }
    for name in
        ["supervisord.8", "supervisorctl.1", "supervisord.conf.5", "echo_supervisord_conf.1", "pidproxy.1"]
    {
        let path = packaging("man").join(name);
        let shown =
            Run::new("groff").args(["-man", "-Tutf8", "-ww", "-z"]).arg(&path).output().expect("groff");
        assert_eq!(String::from_utf8_lossy(&shown.stderr), "", "{name}");
    }
}

#[test]
fn manual_of_the_completions_of_supervisord() {
    for (shell, name) in
        [(Shell::Bash, "supervisord.bash"), (Shell::Zsh, "_supervisord"), (Shell::Fish, "supervisord.fish")]
    {
        let mut bytes = Vec::new();
        generate(shell, &mut supervisord::cli::command(), "supervisord", &mut bytes);
        current(&format!("completions/{name}"), &String::from_utf8(bytes).expect("UTF-8"));
    }
}

#[test]
fn manual_of_the_completions_of_supervisorctl() {
    for name in ["supervisorctl.bash", "_supervisorctl", "supervisorctl.fish"] {
        let text = fs::read_to_string(packaging("completions").join(name)).expect("completions");
        let knows = |word: &str| {
            text.split(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c)).any(|w| w == word)
        };
        for (command, _) in supervisorctl::manual() {
            assert!(knows(command), "{name} does not complete {command}");
        }
        for option in ["json", "state", "timeout"] {
            assert!(knows(&format!("--{option}")) || knows(option), "{name} does not complete --{option}");
        }
        let command = supervisorctl::command();
        for long in command.get_arguments().filter_map(|arg| arg.get_long()) {
            assert!(knows(&format!("--{long}")) || knows(long), "{name} does not complete --{long}");
        }
    }
}
