//! Documents to values.
//!
//! The original builds a value out of every element by the element's name, wherever it stands; so does [`Reader::element`].
//! That makes it generous: `<value><i8>5</i8></value>` is the text `5`, `<data><int>5</int></data>` needs no `<value>`.

use std::borrow::Cow;
use std::collections::HashSet;

use quick_xml::events::{BytesRef, BytesStart, Event};
use thiserror::Error;

use super::is_legal;
use super::scalar::{base64, date, double, integer};
use crate::fault::Fault;
use crate::value::Value;

/// What a document may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the document.
    pub bytes: usize,
    /// Elements within elements; a value in an array takes four.
    pub depth: usize,
}

impl Limits {
    /// For documents of clients.
    pub const REQUEST: Self = Self { bytes: 8 << 20, depth: 128 };
    /// For documents of the daemon, which may contain a whole log.
    pub const RESPONSE: Self = Self { bytes: 1 << 30, depth: 128 };
}

/// A call of a method.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its full name, such as `supervisor.getState`. Not empty.
    pub method: String,
    /// Its parameters.
    pub params: Vec<Value>,
}

/// Why a document is no request or no response.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum XmlError {
    /// More bytes than [`Limits::bytes`].
    #[error("the document is larger than {0} bytes")]
    TooLarge(usize),
    /// Deeper than [`Limits::depth`].
    #[error("elements are nested more than {0} deep")]
    TooDeep(usize),
    /// Not UTF-8.
    #[error("the document is not UTF-8")]
    NotUtf8,
    /// Not well-formed.
    #[error("{0}")]
    Malformed(String),
    /// A document type, which could define entities that grow without bound.
    #[error("a document type is not accepted")]
    DocumentType,
    /// `&name;` of a name that is not predefined.
    #[error("undefined entity &{0};")]
    UndefinedEntity(String),
    /// Not a character of XML.
    #[error("character {0:?} is not allowed")]
    IllegalCharacter(char),
    /// The text of an element is no value of its type.
    #[error("{text:?} is no {kind}")]
    BadValue {
        /// The name of the element.
        kind: &'static str,
        /// Its text.
        text: String,
    },
    /// An element lacks what it must contain.
    #[error("<{0}> is incomplete")]
    Incomplete(&'static str),
    /// A request without method name.
    #[error("no method name")]
    NoMethodName,
    /// Well-formed, but no response.
    #[error("not a response of XML-RPC")]
    NoResponse,
}

impl XmlError {
    pub(super) fn bad(kind: &'static str, text: &str) -> Self {
        Self::BadValue { kind, text: text.to_owned() }
    }
}

/// Reads a request. An absent `<params>` means none.
pub fn read_request(document: &[u8], limits: Limits) -> Result<Request, XmlError> {
    let mut reader = Reader::open(document, limits)?;
    let mut method = None;
    let mut params = Vec::new();
    let root = reader.root()?;
    reader.each(root, |reader, child| {
        let kind = child.kind;
        match (kind, reader.element(child)?) {
            (Kind::MethodName, Value::String(text)) => method = Some(text),
            (Kind::Params, Value::Array(values)) => params = values,
            _ => {}
        }
        Ok(())
    })?;
    reader.end()?;
    let method = method.ok_or(XmlError::NoMethodName)?;
    Ok(Request { method, params })
}

/// Reads a response: what the method returned, or its fault.
pub fn read_response(document: &[u8], limits: Limits) -> Result<Result<Value, Fault>, XmlError> {
    let mut reader = Reader::open(document, limits)?;
    let root = reader.root()?;
    let mut answer = None;
    let kind = root.kind;
    reader.each(root, |reader, child| {
        let kind = child.kind;
        match (kind, reader.element(child)?) {
            (Kind::Params, Value::Array(mut values)) if values.len() == 1 => answer = values.pop().map(Ok),
            (Kind::Fault, Value::Struct(members)) => answer = fault(members).map(Err),
            _ => return Err(XmlError::NoResponse),
        }
        Ok(())
    })?;
    reader.end()?;
    if kind != Kind::MethodResponse {
        return Err(XmlError::NoResponse);
    }
    answer.ok_or(XmlError::NoResponse)
}

