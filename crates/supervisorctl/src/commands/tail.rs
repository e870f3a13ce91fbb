//! `tail`, `maintail`, `clear`.

use serde::de::IgnoredAny;
use supervisor_rpc::client::ClientError;
use supervisor_rpc::fault::Code;
use supervisor_rpc::info::{ProcessInfo, StatusInfo};
use supervisor_rpc::namespec::{self, Namespec};
use supervisor_rpc::value::Value;

use super::follow::{Source, follow};
use super::shared::{Wording, all, expand, result_of};
use super::{Arguments, help};
use crate::controller::{Controller, exit};
use crate::failure::{Failure, repr};
use crate::names;

/// What is shown when nothing else is asked for.
const DEFAULT_BYTES: i64 = 1600;

/// How much of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amount {
    /// The last bytes.
    Last(i64),
    /// `-f`.
    Follow,
}

impl Amount {
    /// Reads `-f` or `-100`.
    fn parse(word: &str) -> Option<Self> {
        match word.strip_prefix('-')? {
            "f" => Some(Self::Follow),
            number => number.parse().ok().map(Self::Last),
        }
    }
}

/// What `tail` is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Request<'a> {
    amount: Amount,
    name: &'a str,
    channel: &'a str,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum BadRequest {
    #[error("Error: too few arguments")]
    TooFew,
    #[error("Error: too many arguments")]
    TooMany,
    #[error("Error: tail requires process name")]
    NoName,
    #[error("Error: bad channel {}", repr(.0))]
    BadChannel(String),
    #[error("Error: bad argument {0}")]
    BadAmount(String),
}

/// Reads the words of `tail`, checking in the order of the original.
fn parse(words: &[String]) -> Result<Request<'_>, BadRequest> {
    if words.is_empty() {
        return Err(BadRequest::TooFew);
    }
    if words.len() > 3 {
        return Err(BadRequest::TooMany);
    }
    let (modifier, rest) = match words {
        [first, rest @ ..] if first.starts_with('-') => (Some(first), rest),
        rest => (None, rest),
    };
    let (name, channel) = match rest {
        [] => return Err(BadRequest::NoName),
        [name] => (name, "stdout"),
        // Of three names the second counts for nothing: so does the original.
        [name, .., channel] => {
            (name, channel_of(channel).ok_or_else(|| BadRequest::BadChannel(channel.to_lowercase()))?)
        }
    };
    let amount = match modifier {
        None => Amount::Last(DEFAULT_BYTES),
        Some(word) => Amount::parse(word).ok_or_else(|| BadRequest::BadAmount(word.clone()))?,
    };
    Ok(Request { amount, name, channel })
}

fn channel_of(word: &str) -> Option<&'static str> {
    ["stdout", "stderr"].into_iter().find(|channel| word.eq_ignore_ascii_case(channel))
}

/// Reads `-f NAME NAME … [stdout|stderr]`, which the original refuses.
fn parse_several(words: &[String]) -> Option<(&[String], &'static str)> {
    let [first, names @ ..] = words else { return None };
    if first != "-f" {
        return None;
    }
    match names {
        [names @ .., last] if !names.is_empty() && channel_of(last).is_some() => {
            Some((names, channel_of(last)?))
        }
        names => Some((names, "stdout")),
    }
}

pub(super) fn tail(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    if let Some((names, channel)) = parse_several(&arguments.words)
        && let Some(names) = several(ctl, names)?
    {
        let sources = names.iter().map(|name| Source::of_process(name, channel, true)).collect();
        return follow(ctl, sources);
    }
    let Request { amount, name, channel } = match parse(&arguments.words) {
        Ok(request) => request,
        Err(error) => {
            ctl.refuse(exit::GENERIC, &error);
            if matches!(error, BadRequest::TooFew | BadRequest::TooMany) {
                help::explain_named(ctl, "tail");
            }
            return Ok(());
        }
    };
    let names = expand(ctl, &[name.to_owned()])?;
    let Amount::Last(bytes) = amount else {
        let alone = names.len() == 1;
        return follow(ctl, names.iter().map(|name| Source::of_process(name, channel, !alone)).collect());
    };
    let method = if channel == "stdout" { "readProcessStdoutLog" } else { "readProcessStderrLog" };
    for name in &names {
        if names.len() > 1 {
            ctl.say(format_args!("==> {name} <=="));
        }
        show_end(ctl, name, method, &[name.as_str().into(), (-bytes).into(), 0.into()])?;
    }
    Ok(())
}

