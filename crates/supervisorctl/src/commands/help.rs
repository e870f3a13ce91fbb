//! `help`.

use super::{Arguments, Command, TABLE, find};
use crate::controller::Controller;
use crate::failure::Failure;
use crate::output::columns;

/// As wide as the original's lists.
const WIDTH: usize = 79;

pub(super) fn help(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    if arguments.text.is_empty() {
        list(ctl, "default", |command| command.original && command.name != "help");
        // Below, as the original lists what plug-ins add; scripts see the list that they know.
        if ctl.out.terminal {
            list(ctl, "more", |command| !command.original);
        }
        return Ok(());
    }
    match find(arguments.text) {
        Some(command) => explain(ctl, command),
        None => ctl.say(format_args!("*** No help on {}", arguments.text)),
    }
    Ok(())
}

fn list(ctl: &mut Controller, title: &str, belongs: impl Fn(&Command) -> bool) {
    let names: Vec<&str> =
        TABLE.iter().filter(|command| belongs(command)).map(|command| command.name).collect();
    let header = format!("{title} commands (type help <topic>):");
    ctl.say("");
    ctl.say(&header);
    ctl.say("=".repeat(header.len()));
    for line in columns(&names, WIDTH) {
        ctl.say(line);
    }
    ctl.say("");
}

/// The forms of a command.
pub(super) fn explain(ctl: &mut Controller, command: &Command) {
    for line in command.help {
        ctl.say(line);
    }
}

/// The forms of the command of this name.
pub(super) fn explain_named(ctl: &mut Controller, name: &str) {
    if let Some(command) = find(name) {
        explain(ctl, command);
    }
}