fn fault(members: Vec<(String, Value)>) -> Option<Fault> {
    let (mut number, mut string) = (None, None);
    for (name, value) in members {
        match (name.as_str(), value) {
            ("faultCode", Value::Int(code)) => number = Some(code),
            ("faultString", Value::String(text)) => string = Some(text),
            _ => {}
        }
    }
    Some(Fault { code: number?, text: string? })
}

/// What an element is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    MethodResponse,
    MethodName,
    Params,
    Param,
    Fault,
    Value,
    Int,
    Boolean,
    String,
    Double,
    DateTime,
    Base64,
    Array,
    Data,
    Struct,
    Other,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name {
            "methodResponse" => Self::MethodResponse,
            "methodName" => Self::MethodName,
            "params" => Self::Params,
            "param" => Self::Param,
            "fault" => Self::Fault,
            "value" => Self::Value,
            "int" | "i4" => Self::Int,
            "boolean" => Self::Boolean,
            "string" => Self::String,
            "double" => Self::Double,
            "dateTime.iso8601" => Self::DateTime,
            "base64" => Self::Base64,
            "array" => Self::Array,
            "data" => Self::Data,
            "struct" => Self::Struct,
            _ => Self::Other,
        }
    }
}

/// The start of an element.
struct Start {
    kind: Kind,
    empty: bool,
}

impl Start {
    fn new(tag: &BytesStart<'_>, empty: bool) -> Self {
        Self { kind: Kind::of(tag.name().into_inner()), empty }
    }
}

