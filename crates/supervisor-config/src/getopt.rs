//! Command lines as Python's `getopt` reads them: options end at the first word that is none, long names may be
//! shortened, and every mistake has the original's sentence.
//!
//! Knows no program's options; each program brings its table.

use thiserror::Error;

/// An option that a program understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec<'a> {
    /// The letter of `-c`.
    pub short: Option<char>,
    /// The name of `--configuration`.
    pub long: Option<&'a str>,
    /// It takes a value.
    pub value: bool,
    /// The original has it. A new option must be spelled out, so that the short forms of the old ones stay unique.
    pub original: bool,
}

/// An option on a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Which one: its place in the table.
    pub index: usize,
    /// As it was meant: `-c`, or the full `--configuration`.
    pub spelled: String,
    /// Its value; empty for those that take none.
    pub value: String,
}

/// A mistake on a command line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UsageError {
    /// No such option.
    #[error("option {0} not recognized")]
    Unknown(String),
    /// The start of more than one long name.
    #[error("option {0} not a unique prefix")]
    Ambiguous(String),
    /// The value is missing.
    #[error("option {0} requires argument")]
    NoValue(String),
    /// `--help=x`.
    #[error("option {0} must not have an argument")]
    UnwantedValue(String),
    /// The same option twice, in whatever form.
    #[error("conflicting command line option '{0}'")]
    Conflict(String),
}

/// Cuts a command line into options and the words that follow them.
pub fn parse(words: &[String], table: &[Spec<'_>]) -> Result<(Vec<Given>, Vec<String>), UsageError> {
    let mut given = Vec::new();
    let mut words = words.iter();
    loop {
        let rest = words.as_slice();
        let Some(word) = words.next() else { return Ok((given, Vec::new())) };
        if word == "--" {
            return Ok((given, words.as_slice().to_vec()));
        }
        if let Some(long) = word.strip_prefix("--") {
            given.push(read_long(long, &mut words, table)?);
        } else if let Some(shorts) = word.strip_prefix('-')
            && !shorts.is_empty()
        {
            read_shorts(shorts, &mut words, table, &mut given)?;
        } else {
            return Ok((given, rest.to_vec()));
        }
    }
}

/// The first option that is given twice is a mistake: the original refuses even the same value.
pub fn refuse_twice(given: &[Given]) -> Result<(), UsageError> {
    for (at, option) in given.iter().enumerate() {
        if given[..at].iter().any(|earlier| earlier.index == option.index) {
            return Err(UsageError::Conflict(option.spelled.clone()));
        }
    }
    Ok(())
}

type Words<'a> = std::slice::Iter<'a, String>;

fn read_long(word: &str, rest: &mut Words<'_>, table: &[Spec<'_>]) -> Result<Given, UsageError> {
    let (name, value) = match word.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (word, None),
    };
    let (index, spec, long) = find_long(name, table)?;
    let spelled = format!("--{long}");
    let value = match (spec.value, value) {
        (true, Some(value)) => value.to_owned(),
        (true, None) => match rest.next() {
            Some(value) => value.clone(),
            None => return Err(UsageError::NoValue(spelled)),
        },
        (false, Some(_)) => return Err(UsageError::UnwantedValue(spelled)),
        (false, None) => String::new(),
    };
    Ok(Given { index, spelled, value })
}

fn find_long<'a>(name: &str, table: &'a [Spec<'a>]) -> Result<(usize, &'a Spec<'a>, &'a str), UsageError> {
    let longs = || table.iter().enumerate().filter_map(|(index, spec)| Some((index, spec, spec.long?)));
    if let Some(exact) = longs().find(|(_, _, long)| *long == name) {
        return Ok(exact);
    }
    let mut starting = longs().filter(|(_, spec, long)| spec.original && long.starts_with(name));
    match (starting.next(), starting.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(UsageError::Ambiguous(format!("--{name}"))),
        (None, _) => Err(UsageError::Unknown(format!("--{name}"))),
    }
}

fn read_shorts(
    letters: &str,
    rest: &mut Words<'_>,
    table: &[Spec<'_>],
    given: &mut Vec<Given>,
) -> Result<(), UsageError> {
    let mut letters = letters.chars();
    while let Some(letter) = letters.next() {
        let spelled = format!("-{letter}");
        let Some(index) = table.iter().position(|spec| spec.short == Some(letter)) else {
            return Err(UsageError::Unknown(spelled));
        };
        let mut value = String::new();
        if table[index].value {
            value = match (letters.as_str(), rest) {
                ("", rest) => rest.next().cloned().ok_or_else(|| UsageError::NoValue(spelled.clone()))?,
                (glued, _) => glued.to_owned(),
            };
            given.push(Given { index, spelled, value });
            return Ok(());
        }
        given.push(Given { index, spelled, value });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn spec(short: Option<char>, long: Option<&'static str>, value: bool) -> Spec<'static> {
        Spec { short, long, value, original: true }
    }

    const TABLE: [Spec<'static>; 6] = [
        spec(Some('c'), Some("configuration"), true),
        spec(Some('n'), Some("nodaemon"), false),
        spec(Some('k'), Some("nocleanup"), false),
        spec(Some('?'), None, false),
        spec(None, Some("log"), true),
        Spec { short: None, long: Some("configuration-check"), value: false, original: false },
    ];

    fn parsed(line: &str) -> Result<String, String> {
        let words: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(String::from).collect();
        match parse(&words, &TABLE) {
            Ok((given, rest)) => {
                let given = given.iter().map(|given| format!("{}={}", given.spelled, given.value));
                Ok(given
                    .chain(rest.into_iter().map(|word| format!("<{word}>")))
                    .collect::<Vec<_>>()
                    .join(" "))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn options_end_at_the_first_other_word() {
        for (line, expected) in [
            ("", ""),
            ("status -c x", "<status> <-c> <x>"),
            ("-n -- -c", "-n= <-c>"),
            ("-n - -c", "-n= <-> <-c>"),
            ("-c x status -- y", "-c=x <status> <--> <y>"),
            ("-cx -nk -?", "-c=x -n= -k= -?="),
            ("-nc x", "-n= -c=x"),
            ("-c=x", "-c==x"),
            ("-c -n", "-c=-n"),
            ("--conf x --log=y=z", "--configuration=x --log=y=z"),
            ("--configuration=", "--configuration="),
            ("--nod", "--nodaemon="),
            ("--configuration-check", "--configuration-check="),
        ] {
            assert_eq!(parsed(line).as_deref(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn mistakes_have_the_sentences_of_getopt() {
        for (line, expected) in [
            ("-Z", "option -Z not recognized"),
            ("-nZ", "option -Z not recognized"),
            ("--nop", "option --nop not recognized"),
            ("--configuration-c", "option --configuration-c not recognized"),
            ("--no", "option --no not a unique prefix"),
            ("-c", "option -c requires argument"),
            ("-nc", "option -c requires argument"),
            ("--conf", "option --configuration requires argument"),
            ("--nod=1", "option --nodaemon must not have an argument"),
        ] {
            assert_eq!(parsed(line), Err(expected.to_owned()), "{line}");
        }
    }

    #[test]
    fn an_option_may_be_given_once() {
        let words = ["-n", "-c", "x", "--nodaemon"].map(String::from);
        let (given, _) = parse(&words, &TABLE).expect("well-formed");
        let conflict = refuse_twice(&given).expect_err("given twice");
        assert_eq!(conflict.to_string(), "conflicting command line option '--nodaemon'");
    }
}
