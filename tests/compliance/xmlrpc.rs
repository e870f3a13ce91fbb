//! The XML-RPC interface: its documents, and every method. Manual, "XML-RPC API Documentation".

mod daemon;
mod document;
mod faults;
mod info;
mod logs;
mod processes;
mod system;

use harness::{Response, TestBed};

/// Posts a document.
#[track_caller]
fn post(bed: &TestBed, document: &str) -> Response {
    bed.request(&format!(
        "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{document}",
        document.len()
    ))
}

/// A call, its parameters written out: `<value>…</value>` each.
fn call(method: &str, values: &[&str]) -> String {
    let params: String = values.iter().map(|value| format!("<param>{value}</param>")).collect();
    format!("<methodCall><methodName>{method}</methodName><params>{params}</params></methodCall>")
}

/// What comes back: the document that answers a call.
#[track_caller]
fn answer(bed: &TestBed, method: &str, values: &[&str]) -> String {
    let response = post(bed, &call(method, values));
    assert_eq!(response.status, "HTTP/1.1 200 OK", "{response:?}");
    response.body
}

/// The document that holds this value.
fn document(value: &str) -> String {
    format!(
        "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n{value}\n</param>\n</params>\n</methodResponse>\n"
    )
}

/// The document that holds this fault.
fn fault(code: i64, text: &str) -> String {
    format!(
        "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n\
         <member>\n<name>faultCode</name>\n<value><int>{code}</int></value>\n</member>\n\
         <member>\n<name>faultString</name>\n<value><string>{text}</string></value>\n</member>\n\
         </struct></value>\n</fault>\n</methodResponse>\n"
    )
}

/// The code and the text of the fault that a call ends with.
#[track_caller]
fn refused<const N: usize>(bed: &TestBed, method: &str, params: [harness::Value; N]) -> (i64, String) {
    match bed.rpc(method, params) {
        Ok(value) => panic!("{method} answers {value:?}"),
        Err(fault) => (fault.code, fault.text),
    }
}
