//! `environment=`: pairs of name and value in the words of a shell.
//!
//! Owns the words and the pairs. Supervisor 4.4 reads them as a POSIX shell would quote, 4.3 did not: its way is kept
//! for texts that only it can read, and where both read something else, that can be told.

use std::collections::HashMap;
use std::rc::Rc;
use std::str::Chars;

/// Variables in the order in which they first appear.
pub(crate) type Variables = Vec<(String, String)>;

/// Variables that processes share.
pub(crate) type Shared = Rc<[(String, String)]>;

/// Why a text is not an environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// Not name, `=`, value, one word between.
    #[error("Unexpected end of key/value pairs in value '{0}'")]
    Pairs(String),
    /// A quotation mark that is not closed.
    #[error("No closing quotation")]
    Quotation,
    /// A backslash at the end.
    #[error("No escaped character")]
    Escape,
}

/// Whether 4.3 reads the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Both read the same.
    Same,
    /// 4.3 does not accept it.
    New,
    /// Only 4.3 accepts it, so its reading holds.
    Old,
    /// Both accept it; this is the name of the first variable that differs.
    Differs(String),
}

/// Reads the value of an `environment` key.
pub(crate) fn parse(text: &str) -> Result<(Variables, Reading), EnvironmentError> {
    let new = pairs(text, true);
    if !text.contains(['"', '\'', '\\']) && text.is_ascii() {
        return new.map(|variables| (variables, Reading::Same));
    }
    match (new, pairs(text, false)) {
        (Ok(new), Ok(old)) => {
            let same = new.iter().zip(&old).take_while(|(new, old)| new == old).count();
            let reading = match new.get(same).or(old.get(same)) {
                Some((name, _)) => Reading::Differs(name.clone()),
                None => Reading::Same,
            };
            Ok((new, reading))
        }
        (Ok(new), Err(_)) => Ok((new, Reading::New)),
        (Err(_), Ok(old)) => Ok((old, Reading::Old)),
        (Err(_), Err(error)) => Err(error),
    }
}

/// Name, `=`, value, then one word of any kind as a separator.
fn pairs(text: &str, posix: bool) -> Result<Variables, EnvironmentError> {
    let mut variables = Variables::new();
    let mut index = HashMap::new();
    let mut words = Words { rest: text.chars(), posix };
    while let Some(name) = words.next()? {
        let (equals, value) = (words.next()?, words.next()?);
        let Some(mut value) = value.filter(|_| equals.as_deref() == Some("=")) else {
            // What is wrong with the words is told before what is wrong with the pairs.
            while words.next()?.is_some() {}
            return Err(EnvironmentError::Pairs(text.to_owned()));
        };
        // 4.3 leaves the marks on when it reads the words, and then strips all that there are.
        if !posix {
            value = value.trim_matches(['\'', '"']).to_owned();
        }
        let at = *index.entry(name.clone()).or_insert(variables.len());
        match variables.get_mut(at) {
            Some(variable) => variable.1 = value,
            None => variables.push((name, value)),
        }
        words.next()?;
    }
    Ok(variables)
}

/// Where in a word the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Word,
    Quoted(char),
    /// Behind a backslash, inside of these quotation marks.
    Escaped(Option<char>),
}

/// Python's `shlex` with `/.+-():` as further letters. Every other character is a word of its own.
struct Words<'a> {
    rest: Chars<'a>,
    posix: bool,
}

impl Words<'_> {
    /// The next word, if there is one.
    fn next(&mut self) -> Result<Option<String>, EnvironmentError> {
        let posix = self.posix;
        let mut word = String::new();
        // Also a word of no characters is one, when it is quoted.
        let mut quoted = false;
        let mut state = State::Between;
        loop {
            let before = self.rest.clone();
            let Some(c) = self.rest.next() else { break };
            match state {
                State::Quoted(mark) if c == mark && posix => state = State::Word,
                State::Quoted(mark) if c == mark => {
                    word.push(c);
                    return Ok(Some(word));
                }
                State::Quoted('"') if c == '\\' && posix => state = State::Escaped(Some('"')),
                State::Quoted(_) => word.push(c),
                State::Escaped(inside) => {
                    // Within quotation marks only these and the backslash can be escaped.
                    if inside.is_some_and(|mark| c != mark && c != '\\') {
                        word.push('\\');
                    }
                    word.push(c);
                    state = inside.map_or(State::Word, State::Quoted);
                }
                State::Between | State::Word => match c {
                    ' ' | '\t' | '\r' | '\n' if quoted || !word.is_empty() => return Ok(Some(word)),
                    ' ' | '\t' | '\r' | '\n' => state = State::Between,
                    '#' => {
                        self.rest.by_ref().find(|&c| c == '\n');
                        // Without POSIX a comment does not end the word before it.
                        if posix && (quoted || !word.is_empty()) {
                            return Ok(Some(word));
                        }
                        if posix {
                            state = State::Between;
                        }
                    }
                    '\\' if posix => state = State::Escaped(None),
                    '"' | '\'' if posix => {
                        quoted = true;
                        state = State::Quoted(c);
                    }
                    '"' | '\'' if state == State::Between => {
                        word.push(c);
                        state = State::Quoted(c);
                    }
                    '"' | '\'' => word.push(c),
                    c if is_letter(c, posix) => {
                        word.push(c);
                        state = State::Word;
                    }
                    _ if quoted || !word.is_empty() => {
                        self.rest = before;
                        return Ok(Some(word));
                    }
                    c => return Ok(Some(c.to_string())),
                },
            }
        }
        match state {
            State::Quoted(_) => Err(EnvironmentError::Quotation),
            State::Escaped(_) => Err(EnvironmentError::Escape),
            State::Between | State::Word => Ok((quoted || !word.is_empty()).then_some(word)),
        }
    }
}

