//! Completions in shells, with the names of the programs that a daemon tells.

use std::path::Path;
use std::process::Command;

use harness::TestBed;

const PROGRAMS: &str = "[program:cat]\ncommand=/bin/cat\n\
    [program:dog]\ncommand=/bin/cat\nprocess_name=%(program_name)s_%(process_num)d\nnumprocs=2\nautostart=false\n";

/// What a shell script prints that gets the completions and supervisorctl's configuration; nothing where there is no such shell.
fn completed(bed: &TestBed, shell: &str, file: &str, script: &str) -> Option<Vec<String>> {
    if Command::new(shell).arg("--version").output().is_err() {
        return None;
    }
    let completions =
        Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("packaging/completions").join(file);
    let bin = harness::supervisorctl();
    let bin = bin.parent().expect("a folder").display();
    let mut command = Command::new(shell);
    command
        .args(["-c", script])
        .env("HOME", bed.here())
        .env("XDG_CONFIG_HOME", bed.here())
        .env("COMPLETIONS", completions)
        .env("CONFIGURATION", bed.path("supervisord.conf"))
        .env("PATH", format!("{bin}:{}", std::env::var("PATH").unwrap_or_default()));
    let shown = bed.finish(command, "");
    assert_eq!(shown.stderr, "", "{shell}");
    let mut lines: Vec<String> = shown.stdout.lines().map(str::to_owned).collect();
    lines.sort();
    Some(lines)
}

/// bash is everywhere.
fn bash(bed: &TestBed, words: &str) -> Vec<String> {
    let script = format!(
        "source \"$COMPLETIONS\"; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _supervisorctl; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    completed(bed, "bash", "supervisorctl.bash", &script).expect("bash is installed")
}

#[test]
fn bash_asks_the_daemon_for_names() {
    let bed = TestBed::new(PROGRAMS);
    let words = |more: &str| bash(&bed, &format!("supervisorctl -c \"$CONFIGURATION\" {more}"));
    assert_eq!(words("restart ''"), ["all", "cat", "dog:*", "dog:dog_0", "dog:dog_1"]);
    assert_eq!(words("restart cat dog:d"), ["dog:dog_0", "dog:dog_1"]);
    assert_eq!(words("tail -f c"), ["cat"]);
    assert_eq!(words("update ''"), ["cat", "dog"]);
    assert_eq!(words("signal K"), ["KILL"]);
    assert_eq!(words("signal KILL c"), ["cat"]);
    assert_eq!(words("re"), ["reload", "remove", "reread", "restart"]);
    assert_eq!(words("--serv"), ["--serverurl"]);
    assert_eq!(words("status --"), ["--json"]);
    assert_eq!(words("wait cat --"), ["--state", "--timeout"]);
    assert_eq!(words("wait cat --state ST"), ["STARTING", "STOPPED", "STOPPING"]);
}

#[test]
fn bash_completes_commands_without_a_daemon() {
    let bed = harness::Setup::default().prepare();
    assert_eq!(bash(&bed, "supervisorctl -c \"$CONFIGURATION\" start ''"), ["all"]);
}

#[test]
fn fish_asks_the_daemon_for_names() {
    let bed = TestBed::new(PROGRAMS);
    let words = |more: &str| {
        let script = format!("source $COMPLETIONS; complete -C \"supervisorctl -c $CONFIGURATION {more}\"");
        completed(&bed, "fish", "supervisorctl.fish", &script)
    };
    let Some(names) = words("restart ") else { return };
    assert_eq!(names, ["all", "cat", "dog:*", "dog:dog_0", "dog:dog_1"]);
    assert_eq!(words("update ").unwrap(), ["cat", "dog"]);
    assert_eq!(words("re").unwrap(), ["reload", "remove", "reread", "restart"]);
}

/// zsh completes on a terminal only, and gets one from zpty. What would be offered is written down.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
say() { zpty -w shell "$1" }
say 'PS1= ; fpath=(${COMPLETIONS:h} $fpath); autoload -U compinit; compinit -u -D'
say 'compadd() { local -a all; builtin compadd -O all "$@"; print -rl -- "offered "$^all >> offered; builtin compadd "$@" }'
say 'complete-and-tell() { zle complete-word; echo done >> offered }; zle -N complete-and-tell'
say 'bindkey "^I" complete-and-tell; echo ready > offered'
until grep -qx ready offered 2> /dev/null; do sleep 0.05; done
zpty -w -n shell "$WORDS"$'\t'
until grep -qx done offered; do sleep 0.05; done
sed -n 's/^offered //p' offered
rm offered
zpty -d shell
"#;

#[test]
fn zsh_asks_the_daemon_for_names() {
    let bed = TestBed::new(PROGRAMS);
    let words = |more: &str| {
        let words = format!("WORDS=\"supervisorctl -c $CONFIGURATION {more}\"; cd \"$HOME\"; {ZSH}");
        completed(&bed, "zsh", "_supervisorctl", &words)
    };
    let Some(names) = words("restart ") else { return };
    assert_eq!(names, ["all", "cat", "dog:*", "dog:dog_0", "dog:dog_1"]);
    assert_eq!(words("restart dog:d").unwrap(), ["dog:dog_0", "dog:dog_1"]);
    assert_eq!(words("update ").unwrap(), ["cat", "dog"]);
    assert_eq!(words("re").unwrap(), ["reload", "remove", "reread", "restart"]);
    assert_eq!(words("wait cat --state ST").unwrap(), ["STARTING", "STOPPED", "STOPPING"]);
    assert_eq!(words("status --").unwrap(), ["--json"]);
}