/// The processes, if several are named, all of them known; else the words mean what they mean to the original.
fn several(ctl: &mut Controller, words: &[String]) -> Result<Option<Vec<String>>, Failure> {
    let is_group = |name: &String| Namespec::parse(name).process.is_none();
    if words.len() < 2 && !words.iter().any(is_group) {
        return Ok(None);
    }
    let infos: Vec<ProcessInfo> = ctl.call("getAllProcessInfo", &[])?;
    let mut processes = Vec::new();
    for name in names::expand(words, &infos) {
        let named = Namespec::parse(&name);
        let before = processes.len();
        let members = infos.iter().filter(|info| named.includes(&info.group, &info.name));
        processes.extend(members.map(|info| namespec::show(&info.group, &info.name)));
        if processes.len() == before {
            return Ok(None);
        }
    }
    Ok(Some(processes))
}

fn show_end(ctl: &mut Controller, name: &str, method: &str, params: &[Value]) -> Result<(), Failure> {
    let fault = match ctl.call::<String>(method, params) {
        Ok(text) => {
            ctl.say(text);
            return Ok(());
        }
        Err(Failure::Client(ClientError::Fault(fault))) => fault,
        Err(failure) => return Err(failure),
    };
    let text = match Code::from_number(fault.code) {
        Some(Code::NoFile) => "no log file",
        Some(Code::Failed) => "unknown error reading log",
        Some(Code::BadName) => "no such process name",
        _ => return Err(fault.into()),
    };
    ctl.refuse(exit::GENERIC, format_args!("{name}: ERROR ({text})"));
    Ok(())
}

pub(super) fn maintail(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    let amount = match &arguments.words[..] {
        [] => Amount::Last(DEFAULT_BYTES),
        [word] => match Amount::parse(word) {
            Some(amount) => amount,
            None => {
                ctl.refuse(exit::GENERIC, format_args!("Error: bad argument {word}"));
                return Ok(());
            }
        },
        _ => {
            ctl.refuse(exit::GENERIC, "Error: too many arguments");
            help::explain_named(ctl, "maintail");
            return Ok(());
        }
    };
    match amount {
        Amount::Follow => follow(ctl, vec![Source::main_log()]),
        Amount::Last(bytes) => show_end(ctl, "supervisord", "readLog", &[(-bytes).into(), 0.into()]),
    }
}

const CLEAR: Wording = Wording {
    done: "cleared",
    errors: &[(Code::BadName, "no such process"), (Code::Failed, "failed")],
    verbatim: None,
    nothing_to_do: None,
};

pub(super) fn clear(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    let names = &arguments.words;
    if names.is_empty() {
        ctl.refuse(exit::GENERIC, "Error: clear requires a process name");
        help::explain_named(ctl, "clear");
        return Ok(());
    }
    let mut results = Vec::new();
    if all(names) {
        for result in ctl.call::<Vec<StatusInfo>>("clearAllProcessLogs", &[])? {
            CLEAR.report(ctl, result, &mut results)?;
        }
    } else {
        for name in expand(ctl, names)? {
            let fault = match ctl.call::<IgnoredAny>("clearProcessLogs", &[name.as_str().into()]) {
                Ok(_) => None,
                Err(Failure::Client(ClientError::Fault(fault))) => Some(fault),
                Err(failure) => return Err(failure),
            };
            CLEAR.report(ctl, result_of(Namespec::parse(&name), fault), &mut results)?;
        }
    }
    if ctl.out.json {
        ctl.out.document(&results);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<String, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match parse(&words) {
            Ok(Request { amount, name, channel }) => Ok(format!("{amount:?} {name} {channel}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn words_are_read_as_the_original_does() {
        for (line, expected) in [
            ("x", "Last(1600) x stdout"),
            ("x STDERR", "Last(1600) x stderr"),
            ("-f x", "Follow x stdout"),
            ("-0 x stderr", "Last(0) x stderr"),
            ("--5 x", "Last(-5) x stdout"),
            ("x y stderr", "Last(1600) x stderr"),
        ] {
            assert_eq!(parsed(line).as_deref(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn mistakes_have_the_original_sentences() {
        for (line, expected) in [
            ("", "Error: too few arguments"),
            ("-5 x stdout y", "Error: too many arguments"),
            ("-5", "Error: tail requires process name"),
            ("x Foo", "Error: bad channel 'foo'"),
            ("-x y", "Error: bad argument -x"),
            ("- y", "Error: bad argument -"),
        ] {
            assert_eq!(parsed(line), Err(expected.to_owned()), "{line}");
        }
    }

    #[test]
    fn several_names_may_end_in_a_channel() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parse_several(&words("-f a b stderr")), Some((&words("a b")[..], "stderr")));
        assert_eq!(parse_several(&words("-f stdout")), Some((&words("stdout")[..], "stdout")));
        assert_eq!(parse_several(&words("-5 a b")), None);
    }
}
