//! Answers: their headers, their bodies, and the words of an error.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use hyper::body::{Bytes, Frame, SizeHint};
use hyper::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, DATE, EXPIRES,
    HeaderName, HeaderValue, LAST_MODIFIED, PRAGMA, REFERRER_POLICY, SERVER, WWW_AUTHENTICATE,
};
use hyper::{Response, StatusCode};
use tokio::time::Instant;

use super::activity::{Activity, Phase};
use super::tail::Follow;

/// An answer that is ready to be sent.
pub(crate) type Reply = Response<Content>;

/// What an answer consists of.
#[derive(Debug)]
pub(crate) enum Content {
    Whole(Bytes),
    Follow(Box<Follow>),
}

/// What the pages may load: our own files and nothing else, no script within the page.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
);

/// An answer with the headers that all have.
pub(crate) fn reply(status: StatusCode, content: Content) -> Reply {
    let mut reply = Response::new(content);
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    // Some clients ask for this very name to find out whom they talk to.
    headers.insert(SERVER, HeaderValue::from_static("Medusa/1.12"));
    headers.insert(DATE, today());
    reply
}

/// A document of known length.
pub(crate) fn document(kind: &'static str, body: impl Into<Bytes>) -> Reply {
    whole(StatusCode::OK, kind, body.into())
}

fn whole(status: StatusCode, kind: &'static str, body: Bytes) -> Reply {
    let length = body.len();
    let mut reply = reply(status, Content::Whole(body));
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply.headers_mut().insert(CONTENT_LENGTH, length.into());
    reply
}

/// A page that must not be kept.
pub(crate) fn page(status: StatusCode, body: String) -> Reply {
    let mut reply = whole(status, "text/html;charset=utf-8", body.into());
    forbid_keeping(&mut reply);
    reply.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY);
    reply.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    reply
}

fn forbid_keeping(reply: &mut Reply) {
    let headers = reply.headers_mut();
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(EXPIRES, HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"));
}

/// Sends the browser elsewhere, for this once. A status of 301 and the page of an error, as the original.
pub(crate) fn redirect(location: &str) -> Reply {
    let Ok(location) = HeaderValue::from_str(location) else { return error(StatusCode::BAD_REQUEST) };
    let mut reply = error(StatusCode::MOVED_PERMANENTLY);
    reply.headers_mut().insert(hyper::header::LOCATION, location);
    forbid_keeping(&mut reply);
    reply
}

/// A log, from its last bytes on, without end.
pub(crate) fn stream(follow: Follow, modified: SystemTime) -> Reply {
    let mut reply = reply(StatusCode::OK, Content::Follow(Box::new(follow)));
    let headers = reply.headers_mut();
    headers.insert(LAST_MODIFIED, date(modified));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=utf-8"));
    // Asks nginx to pass on at once what it gets. The original forgets it for the main log.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    // A log is no page, whatever a program writes into it.
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    reply
}

/// The page of an error.
pub(crate) fn error(status: StatusCode) -> Reply {
    let phrase = phrase(status);
    let body = [
        "<head>",
        "<title>Error response</title>",
        "</head>",
        "<body>",
        "<h1>Error response</h1>",
        &format!("<p>Error code {}.", status.as_u16()),
        &format!("<p>Message: {phrase}."),
        "</body>",
        "",
    ]
    .join("\r\n");
    let mut reply = whole(status, "text/html", body.into());
    if Some(phrase) != status.canonical_reason() {
        reply.extensions_mut().insert(hyper::ext::ReasonPhrase::from_static(phrase.as_bytes()));
    }
    reply
}

/// The original speaks as HTTP spoke when it was young.
fn phrase(status: StatusCode) -> &'static str {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
        _ => status.canonical_reason().unwrap_or_default(),
    }
}

/// Asks for name and password, and closes: what else comes from a stranger is not even read.
pub(crate) fn unauthorized() -> Reply {
    let mut reply = error(StatusCode::UNAUTHORIZED);
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"default\""));
    reply
}

/// The date of an answer, which is written anew once a second.
fn today() -> HeaderValue {
    thread_local! {
        static LAST: RefCell<(u64, HeaderValue)> = const { RefCell::new((0, HeaderValue::from_static(""))) };
    }
    let now = SystemTime::now();
    let second = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    LAST.with_borrow_mut(|(written, header)| {
        if *written != second || header.is_empty() {
            (*written, *header) = (second, date(now));
        }
        header.clone()
    })
}

