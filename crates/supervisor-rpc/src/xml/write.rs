//! Values to documents, byte for byte as Python's `xmlrpc.client.dumps`.

use std::borrow::Cow;
use std::fmt::Write;

use super::is_legal;
use crate::fault::Fault;
use crate::info::ProcessInfo;
use crate::value::Value;

const HEADER: &str = "<?xml version='1.0'?>\n";

/// A call of a method.
pub fn write_request(method: &str, params: &[Value]) -> String {
    let mut out = begin("<methodCall>\n<methodName>");
    text(&mut out, method);
    out.push_str("</methodName>\n");
    write_params(&mut out, params);
    out.push_str("</methodCall>\n");
    out
}

/// What a method returned.
pub fn write_response(value: &Value) -> String {
    let mut out = begin("<methodResponse>\n");
    write_params(&mut out, std::slice::from_ref(value));
    out.push_str("</methodResponse>\n");
    out
}

/// A document, with room for a small one.
fn begin(text: &str) -> String {
    let mut out = String::with_capacity(512);
    out.push_str(HEADER);
    out.push_str(text);
    out
}

/// What `getAllProcessInfo` returned: the same bytes as by way of a [`Value`], without building one.
pub fn write_processes(infos: &mut dyn Iterator<Item = ProcessInfo<Cow<'_, str>>>) -> String {
    let mut out = begin("<methodResponse>\n<params>\n<param>\n<value><array><data>\n");
    while let Some(info) = infos.next() {
        let begin = out.len();
        write_process(&mut out, &info);
        if out.capacity() - out.len() < out.len() - begin {
            // The others are about as long as this one. Paths and names differ by some bytes.
            out.reserve((out.len() - begin + 64) * infos.size_hint().0 + END.len());
        }
    }
    out.push_str(END);
    out
}

const END: &str = "</data></array></value>\n</param>\n</params>\n</methodResponse>\n";

/// All that stands before a value, in one piece.
macro_rules! member {
    ($name:literal, $kind:literal) => {
        concat!("<member>\n<name>", $name, "</name>\n<value><", $kind, ">")
    };
}

fn write_process(out: &mut String, info: &ProcessInfo<Cow<'_, str>>) {
    out.push_str("<value><struct>\n");
    string_member(out, member!("name", "string"), &info.name);
    string_member(out, member!("group", "string"), &info.group);
    int_member(out, member!("start", "int"), info.start);
    int_member(out, member!("stop", "int"), info.stop);
    int_member(out, member!("now", "int"), info.now);
    int_member(out, member!("state", "int"), info.state);
    string_member(out, member!("statename", "string"), &info.statename);
    string_member(out, member!("spawnerr", "string"), &info.spawnerr);
    int_member(out, member!("exitstatus", "int"), info.exitstatus);
    string_member(out, member!("logfile", "string"), &info.logfile);
    string_member(out, member!("stdout_logfile", "string"), &info.stdout_logfile);
    string_member(out, member!("stderr_logfile", "string"), &info.stderr_logfile);
    int_member(out, member!("pid", "int"), info.pid);
    string_member(out, member!("description", "string"), &info.description);
    out.push_str("</struct></value>\n");
}

fn string_member(out: &mut String, before: &str, value: &str) {
    out.push_str(before);
    text(out, value);
    out.push_str("</string></value>\n</member>\n");
}

fn int_member(out: &mut String, before: &str, value: i64) {
    out.push_str(before);
    out.push_str(itoa::Buffer::new().format(value));
    out.push_str("</int></value>\n</member>\n");
}

fn write_int(out: &mut String, number: i64) {
    out.push_str("<value><int>");
    out.push_str(itoa::Buffer::new().format(number));
    out.push_str("</int></value>\n");
}

/// What a method refused with.
pub fn write_fault(fault: &Fault) -> String {
    let mut out = begin("<methodResponse>\n<fault>\n<value><struct>\n");
    member(&mut out, "faultCode", &Value::Int(fault.code));
    // The detail is copied only here, where an answer is an error anyway.
    member(&mut out, "faultString", &Value::String(fault.text.clone()));
    out.push_str("</struct></value>\n</fault>\n</methodResponse>\n");
    out
}

fn write_params(out: &mut String, params: &[Value]) {
    out.push_str("<params>\n");
    for param in params {
        out.push_str("<param>\n");
        write_value(out, param);
        out.push_str("</param>\n");
    }
    out.push_str("</params>\n");
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        // No line feed: so does Python.
        Value::Nil => out.push_str("<value><nil/></value>"),
        // Wider than 32 bits too: Python's reader takes any number, and the original answers 500 where a size of 3 GB is shown.
        Value::Int(number) => write_int(out, *number),
        Value::Bool(flag) => {
            push(out, format_args!("<value><boolean>{}</boolean></value>\n", u8::from(*flag)))
        }
        Value::Double(number) => {
            push(out, format_args!("<value><double>{}</double></value>\n", python_repr(*number)))
        }
        Value::String(string) => {
            out.push_str("<value><string>");
            text(out, string);
            out.push_str("</string></value>\n");
        }
        Value::Array(values) => {
            out.push_str("<value><array><data>\n");
            for value in values {
                write_value(out, value);
            }
            out.push_str("</data></array></value>\n");
        }
        Value::Struct(members) => {
            out.push_str("<value><struct>\n");
            for (name, value) in members {
                member(out, name, value);
            }
            out.push_str("</struct></value>\n");
        }
    }
}

fn member(out: &mut String, name: &str, value: &Value) {
    out.push_str("<member>\n<name>");
    text(out, name);
    out.push_str("</name>\n");
    write_value(out, value);
    out.push_str("</member>\n");
}

