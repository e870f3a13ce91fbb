//! Manual, "Configuration File": which text means what.
//!
//! Most is asked of one daemon that rereads its file, which answers with the very words that a start would end with. Texts that are
//! free, as `serverurl`, show what was read.

use harness::{Output, Setup, TestBed, Value, member, text};

mod dialect;
mod environment;
mod eventlistener;
mod expansion;
mod fcgi_program;
mod group;
mod include;
mod plugins;
mod program;
mod servers;
mod values;

/// A daemon that rereads what it is given.
struct Reader(TestBed);

impl Reader {
    fn new() -> Self {
        Self(TestBed::new(""))
    }

    /// Why a file with these sections is refused.
    #[track_caller]
    fn refuses(&self, sections: &str) -> String {
        self.0.configure(sections);
        self.refused(sections)
    }

    /// Why this whole file is refused.
    #[track_caller]
    fn refuses_file(&self, text: &str) -> String {
        self.0.write("supervisord.conf", text);
        self.refused(text)
    }

    #[track_caller]
    fn refused(&self, what: &str) -> String {
        match self.0.rpc("reloadConfig", []) {
            Ok(_) => panic!("this is accepted: {what}"),
            Err(fault) => {
                let fault_text = self.0.normalise(&fault.text);
                match fault_text.strip_prefix("CANT_REREAD: ") {
                    Some(reason) if fault.code == 92 => reason.to_owned(),
                    _ => panic!("not the fault of a reread: {fault:?} on {what}"),
                }
            }
        }
    }

    /// All processes of a file with these sections, sorted by name.
    #[track_caller]
    fn reads(&self, sections: &str) -> Vec<Value> {
        self.0.configure(sections);
        self.read(sections)
    }

    /// All processes of this whole file.
    #[track_caller]
    fn reads_file(&self, text: &str) -> Vec<Value> {
        self.0.write("supervisord.conf", text);
        self.read(text)
    }

    #[track_caller]
    fn read(&self, what: &str) -> Vec<Value> {
        if let Err(fault) = self.0.rpc("reloadConfig", []) {
            panic!("{fault:?} on {what}");
        }
        let Value::Array(processes) = self.0.ask("getAllConfigInfo", []) else { panic!("not an array") };
        processes
    }

    /// A value of the one program of a file with these sections.
    #[track_caller]
    fn value(&self, sections: &str, key: &str) -> Value {
        one(self.reads(sections), key)
    }

    /// What `serverurl` of a program with these lines is read as.
    #[track_caller]
    fn serverurl(&self, lines: &str) -> String {
        self.0.normalise(&text(&self.value(&program(lines), "serverurl")))
    }

    /// The command of a program with these lines.
    #[track_caller]
    fn command(&self, lines: &str) -> String {
        self.0.normalise(&text(&self.value(&format!("[program:x]\n{lines}\n"), "command")))
    }

    /// What stands in the daemon's identifier when `[supervisord]` has these lines.
    #[track_caller]
    fn identifier(&self, lines: &str) -> String {
        self.reads(&format!("[supervisord]\n{lines}\n"));
        self.0.normalise(&text(&self.0.ask("getIdentification", [])))
    }
}

#[track_caller]
fn one(processes: Vec<Value>, key: &str) -> Value {
    match processes.as_slice() {
        [process] => member(process, key),
        other => panic!("not one process: {other:?}"),
    }
}

/// A program with these lines.
fn program(lines: &str) -> String {
    format!("[program:x]\ncommand=/bin/cat\n{lines}\n")
}

/// The end of a start with these sections.
#[track_caller]
fn starts_not(sections: &str) -> Output {
    Setup { text: sections, ..Setup::default() }.run()
}

/// Where a problem of a program is.
fn in_program(reason: &str) -> String {
    format!("{reason} in section 'program:x' (file: 'HERE/supervisord.conf')")
}

/// Compares each row: what is given, what comes of it.
#[track_caller]
fn table(rows: &[(&str, &str)], of: impl Fn(&str) -> String) {
    for (given, expected) in rows {
        assert_eq!(of(given), *expected, "on {given:?}");
    }
}
