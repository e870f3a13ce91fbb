//! The files of the page, compiled in.

use std::time::SystemTime;

use hyper::header::{HeaderMap, HeaderValue, IF_MODIFIED_SINCE, LAST_MODIFIED, LOCATION};
use hyper::{Method, StatusCode};

use crate::http::reply::{Content, Reply, date, document, error, reply};

/// A file.
struct Asset {
    path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

/// The original has the same names, the script excepted. Its page no longer shows all of the pictures; they are
/// here for those that link to them.
static ASSETS: [Asset; 9] = [
    Asset {
        path: "stylesheets/supervisor.css",
        kind: "text/css",
        bytes: include_bytes!("assets/supervisor.css"),
    },
    Asset {
        path: "scripts/supervisor.js",
        kind: "text/javascript;charset=utf-8",
        bytes: include_bytes!("assets/supervisor.js"),
    },
    Asset { path: "images/icon.png", kind: "image/png", bytes: include_bytes!("assets/icon.png") },
    Asset { path: "images/rule.gif", kind: "image/gif", bytes: include_bytes!("assets/rule.gif") },
    Asset { path: "images/state0.gif", kind: "image/gif", bytes: include_bytes!("assets/state0.gif") },
    Asset { path: "images/state1.gif", kind: "image/gif", bytes: include_bytes!("assets/state1.gif") },
    Asset { path: "images/state2.gif", kind: "image/gif", bytes: include_bytes!("assets/state2.gif") },
    Asset { path: "images/state3.gif", kind: "image/gif", bytes: include_bytes!("assets/state3.gif") },
    Asset {
        path: "images/supervisor.gif",
        kind: "image/gif",
        bytes: include_bytes!("assets/supervisor.gif"),
    },
];

/// The folders: asked for without a slash at the end they send elsewhere, with one they are not found.
const FOLDERS: [&str; 3] = ["images", "scripts", "stylesheets"];

/// Answers for a path without its leading slashes. `modified`: since when the files are what they are.
pub(super) fn answer(
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    host: &str,
    modified: SystemTime,
) -> Reply {
    if method != Method::GET && method != Method::HEAD {
        return error(StatusCode::BAD_REQUEST);
    }
    if FOLDERS.contains(&path) {
        let mut moved = error(StatusCode::MOVED_PERMANENTLY);
        if let Ok(location) = HeaderValue::from_str(&format!("http://{host}/{path}/")) {
            moved.headers_mut().insert(LOCATION, location);
        }
        return moved;
    }
    let Some(asset) = ASSETS.iter().find(|asset| asset.path == path) else {
        return error(StatusCode::NOT_FOUND);
    };
    if headers.get(IF_MODIFIED_SINCE).is_some_and(|since| is_fresh(since, modified)) {
        return reply(StatusCode::NOT_MODIFIED, Content::Whole(Default::default()));
    }
    let mut file = document(asset.kind, asset.bytes);
    file.headers_mut().insert(LAST_MODIFIED, date(modified));
    file
}

fn is_fresh(since: &HeaderValue, modified: SystemTime) -> bool {
    // Old browsers append `; length=…`.
    let since = since.to_str().ok().and_then(|text| text.split(';').next());
    let since = since.and_then(|text| httpdate::parse_http_date(text).ok());
    // A header counts whole seconds.
    since.is_some_and(|since| modified < since + std::time::Duration::from_secs(1))
}