/// Escapes what Python escapes. A character that XML cannot carry becomes U+FFFD: the original sends it raw, and no client
/// can read that document.
fn text(out: &mut String, text: &str) {
    if !may_be_special(text) {
        return out.push_str(text);
    }
    let mut rest = text;
    while let Some((at, character)) =
        rest.char_indices().find(|(_, c)| matches!(c, '&' | '<' | '>') || !is_legal(*c))
    {
        out.push_str(&rest[..at]);
        out.push_str(match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => "\u{fffd}",
        });
        rest = &rest[at + character.len_utf8()..];
    }
    out.push_str(rest);
}

/// Whether there is a control character, `&`, `<`, `>`, or a byte 0xEF, with which U+FFFE and U+FFFF begin. Most texts have
/// nothing of the kind, and eight bytes are looked at at a time.
fn may_be_special(text: &str) -> bool {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    // The highest bit of a byte becomes 1 if it is less than `limit`; those behind it may follow, which does no harm.
    let below = |word: u64, limit: u8| word.wrapping_sub(each(limit)) & !word & each(0x80);
    let special = |word: u64| {
        let angle = (word | each(b'<' ^ b'>')) ^ each(b'>');
        below(word, b' ') | below(word ^ each(b'&'), 1) | below(angle, 1) | below(word ^ each(0xef), 1)
    };
    let (words, rest) = text.as_bytes().as_chunks();
    let rest_is_special = || rest.iter().any(|byte| matches!(byte, 0..0x20 | b'&' | b'<' | b'>' | 0xef));
    words.iter().any(|word| special(u64::from_ne_bytes(*word)) != 0) || rest_is_special()
}

fn push(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    match out.write_fmt(arguments) {
        Ok(()) => {}
        Err(_) => unreachable!("a string takes every text"),
    }
}

/// `repr` of a float: the shortest digits, plain for exponents from -4 to 15.
fn python_repr(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if !number.is_finite() {
        return if number > 0.0 { "inf".to_owned() } else { "-inf".to_owned() };
    }
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        return format!("{number:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_has_the_bytes_of_python() {
        assert_eq!(
            write_request("supervisor.startProcess", &["a<b>&c\"'".into(), Value::Bool(false)]),
            "<?xml version='1.0'?>\n<methodCall>\n<methodName>supervisor.startProcess</methodName>\n<params>\n<param>\n\
             <value><string>a&lt;b&gt;&amp;c\"'</string></value>\n</param>\n<param>\n<value><boolean>0</boolean></value>\n\
             </param>\n</params>\n</methodCall>\n"
        );
    }

    #[test]
    fn a_response_has_the_bytes_of_python() {
        let value = Value::Array(vec![
            Value::Struct(vec![("n".into(), Value::Int(-1)), ("d".into(), Value::Double(1.0))]),
            Value::Array(vec![]),
            Value::Nil,
        ]);
        assert_eq!(
            write_response(&value),
            "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n<value><struct>\n<member>\n\
             <name>n</name>\n<value><int>-1</int></value>\n</member>\n<member>\n<name>d</name>\n\
             <value><double>1.0</double></value>\n</member>\n</struct></value>\n<value><array><data>\n</data></array></value>\n\
             <value><nil/></value></data></array></value>\n</param>\n</params>\n</methodResponse>\n"
        );
    }

    #[test]
    fn processes_have_the_same_bytes_as_by_way_of_a_value() {
        let info = ProcessInfo::<Cow<'_, str>> {
            name: "a<b".into(),
            group: "g".into(),
            start: 1,
            stop: 2,
            now: 3,
            state: 20,
            statename: "RUNNING".into(),
            spawnerr: "can't & won't\u{1}".into(),
            exitstatus: -1,
            logfile: "/tmp/l".into(),
            stdout_logfile: "/tmp/l".into(),
            stderr_logfile: "".into(),
            pid: 4,
            description: "pid 4, uptime 0:00:02".into(),
        };
        let infos = [info.clone(), info];
        let value = crate::value::to_value(&infos).expect("a value");
        assert_eq!(write_processes(&mut infos.into_iter()), write_response(&value));
        assert_eq!(write_processes(&mut std::iter::empty()), write_response(&Value::Array(vec![])));
    }

    #[test]
    fn a_fault_has_the_bytes_of_python() {
        assert_eq!(
            write_fault(&Fault { code: 10, text: "BAD_NAME: x".into() }),
            "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n<name>faultCode</name>\n\
             <value><int>10</int></value>\n</member>\n<member>\n<name>faultString</name>\n\
             <value><string>BAD_NAME: x</string></value>\n</member>\n</struct></value>\n</fault>\n</methodResponse>\n"
        );
    }

    #[test]
    fn characters_that_xml_cannot_carry_are_replaced() {
        let mut out = String::new();
        text(&mut out, "a\u{1b}[31m\t\r\n\u{ffff}\u{7f}");
        assert_eq!(out, "a\u{fffd}[31m\t\r\n\u{fffd}\u{7f}");
    }

    proptest! {
        #[test]
        fn what_is_special_is_found_wherever_it_stands(before in "[ -%'-;=?-~é\u{10ffff}]{0,20}", special in "[\0-\u{1f}&<>\u{ffff}]", after in "[ -%'-;=?-~é]{0,20}") {
            prop_assert!(!may_be_special(&before));
            prop_assert!(may_be_special(&(before + &special + &after)));
        }
    }

    #[test]
    fn doubles_look_as_in_python() {
        for (number, text) in [
            (0.1, "0.1"),
            (-0.0, "-0.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(python_repr(number), text);
        }
    }
}