fn is_letter(c: char, posix: bool) -> bool {
    match c {
        c if c.is_ascii() => c.is_ascii_alphanumeric() || "_/.+-():".contains(c),
        '×' | '÷' => false,
        c => posix && ('À'..='ÿ').contains(&c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn reads_as_a_posix_shell_quotes() {
        let cases: [(&str, &[(&str, &str)]); 20] = [
            ("", &[]),
            ("A=1,B=2", &[("A", "1"), ("B", "2")]),
            ("A=\"1\", B = '2'", &[("A", "1"), ("B", "2")]),
            ("A=1,", &[("A", "1")]),
            ("A=1;B=2", &[("A", "1"), ("B", "2")]),
            ("A=http://x/p?q=1", &[("A", "http://x/p"), ("q", "1")]),
            ("B=c d", &[("B", "c")]),
            ("A=\"a,b\"", &[("A", "a,b")]),
            ("A=\"\"", &[("A", "")]),
            ("A=\"x\\\"y\"", &[("A", "x\"y")]),
            ("A='it''s'", &[("A", "its")]),
            ("A=\"'q'\"", &[("A", "'q'")]),
            ("A=\"x\"y", &[("A", "xy")]),
            ("A=a\\nb", &[("A", "anb")]),
            ("A=\"a\\nb\"", &[("A", "a\\nb")]),
            ("\"A\"=b", &[("A", "b")]),
            ("A=*", &[("A", "*")]),
            ("A=x#c,B=2", &[("A", "x")]),
            ("A=1,A=2", &[("A", "2")]),
            ("A=\"é€\"", &[("A", "é€")]),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).map(|(found, _)| found), Ok(variables(expected)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_pairs() {
        for text in ["A", "A=", "A=[x]", "A=a@b", "A=1=2", "A=1 B=2", "A=1,,B=2", "=\"x\"", "A=1\nB=2"] {
            assert_eq!(parse(text), Err(EnvironmentError::Pairs(text.to_owned())), "{text}");
        }
        assert_eq!(parse("A=\"x"), Err(EnvironmentError::Quotation));
    }

    #[test]
    fn keeps_what_only_the_old_rules_accept() {
        assert_eq!(parse("A=y\"x"), Ok((variables(&[("A", "y\"x")]), Reading::Old)));
        assert_eq!(parse("A=b\\"), Ok((variables(&[("A", "b")]), Reading::Old)));
    }

    #[test]
    fn tells_where_the_old_rules_differ() {
        for (text, reading) in [
            ("A=\"x\"", Reading::Same),
            ("A='1',B='it''s'", Reading::Differs("B".to_owned())),
            ("A=a\\nb", Reading::New),
        ] {
            assert_eq!(parse(text).map(|(_, reading)| reading), Ok(reading), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_value_can_be_quoted(
            values in proptest::collection::vec("[^'\u{0}]{0,12}", 1..6),
        ) {
            let pairs: Vec<_> = values.iter().enumerate().map(|(n, value)| format!("V{n}='{value}'")).collect();
            let read = parse(&pairs.join(",")).map(|(read, _)| read);
            let written: Variables = values.into_iter().enumerate().map(|(n, value)| (format!("V{n}"), value)).collect();
            proptest::prop_assert_eq!(read, Ok(written));
        }

        #[test]
        fn any_text_has_an_answer(text in "[ =,;\"'\\\\#A-Cé\n]{0,16}") {
            match parse(&text) {
                Ok((variables, _)) => proptest::prop_assert!(variables.len() <= text.len()),
                Err(error) => proptest::prop_assert!(!error.to_string().is_empty()),
            }
        }
    }
}