struct Reader<'a> {
    tokens: quick_xml::Reader<&'a [u8]>,
    limits: Limits,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn open(document: &'a [u8], limits: Limits) -> Result<Self, XmlError> {
        if document.len() > limits.bytes {
            return Err(XmlError::TooLarge(limits.bytes));
        }
        let text = std::str::from_utf8(document).map_err(|_| XmlError::NotUtf8)?;
        if may_be_illegal(text)
            && let Some(character) = text.chars().find(|c| !is_legal(*c))
        {
            return Err(XmlError::IllegalCharacter(character));
        }
        Ok(Self { tokens: quick_xml::Reader::from_str(text), limits, depth: 0 })
    }

    fn token(&mut self) -> Result<Event<'a>, XmlError> {
        match self.tokens.read_event() {
            Ok(Event::DocType(_)) => Err(XmlError::DocumentType),
            Ok(token) => Ok(token),
            Err(error) => Err(XmlError::Malformed(error.to_string())),
        }
    }

    /// The one outermost element.
    fn root(&mut self) -> Result<Start, XmlError> {
        let mut first = true;
        loop {
            match self.token()? {
                Event::Start(tag) => return Ok(Start::new(&tag, false)),
                Event::Empty(tag) => return Ok(Start::new(&tag, true)),
                Event::Decl(_) if first => {}
                token => outside(&token)?,
            }
            first = false;
        }
    }

    /// Nothing of meaning follows the outermost element.
    fn end(&mut self) -> Result<(), XmlError> {
        loop {
            match self.token()? {
                Event::Eof => return Ok(()),
                token => outside(&token)?,
            }
        }
    }

    /// Gives each child of an element to `visit`, which must read it to its end. Returns the text before the first child.
    fn each(
        &mut self,
        start: Start,
        mut visit: impl FnMut(&mut Self, Start) -> Result<(), XmlError>,
    ) -> Result<Option<Cow<'a, str>>, XmlError> {
        if start.empty {
            return Ok(None);
        }
        if self.depth == self.limits.depth {
            return Err(XmlError::TooDeep(self.limits.depth));
        }
        self.depth += 1;
        let mut text: Option<Cow<'a, str>> = None;
        let mut before_children = true;
        loop {
            let piece = match self.token()? {
                Event::Start(tag) => {
                    before_children = false;
                    visit(self, Start::new(&tag, false))?;
                    continue;
                }
                Event::Empty(tag) => {
                    before_children = false;
                    visit(self, Start::new(&tag, true))?;
                    continue;
                }
                Event::End(_) => break,
                Event::Text(_) if !before_children => continue,
                Event::Text(text) => text.xml10_content(),
                Event::CData(text) => text.xml10_content(),
                Event::GeneralRef(reference) => Cow::Owned(resolve(&reference)?.into()),
                Event::Comment(_) | Event::PI(_) => continue,
                Event::Decl(_) => {
                    return Err(XmlError::Malformed("XML declaration inside of the document".to_owned()));
                }
                Event::Eof | Event::DocType(_) => {
                    return Err(XmlError::Malformed("the document ends too early".to_owned()));
                }
            };
            if before_children && !piece.is_empty() {
                match &mut text {
                    None => text = Some(piece),
                    Some(text) => text.to_mut().push_str(&piece),
                }
            }
        }
        self.depth -= 1;
        Ok(text)
    }

    /// The value of an element.
    fn element(&mut self, start: Start) -> Result<Value, XmlError> {
        let kind = start.kind;
        match kind {
            Kind::Struct => return self.members(start),
            Kind::Data | Kind::Params => return self.values(start),
            _ => {}
        }
        // All others have one child at most; what is behind it is read and forgotten.
        let mut child = None;
        let text = self.each(start, |reader, start| {
            let value = reader.element(start)?;
            child.get_or_insert(value);
            Ok(())
        })?;
        let content = text.as_deref().unwrap_or_default();
        match kind {
            Kind::Value => Ok(child.unwrap_or_else(|| Value::String(owned(text)))),
            Kind::Array => child.ok_or(XmlError::Incomplete("array")),
            Kind::Param => child.ok_or(XmlError::Incomplete("param")),
            Kind::Fault => child.ok_or(XmlError::Incomplete("fault")),
            Kind::String => Ok(Value::String(owned(text))),
            Kind::Boolean => Ok(Value::Bool(content == "1")),
            Kind::Int => integer(content),
            Kind::Double => double(content),
            Kind::DateTime => date(content),
            Kind::Base64 => base64(content),
            Kind::MethodName if text.is_none() => Err(XmlError::NoMethodName),
            Kind::MethodResponse
            | Kind::MethodName
            | Kind::Struct
            | Kind::Data
            | Kind::Params
            | Kind::Other => Ok(text.map_or(Value::Nil, |text| Value::String(text.into_owned()))),
        }
    }

    /// The values of all children.
    fn values(&mut self, start: Start) -> Result<Value, XmlError> {
        let mut values = Vec::new();
        self.each(start, |reader, child| {
            values.push(reader.element(child)?);
            Ok(())
        })?;
        Ok(Value::Array(values))
    }

    /// The members of a struct. Of those with one name the last counts.
    fn members(&mut self, start: Start) -> Result<Value, XmlError> {
        let mut members = Vec::new();
        self.each(start, |reader, child| {
            let (mut name, mut value, mut more) = (None, None, false);
            reader.each(child, |reader, part| {
                let part = reader.element(part)?;
                match (&name, &value) {
                    (None, _) => name = Some(part),
                    (Some(_), None) => value = Some(part),
                    (Some(_), Some(_)) => more = true,
                }
                Ok(())
            })?;
            match (name, value) {
                (Some(Value::String(name)), Some(value)) if !more => members.push((name, value)),
                (Some(Value::Nil), Some(value)) if !more => members.push((String::new(), value)),
                _ => return Err(XmlError::Incomplete("member")),
            }
            Ok(())
        })?;
        keep_last(&mut members);
        Ok(Value::Struct(members))
    }
}