/// A moment in the form of a header.
pub(crate) fn date(moment: SystemTime) -> HeaderValue {
    // Years before 1970 and after 9999, which a broken clock can give to a file, have no such form.
    let last = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(253_402_300_799);
    let text = httpdate::fmt_http_date(moment.clamp(SystemTime::UNIX_EPOCH, last));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// How much all answers that are being sent may hold together: many clients that take nothing must not do what one cannot.
const TOTAL: usize = 64 << 20;
/// An answer that counts. All others together are bounded by the number of connections.
const LARGE: usize = 16 << 10;
/// As much as is handed to hyper at a time, so that what the body still has is what is not yet sent.
const FRAME: usize = 64 << 10;

/// The bytes that large answers hold at the moment.
#[derive(Debug, Default)]
pub(crate) struct Replies(Cell<usize>);

/// A part of them, until its drop.
#[derive(Debug)]
pub(crate) struct Held {
    length: usize,
    replies: Rc<Replies>,
}

impl Replies {
    /// Counts an answer; `None`: there is no room for it at the moment. One alone always has room.
    pub(crate) fn hold(self: &Rc<Self>, content: &Content) -> Option<Held> {
        let length = match content {
            Content::Whole(bytes) if bytes.len() > LARGE => bytes.len(),
            Content::Whole(_) | Content::Follow(_) => 0,
        };
        let held = self.0.get();
        if length > 0 && held > 0 && held + length > TOTAL {
            return None;
        }
        self.0.set(held + length);
        Some(Held { length, replies: Rc::clone(self) })
    }

    /// For an answer that does not count.
    pub(crate) fn none(self: &Rc<Self>) -> Held {
        Held { length: 0, replies: Rc::clone(self) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Replies(held) = &*self.replies;
        held.set(held.get() - self.length);
    }
}

/// The body of an answer. With its end, the connection is idle again.
#[derive(Debug)]
pub(crate) struct Body {
    content: Content,
    activity: Rc<Activity>,
    _held: Held,
}

impl Body {
    pub(crate) fn new(content: Content, activity: Rc<Activity>, held: Held) -> Self {
        if let Content::Whole(bytes) = &content {
            activity.carries(bytes.len());
        }
        Self { content, activity, _held: held }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = match &mut self.content {
            Content::Whole(bytes) => {
                Some(bytes.split_to(bytes.len().min(FRAME))).filter(|bytes| !bytes.is_empty())
            }
            Content::Follow(follow) => ready!(follow.poll_next(cx)),
        };
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.content, Content::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Follow(_) => SizeHint::default(),
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.activity.enter(Phase::Idle, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_together_are_bounded_and_one_alone_is_not() {
        let replies = Rc::new(Replies::default());
        let answer = |length: usize| Content::Whole(vec![0; length].into());
        let whole = replies.hold(&answer(TOTAL + 1)).expect("one alone");
        assert!(replies.hold(&answer(LARGE + 1)).is_none());
        let small = replies.hold(&answer(LARGE));
        assert!(small.is_some());
        drop(whole);
        let half = replies.hold(&answer(TOTAL / 2));
        assert!(half.is_some());
        assert!(replies.hold(&answer(TOTAL / 2)).is_some());
        drop((half, small));
        assert_eq!(replies.0.get(), 0);
    }

    #[test]
    fn an_error_is_worded_as_the_original_words_it() {
        let Content::Whole(body) = error(StatusCode::PAYLOAD_TOO_LARGE).into_body() else {
            panic!("a document")
        };
        assert_eq!(
            &body[..],
            b"<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n\
              <p>Error code 413.\r\n<p>Message: Request Entity Too Large.\r\n</body>\r\n"
        );
    }

    #[test]
    fn a_location_that_is_no_header_is_refused() {
        assert_eq!(redirect("http://a\r\nX: y").status(), StatusCode::BAD_REQUEST);
        assert_eq!(redirect("http://a/?message=x").status(), StatusCode::MOVED_PERMANENTLY);
    }

    #[test]
    fn no_date_is_too_odd() {
        let past = SystemTime::UNIX_EPOCH - std::time::Duration::from_secs(1);
        let future = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1 << 40);
        assert_eq!(date(past), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(date(future), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
