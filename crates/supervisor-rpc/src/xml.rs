//! The XML of XML-RPC: documents to values and back.
//!
//! [`write`](self::write) emits the bytes that Python's `xmlrpc.client.dumps` emits, because scripts and other clients grew up with
//! them. [`read`](self::read) understands what the original understands, within [`Limits`]. Neither knows HTTP.

mod read;
mod scalar;
mod write;

pub use read::{Limits, Request, XmlError, read_request, read_response};
pub use write::{write_fault, write_processes, write_request, write_response};

/// Whether XML 1.0 lets a document contain the character. There is no way to escape the others.
fn is_legal(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fault::Fault;
    use crate::value::Value;

    /// Text that survives the way: legal in XML, and without the carriage returns that every XML reader turns into line feeds.
    fn text() -> impl Strategy<Value = String> {
        ".{0,20}".prop_map(|text: String| text.chars().filter(|c| is_legal(*c) && *c != '\r').collect())
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Nil),
            any::<i64>().prop_map(Value::Int),
            any::<bool>().prop_map(Value::Bool),
            text().prop_map(Value::String),
            any::<f64>().prop_filter("equal to itself", |number| !number.is_nan()).prop_map(Value::Double),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::btree_map(text(), inner, 0..6)
                    .prop_map(|map| Value::Struct(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_request_reads_as_written(method in "[a-z]{1,9}[.][a-zA-Z]{1,9}", params in prop::collection::vec(value(), 0..4)) {
            let document = write_request(&method, &params);
            prop_assert_eq!(read_request(document.as_bytes(), Limits::REQUEST), Ok(Request { method, params }));
        }

        #[test]
        fn a_response_reads_as_written(value in value()) {
            prop_assert_eq!(read_response(write_response(&value).as_bytes(), Limits::RESPONSE), Ok(Ok(value)));
        }

        #[test]
        fn a_fault_reads_as_written(code in any::<i64>(), text in text()) {
            let fault = Fault { code, text };
            prop_assert_eq!(read_response(write_fault(&fault).as_bytes(), Limits::RESPONSE), Ok(Err(fault)));
        }

        #[test]
        fn no_text_makes_a_document_that_cannot_be_read(text in any::<String>()) {
            let document = write_response(&Value::String(text));
            prop_assert!(read_response(document.as_bytes(), Limits::RESPONSE).is_ok());
        }

        #[test]
        fn an_independent_reader_sees_the_same_struct(text in text(), number in any::<i64>()) {
            // It trims text, so the text is fenced.
            let text = format!("[{text}]");
            let document = write_response(&Value::Struct(vec![
                ("text".to_owned(), text.clone().into()),
                ("number".to_owned(), number.into()),
            ]));
            let seen: independent::Response = serde_xml_rs::from_str(&document).expect("well-formed");
            let [first, second] = &seen.params.param.value.members.member[..] else { panic!("{seen:?}") };
            prop_assert_eq!((&first.name[..], first.value.string.as_deref()), ("text", Some(&text[..])));
            prop_assert_eq!((&second.name[..], second.value.int), ("number", Some(number)));
        }

        #[test]
        fn no_bytes_crash_the_reader(bytes in any::<Vec<u8>>()) {
            let _ = read_request(&bytes, Limits::REQUEST);
            let _ = read_response(&bytes, Limits::RESPONSE);
        }

        #[test]
        fn no_tags_crash_the_reader(tags in prop::collection::vec(prop::sample::select(&TAGS[..]), 0..40)) {
            let document = tags.concat();
            let _ = read_request(document.as_bytes(), Limits::REQUEST);
            let _ = read_response(document.as_bytes(), Limits::RESPONSE);
        }
    }

    const TAGS: [&str; 24] = [
        "<methodCall>",
        "</methodCall>",
        "<methodName>",
        "</methodName>",
        "<params>",
        "</params>",
        "<param>",
        "</param>",
        "<value>",
        "</value>",
        "<array>",
        "</array>",
        "<data>",
        "</data>",
        "<struct>",
        "</struct>",
        "<member>",
        "</member>",
        "<int>",
        "</int>",
        "x",
        "1",
        "<!--",
        "&amp;",
    ];

    /// A response of a struct, as serde-xml-rs reads it.
    mod independent {
        use serde::Deserialize;

        #[derive(Debug, Deserialize)]
        pub(super) struct Response {
            pub(super) params: Params,
        }

        #[derive(Debug, Deserialize)]
        pub(super) struct Params {
            pub(super) param: Param,
        }

        #[derive(Debug, Deserialize)]
        pub(super) struct Param {
            pub(super) value: Whole,
        }

        #[derive(Debug, Deserialize)]
        pub(super) struct Whole {
            #[serde(rename = "struct")]
            pub(super) members: Members,
        }

        #[derive(Debug, Deserialize)]
        pub(super) struct Members {
            pub(super) member: Vec<Member>,
        }

        #[derive(Debug, Deserialize)]
        pub(super) struct Member {
            pub(super) name: String,
            pub(super) value: Leaf,
        }

        #[derive(Debug, Deserialize)]
        pub(super) struct Leaf {
            pub(super) string: Option<String>,
            pub(super) int: Option<i64>,
        }
    }
}