/// Of members with one name keeps the last.
fn keep_last(members: &mut Vec<(String, Value)>) {
    /// Up to so many, comparing all is quicker than hashing all.
    const FEW: usize = 32;
    let repeats = |at: usize| members[at + 1..].iter().any(|later| later.0 == members[at].0);
    if members.len() <= FEW && !(0..members.len()).any(repeats) {
        return;
    }
    let mut seen = HashSet::new();
    let last: Vec<bool> = members.iter().rev().map(|(name, _)| seen.insert(name.as_str())).collect();
    let mut last = last.into_iter().rev();
    members.retain(|_| last.next() == Some(true));
}

fn owned(text: Option<Cow<'_, str>>) -> String {
    text.map(Cow::into_owned).unwrap_or_default()
}

/// Whether there is a control character that is no blank, or a byte 0xEF, with which U+FFFE and U+FFFF begin.
fn may_be_illegal(text: &str) -> bool {
    const SUSPECT: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0;
        while byte < b' ' {
            table[byte as usize] = !matches!(byte, b'\t' | b'\n' | b'\r');
            byte += 1;
        }
        table[0xef] = true;
        table
    };
    text.bytes().any(|byte| SUSPECT[usize::from(byte)])
}

/// What may stand beside the outermost element.
fn outside(token: &Event<'_>) -> Result<(), XmlError> {
    match token {
        Event::Comment(_) | Event::PI(_) => Ok(()),
        Event::Text(text) if text.trim_ascii().is_empty() => Ok(()),
        _ => Err(XmlError::Malformed("not exactly one outermost element".to_owned())),
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<char, XmlError> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) if is_legal(character) => Ok(character),
        Ok(Some(character)) => Err(XmlError::IllegalCharacter(character)),
        Err(error) => Err(XmlError::Malformed(error.to_string())),
        Ok(None) => match &**reference {
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "amp" => Ok('&'),
            "apos" => Ok('\''),
            "quot" => Ok('"'),
            name => Err(XmlError::UndefinedEntity(name.to_owned())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parameters in this XML.
    fn params(xml: &str) -> Result<Vec<Value>, XmlError> {
        let document =
            format!("<?xml version='1.0'?>\n<methodCall>\n<methodName>a.b</methodName>{xml}</methodCall>");
        read_request(document.as_bytes(), Limits::REQUEST).map(|request| request.params)
    }

    /// The one parameter whose `<value>` contains this XML.
    fn value(xml: &str) -> Result<Value, XmlError> {
        let mut values = params(&format!("<params> <param>\n<value>{xml}</value></param></params>"))?;
        assert_eq!(values.len(), 1);
        Ok(values.remove(0))
    }

    #[test]
    fn every_type_is_understood() {
        for (xml, expected) in [
            ("<int> 5 </int>", Value::Int(5)),
            ("<i4>-5</i4>", Value::Int(-5)),
            ("<int>99999999999999999999</int>", Value::Int(i64::MAX)),
            ("<boolean>1</boolean>", Value::Bool(true)),
            ("<boolean>true</boolean>", Value::Bool(false)),
            ("<string>a &lt;b&gt; &#233;<!-- x -->c<![CDATA[<d>]]></string>", "a <b> éc<d>".into()),
            ("<string/>", "".into()),
            ("", "".into()),
            (" plain ", " plain ".into()),
            ("\n<string> x</string>\n", " x".into()),
            ("<double>1.5</double>", Value::Double(1.5)),
            ("<dateTime.iso8601>19980717T14:08:55</dateTime.iso8601>", "19980717T14:08:55".into()),
            ("<base64>\naMOp\n</base64>", "hé".into()),
            ("<i8>5</i8>", "5".into()),
            ("<nil/>", Value::Nil),
            ("<array><data/></array>", Value::Array(vec![])),
            (
                "<array><data><value>a</value><int>1</int></data></array>",
                Value::Array(vec!["a".into(), Value::Int(1)]),
            ),
            (
                "<struct><member><name>a</name><value>1</value></member><member><name>b</name><value>2</value></member>\
                 <member><name>a</name><value>3</value></member></struct>",
                Value::Struct(vec![("b".into(), "2".into()), ("a".into(), "3".into())]),
            ),
        ] {
            assert_eq!(value(xml), Ok(expected), "{xml}");
        }
    }

    #[test]
    fn bad_values_are_refused() {
        for xml in [
            "<int/>",
            "<int>x</int>",
            "<double>x</double>",
            "<dateTime.iso8601>yesterday</dateTime.iso8601>",
            "<base64>YQ</base64>",
            "<base64>/w==</base64>",
            "<array/>",
            "<struct><member><name>a</name></member></struct>",
            "&undefined;",
            "&#1;",
            "\u{1}",
            "<int>5</i4>",
            "<?xml version='1.0'?>",
        ] {
            assert!(value(xml).is_err(), "{xml:?} gives {:?}", value(xml));
        }
    }

    #[test]
    fn parameters_may_be_absent() {
        assert_eq!(params(""), Ok(vec![]));
        assert_eq!(params("<params/>"), Ok(vec![]));
        assert_eq!(params("<params></params>"), Ok(vec![]));
    }

    #[test]
    fn a_request_names_its_method() {
        for document in
            ["<methodCall/>", "<methodCall><methodName/></methodCall>", "<methodCall><params/></methodCall>"]
        {
            assert_eq!(read_request(document.as_bytes(), Limits::REQUEST), Err(XmlError::NoMethodName));
        }
        let request =
            read_request(b"<methodCall><methodName> a.b </methodName></methodCall>", Limits::REQUEST);
        assert_eq!(request.map(|request| request.method), Ok(" a.b ".to_owned()));
    }

    #[test]
    fn what_is_not_one_element_is_refused() {
        for document in [
            "",
            "x",
            "<a>",
            "<a/><b/>",
            "<a/>x",
            "</a>",
            "<a",
            "<!--",
            "<a>&amp</a>",
            "<a/><?xml version='1.0'?>",
        ] {
            assert!(read_request(document.as_bytes(), Limits::REQUEST).is_err(), "{document}");
        }
    }

    #[test]
    fn a_document_type_is_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><methodCall><methodName>&b;</methodName></methodCall>";
        assert_eq!(read_request(bomb.as_bytes(), Limits::REQUEST), Err(XmlError::DocumentType));
    }

    #[test]
    fn size_and_depth_have_limits() {
        let limits = Limits { bytes: 10_000_000, depth: 50 };
        let deep = "<value>".repeat(100_000);
        assert_eq!(read_request(deep.as_bytes(), limits), Err(XmlError::TooDeep(50)));
        assert_eq!(
            read_request(deep.as_bytes(), Limits { bytes: 100, depth: 50 }),
            Err(XmlError::TooLarge(100))
        );
        let nested = format!("{}{}", "<value><array><data>".repeat(40), "</data></array></value>".repeat(40));
        assert!(value(&format!("<array><data>{nested}</data></array>")).is_ok());
    }

    #[test]
    fn carriage_returns_become_line_feeds() {
        assert_eq!(value("a\r\nb\rc"), Ok("a\nb\nc".into()));
    }

    #[test]
    fn a_response_is_a_value_or_a_fault() {
        let read = |document: &str| read_response(document.as_bytes(), Limits::RESPONSE);
        assert_eq!(
            read(
                "<methodResponse><params><param><value><int>1</int></value></param></params></methodResponse>"
            ),
            Ok(Ok(Value::Int(1)))
        );
        for document in [
            "<html><body>404</body></html>",
            "<methodResponse/>",
            "<methodResponse><params/></methodResponse>",
            "<methodResponse><fault><value>x</value></fault></methodResponse>",
        ] {
            assert_eq!(read(document), Err(XmlError::NoResponse), "{document}");
        }
    }
}
