//! Any bytes as a call or an answer of XML-RPC: what can be read is written, and reads the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supervisor_rpc::value::Value;
use supervisor_rpc::xml::{
    Limits, read_request, read_response, write_fault, write_request, write_response,
};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = read_request(bytes, Limits::REQUEST) {
        let document = write_request(&request.method, &request.params);
        if is_carried(&document) && request.params.iter().all(is_equal_to_itself) {
            assert_eq!(read_request(document.as_bytes(), Limits::REQUEST), Ok(request));
        }
    }
    match read_response(bytes, Limits::RESPONSE) {
        Ok(Ok(value)) if is_equal_to_itself(&value) => {
            let document = write_response(&value);
            if is_carried(&document) {
                assert_eq!(read_response(document.as_bytes(), Limits::RESPONSE), Ok(Ok(value)));
            }
        }
        Ok(Err(fault)) => {
            let document = write_fault(&fault);
            if is_carried(&document) {
                assert_eq!(read_response(document.as_bytes(), Limits::RESPONSE), Ok(Err(fault)));
            }
        }
        Ok(Ok(_)) => {}
        Err(error) => drop(error.to_string()),
    }
});

/// XML carries it as it is. A line feed is what every reader makes of a carriage return, and U+FFFD stands for what may be in
/// base64 only.
fn is_carried(document: &str) -> bool {
    !document.contains(['\r', '\u{fffd}'])
}

/// What is no number is not.
fn is_equal_to_itself(value: &Value) -> bool {
    value == value
}
