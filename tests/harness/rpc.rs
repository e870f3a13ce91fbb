//! A small client: one request, one answer, over the daemon's unix socket.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use supervisor_rpc::fault::Fault;
use supervisor_rpc::value::Value;

use crate::wait::CEILING;

/// Sends bytes to a socket and returns all that comes back until the other side closes.
pub(crate) fn exchange(socket: &Path, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(CEILING))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// Calls a method.
pub(crate) fn call(socket: &Path, method: &str, params: &[Value]) -> io::Result<Result<Value, Fault>> {
    let params: String = params.iter().map(|value| format!("<param>{}</param>", write(value))).collect();
    let body = format!(
        "<?xml version='1.0'?>\n<methodCall>\n<methodName>{}</methodName>\n<params>\n{params}</params>\n</methodCall>\n",
        escape(method)
    );
    let request = format!(
        "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = String::from_utf8_lossy(&exchange(socket, request.as_bytes())?).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split(' ').nth(1) != Some("200") {
        return Err(io::Error::other(format!("{method}: {}", head.lines().next().unwrap_or("no answer"))));
    }
    let mut reader = Reader(body);
    let is_fault = body.contains("<fault>");
    reader.skip_to("<value>");
    let value = reader.value();
    Ok(if is_fault {
        Err(Fault { code: int(&member(&value, "faultCode")), text: text(&member(&value, "faultString")) })
    } else {
        Ok(value)
    })
}

/// The member of a struct.
#[track_caller]
pub fn member(value: &Value, name: &str) -> Value {
    match value {
        Value::Struct(members) => match members.iter().find(|member| member.0 == name) {
            Some((_, value)) => value.clone(),
            None => panic!("no member {name} in {members:?}"),
        },
        other => panic!("not a struct: {other:?}"),
    }
}

/// The text of a string.
#[track_caller]
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => panic!("not a string: {other:?}"),
    }
}

/// The number of an int.
#[track_caller]
pub fn int(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        other => panic!("not an int: {other:?}"),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn write(value: &Value) -> String {
    let inner = match value {
        Value::Nil => "<nil/>".to_owned(),
        Value::Int(number) => format!("<int>{number}</int>"),
        Value::Bool(truth) => format!("<boolean>{}</boolean>", i32::from(*truth)),
        Value::String(text) => format!("<string>{}</string>", escape(text)),
        Value::Double(number) => format!("<double>{number}</double>"),
        Value::Array(values) => {
            format!("<array><data>{}</data></array>", values.iter().map(write).collect::<String>())
        }
        Value::Struct(members) => {
            let member = |(name, value): &(String, Value)| {
                format!("<member><name>{}</name>{}</member>", escape(name), write(value))
            };
            format!("<struct>{}</struct>", members.iter().map(member).collect::<String>())
        }
    };
    format!("<value>{inner}</value>")
}

/// Reads the values of an answer; it has only to understand what a server writes.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn skip_to(&mut self, tag: &str) -> &'a str {
        let Some((before, after)) = self.0.split_once(tag) else { panic!("no {tag} in {:?}", self.0) };
        self.0 = after;
        before
    }

    fn next_is(&mut self, tag: &str) -> bool {
        match self.0.trim_start().strip_prefix(tag) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn plain(&mut self, end: &str) -> String {
        let text = self.skip_to(end);
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
    }

    /// What stands behind `<value>`, and its end.
    fn value(&mut self) -> Value {
        let value = if self.next_is("<int>") {
            Value::Int(number(&self.plain("</int>")))
        } else if self.next_is("<boolean>") {
            Value::Bool(self.plain("</boolean>") == "1")
        } else if self.next_is("<string>") {
            Value::String(self.plain("</string>"))
        } else if self.next_is("<double>") {
            Value::Double(number(&self.plain("</double>")))
        } else if self.next_is("<array>") {
            self.skip_to("<data>");
            let mut values = Vec::new();
            while self.next_is("<value>") {
                values.push(self.value());
            }
            self.skip_to("</array>");
            Value::Array(values)
        } else if self.next_is("<struct>") {
            let mut members = Vec::new();
            while self.next_is("<member>") {
                self.skip_to("<name>");
                let name = self.plain("</name>");
                self.skip_to("<value>");
                members.push((name, self.value()));
                self.skip_to("</member>");
            }
            self.skip_to("</struct>");
            Value::Struct(members)
        } else if self.next_is("<nil/>") || self.next_is("<nil />") {
            Value::Nil
        } else {
            return Value::String(self.plain("</value>"));
        };
        self.skip_to("</value>");
        value
    }
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.trim().parse().unwrap_or_else(|_| panic!("not a number: {text:?}"))
}
