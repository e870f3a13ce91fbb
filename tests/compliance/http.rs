//! The HTTP server: addresses, headers, connections, passwords, followed logs. Manual, "HTTP Server Settings".

mod auth;
mod connections;
mod files;
mod routes;
mod sockets;
mod streams;

use harness::Response;

/// The page of an error.
pub(crate) fn error_page(code: u16, phrase: &str) -> String {
    format!(
        "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n\
         <p>Error code {code}.\r\n<p>Message: {phrase}.\r\n</body>\r\n"
    )
}

#[track_caller]
fn assert_error(response: &Response, code: u16, phrase: &str) {
    assert_eq!(response.status, format!("HTTP/1.1 {code} {phrase}"), "{response:?}");
    assert_eq!(response.body, error_page(code, phrase));
    assert_eq!(response.header("content-type"), Some("text/html"));
    assert_eq!(response.header("content-length"), Some(response.body.len().to_string().as_str()));
}
