//! The status page: what runs, and the buttons that change it.
//!
//! Urls, forms, actions and messages are those of the original, so that what people have in their scripts and fingers
//! keeps working; the look is our own. The page works without its script, and posts what changes something. Everything
//! is learned from the supervisor by the methods that clients call, also when no RPC interface is configured.
//!
//! The pages are well-formed XML as those of the original are: some read them with an XML parser.

use std::fmt::{self, Display, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::body::Incoming;
use hyper::header::{HOST, HeaderName};
use hyper::{Method, Request, StatusCode};
use supervisor_rpc::fault::Fault;
use supervisor_rpc::value::Value;

use crate::http::connection::Visit;
use crate::http::form::{Form, quote};
use crate::http::reply::{Reply, document, error, page, redirect};
use crate::http::upload::FORM;
use crate::http::{form, origin};
use crate::rpc::{Answer, Ask, Gone, Handle, Told, Writer};

mod actions;
mod assets;
mod status;
mod tail;

/// Our script says that it asks; then the message of an action comes with the page and not by way of a redirection.
const REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// Answers everything that is neither a call nor a log.
pub(crate) async fn answer(visit: &Visit, request: Request<Incoming>) -> Reply {
    let path = form::unquote(request.uri().path());
    let path = path.trim_start_matches('/');
    let is_page = matches!(path, "" | "index.html" | "status.html" | "tail.html" | "ok.html");
    let posts = request.method() == Method::POST;
    if !is_page || !(posts || request.method() == Method::GET) {
        let started = visit.site.common.started;
        return assets::answer(request.method(), path, request.headers(), &visit.own_host(), started);
    }
    let path = path.to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let came_from = Origin::of(visit, &request);
    let body = if posts {
        match visit.site.common.uploads.read(request, FORM).await {
            Ok(upload) => String::from_utf8_lossy(&upload.bytes).into_owned(),
            Err(status) => return error(status),
        }
    } else {
        String::new()
    };
    let form = Form::read(&query, &body);
    let answered = match path.as_str() {
        "ok.html" => return document("text/plain", "OK"),
        "tail.html" => tail::answer(&visit.site.common.handle, &form).await,
        _ => status_page(visit, &form, &came_from).await,
    };
    answered.unwrap_or_else(|Gone| error(StatusCode::SERVICE_UNAVAILABLE))
}

/// Where a request came from.
struct Origin {
    /// Another site.
    foreign: bool,
    /// Our script.
    script: bool,
    /// The host by which the client knows us.
    host: String,
}

impl Origin {
    fn of<T>(visit: &Visit, request: &Request<T>) -> Self {
        let headers = request.headers();
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::trim);
        let host = host.filter(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', '\\', ' ']));
        let host = host.map(|host| host.strip_suffix(":80").unwrap_or(host));
        Self {
            foreign: origin::is_foreign(headers),
            script: headers.contains_key(REQUESTED_WITH),
            host: host.map_or_else(|| visit.own_host(), str::to_owned),
        }
    }
}

async fn status_page(visit: &Visit, form: &Form, from: &Origin) -> Result<Reply, Gone> {
    let common = &visit.site.common;
    let mut message = form.get("message").map(str::to_owned);
    if let Some(action) = form.get("action") {
        if from.foreign {
            return Ok(error(StatusCode::FORBIDDEN));
        }
        let Some(done) = actions::perform(&common.handle, action, form.get("processname")).await? else {
            return Ok(error(StatusCode::INTERNAL_SERVER_ERROR));
        };
        if !from.script {
            return Ok(redirect(&format!("http://{}/?message={}", from.host, quote(&done))));
        }
        message = Some(done);
    }
    let render = {
        let common = common.clone();
        move |processes: &mut dyn Iterator<Item = Told<'_>>| {
            let context = &common.context;
            let processes: Vec<_> = processes.collect();
            status::render(&processes, message.as_deref(), &context.identifier, context.version)
        }
    };
    match common.handle.ask(Ask::Processes(Writer(Box::new(render)))).await? {
        Answer::Written(html) => Ok(page(StatusCode::OK, html)),
        // The original answers 500 while it shuts down.
        Answer::Fault(fault) => {
            let context = &common.context;
            let html = status::render(&[], Some(&unexpected(&fault)), &context.identifier, context.version);
            Ok(page(StatusCode::SERVICE_UNAVAILABLE, html))
        }
        Answer::Value(_) | Answer::Path(_) => Err(Gone),
    }
}

/// Calls a method of the supervisor.
async fn call(handle: &Handle, name: &'static str, params: Vec<Value>) -> Result<Result<Value, Fault>, Gone> {
    handle.ask(Ask::Method { name, params }).await?.into_result()
}

/// How the pages show a fault for which they have no words of their own.
fn unexpected(fault: &Fault) -> String {
    format!("unexpected rpc fault [{}] {}", fault.code, fault.text)
}

/// Text within a page or within the quotes of an attribute.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '&' => formatter.write_str("&amp;")?,
                '<' => formatter.write_str("&lt;")?,
                '>' => formatter.write_str("&gt;")?,
                '"' => formatter.write_str("&quot;")?,
                '\'' => formatter.write_str("&#39;")?,
                '\n' | '\t' => formatter.write_char(char)?,
                '\r' => {}
                // No way of writing makes these legal.
                _ if char.is_control() || matches!(char, '\u{fffe}' | '\u{ffff}') => {
                    formatter.write_char('\u{fffd}')?
                }
                _ => formatter.write_char(char)?,
            }
        }
        Ok(())
    }
}

/// Everything above the content of a page.
fn head(title: &str) -> String {
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8" />
  <meta name="viewport" content="width=device-width, initial-scale=1" />
  <meta name="color-scheme" content="light dark" />
  <title>{}</title>
  <link href="stylesheets/supervisor.css" rel="stylesheet" type="text/css" />
  <link href="images/icon.png" rel="icon" type="image/png" />
  <script src="scripts/supervisor.js" defer="defer"></script>
</head>
"#,
        Escaped(title)
    )
}

/// The wall clock.
pub(crate) fn seconds_since_epoch() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_escapes_from_text() {
        assert_eq!(Escaped("<a b='c' d=\"e\">&").to_string(), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;");
        assert_eq!(Escaped("a\u{1b}[1m\r\n\u{0}é").to_string(), "a\u{fffd}[1m\n\u{fffd}é");
    }
}
