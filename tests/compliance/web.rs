//! The status page: what it shows, what its links do, and the words that come of it.
//!
//! The look of the page is no matter; what scripts take from it is: rows, classes, links.

mod actions;
mod page;
mod tail;

use harness::{Response, TestBed};

/// What stands between two marks, and what stands behind.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<(&'a str, &'a str)> {
    text.split_once(start)?.1.split_once(end)
}

/// A text as a browser shows it.
fn shown(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&").trim().to_owned()
}

/// The links in a part of a page: where to, and their words.
fn links(html: &str) -> Vec<(String, String)> {
    let mut links = Vec::new();
    let mut rest = html;
    while let Some((link, after)) = between(rest, "<a ", "</a>") {
        let (attributes, words) = link.split_once('>').expect("a link has words");
        let (target, _) = between(attributes, "href=\"", "\"").expect("a link leads somewhere");
        links.push((shown(target), shown(words)));
        rest = after;
    }
    links
}

/// Does something by a link, and returns the message that the page would show; a time is left out.
#[track_caller]
fn act(bed: &TestBed, query: &str) -> String {
    message(&bed.get(&format!("/index.html?{query}")))
}

/// The message that an action leads to.
#[track_caller]
fn message(response: &Response) -> String {
    assert_eq!(response.status, "HTTP/1.1 301 Moved Permanently", "{response:?}");
    let location = response.header("location").expect("an action leads somewhere");
    let message = location.strip_prefix("http://localhost/?message=").expect("it leads to the page");
    let message = unquoted(message);
    match message.split_once(" at ") {
        // Wed Nov 25 11:05:55 2026
        Some((message, time)) if time.len() == 24 && time.matches(':').count() == 2 => {
            format!("{message} at TIME")
        }
        _ => message,
    }
}

fn unquoted(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).expect("a quoted byte")
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).expect("a message is UTF-8")
}
