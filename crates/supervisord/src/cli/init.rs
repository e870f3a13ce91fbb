//! `--init DIR`: a first configuration.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What the file says.
const MAIN: &str = "\
; The configuration of supervisord. A semicolon begins a comment.
; echo_supervisord_conf prints everything that can stand here.

[supervisord]
logfile=%(here)s/supervisord.log
pidfile=%(here)s/supervisord.pid
childlogdir=%(here)s/log        ; the output of programs that do not say where

[unix_http_server]
file=%(here)s/supervisor.sock   ; where supervisorctl finds the daemon
chmod=0700

[supervisorctl]
serverurl=unix://%(here)s/supervisor.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[include]
files=supervisor.d/*.conf       ; one file for each program; supervisorctl update reads them again
";

/// What the file in the include folder says.
const PROGRAM: &str = "\
; A program. Remove the semicolons, say what to run, and call supervisorctl update.

;[program:example]
;command=/path/to/program --in-the-foreground
;directory=/path/to
;autorestart=true
;redirect_stderr=true
";

/// Writes the files, or nothing.
pub(super) fn write(folder: &Path, program: &Path) -> ExitCode {
    match try_write(folder) {
        Ok(()) => {
            let (program, file) = (program.display(), folder.join("supervisord.conf"));
            println!(
                "Wrote {}, and {} for your programs.",
                file.display(),
                folder.join("supervisor.d").display()
            );
            println!("To start, use {program} -c {}", file.display());
            println!("Then, use supervisorctl -c {} status", file.display());
            ExitCode::SUCCESS
        }
        Err((path, error)) => super::refuse(&format!("cannot write {}: {error}", path.display())),
    }
}

fn try_write(folder: &Path) -> Result<(), (PathBuf, io::Error)> {
    let main = folder.join("supervisord.conf");
    let include = folder.join("supervisor.d");
    for path in [&main, &include] {
        if fs::symlink_metadata(path).is_ok() {
            return Err((path.clone(), io::Error::new(io::ErrorKind::AlreadyExists, "it exists already")));
        }
    }
    for folder in [&include, &folder.join("log")] {
        fs::create_dir_all(folder).map_err(|error| (folder.clone(), error))?;
    }
    for (path, text) in [(main, MAIN), (include.join("example.conf"), PROGRAM)] {
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| (path, error))?;
    }
    Ok(())
}
