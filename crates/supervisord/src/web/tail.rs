//! `tail.html`: the end of a log. The script of the page goes on where this ends.

use std::fmt::Write;

use hyper::StatusCode;
use supervisor_rpc::fault::Code;
use supervisor_rpc::value::Value;

use super::{Escaped, call, head, unexpected};
use crate::http::form::{Form, quote};
use crate::http::reply::{Reply, page};
use crate::rpc::{Gone, Handle};

/// The fewest bytes that are shown, and as many as are shown when nothing else is said.
const LEAST: i64 = 1024;
/// The most.
const MOST: i64 = 1 << 20;

pub(super) async fn answer(handle: &Handle, form: &Form) -> Result<Reply, Gone> {
    let name = form.get("processname");
    let stderr = form.get("channel") == Some("stderr");
    let limit =
        form.get("limit").and_then(|limit| limit.parse::<i64>().ok()).unwrap_or(LEAST).clamp(LEAST, MOST);
    let text = match name {
        None => "No process name found".to_owned(),
        Some(name) => {
            let method =
                if stderr { "supervisor.readProcessStderrLog" } else { "supervisor.readProcessStdoutLog" };
            match call(handle, method, vec![name.into(), (-limit).into(), 0.into()]).await? {
                Ok(Value::String(text)) => text,
                Ok(_) => String::new(),
                Err(fault) if fault.code == Code::NoFile.number() => format!("No file for {name}"),
                Err(fault) => format!("ERROR: {}", unexpected(&fault)),
            }
        }
    };
    Ok(page(StatusCode::OK, render(name, stderr, limit, &text)))
}

fn render(name: Option<&str>, stderr: bool, limit: i64, text: &str) -> String {
    let mut html = head(&format!("Supervisor tail of process {}", name.unwrap_or("None")));
    let quoted = name.map(quote);
    let log = quoted.as_ref().map(|name| format!("logtail/{name}{}", if stderr { "/stderr" } else { "" }));
    let _ = write!(html, "<body class=\"tail\">\n<div id=\"wrapper\">\n<header id=\"header\">\n");
    let _ = writeln!(
        html,
        "  <a class=\"brand\" href=\"./\"><img src=\"images/icon.png\" alt=\"\" />Supervisor</a>"
    );
    let _ = writeln!(html, "  <h1>{}</h1>", Escaped(name.unwrap_or("None")));
    let _ = writeln!(html, "  <form action=\"index.html\" method=\"post\">");
    if let (Some(name), Some(log)) = (&quoted, &log) {
        let link = |channel: &str| format!("tail.html?processname={name}&amp;limit={limit}{channel}");
        let current = if stderr { "&amp;channel=stderr" } else { "" };
        let mark = |is_current| if is_current { " aria-current=\"page\"" } else { "" };
        let _ = writeln!(html, "    <a class=\"choice\"{} href=\"{}\">stdout</a>", mark(!stderr), link(""));
        let other = link("&amp;channel=stderr");
        let _ = writeln!(html, "    <a class=\"choice\"{} href=\"{other}\">stderr</a>", mark(stderr));
        let _ = writeln!(
            html,
            "    <a href=\"{}\"><input type=\"button\" value=\" Refresh \" name=\"refresh\" /></a>",
            link(current)
        );
        let _ = writeln!(
            html,
            "    <a class=\"choice\" href=\"{log}\" target=\"_blank\" rel=\"noopener\">raw</a>"
        );
    }
    html.push_str("  </form>\n</header>\n");
    let follow = log.map(|log| format!(" data-follow=\"{log}\"")).unwrap_or_default();
    let _ = write!(html, "<pre id=\"log\"{follow}>{}</pre>\n</div>\n</body>\n</html>", Escaped(text));
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_logs_are_escaped() {
        let html = render(Some("<z&"), false, 1024, "</pre><script>");
        assert!(html.contains("<title>Supervisor tail of process &lt;z&amp;</title>"));
        assert!(html.contains("&lt;/pre&gt;&lt;script&gt;</pre>"));
        assert!(html.contains("href=\"tail.html?processname=%3Cz%26&amp;limit=1024\""));
        assert!(html.contains("data-follow=\"logtail/%3Cz%26\""));
    }

    #[test]
    fn without_a_name_there_is_nothing_to_follow() {
        let html = render(None, false, 1024, "No process name found");
        assert!(html.contains("<title>Supervisor tail of process None</title>"));
        assert!(!html.contains("data-follow") && !html.contains("Refresh"));
    }

    #[test]
    fn the_other_channel_is_one_click_away() {
        let html = render(Some("a:b"), true, 2000, "");
        assert!(html.contains("data-follow=\"logtail/a%3Ab/stderr\""));
        assert!(html.contains("href=\"tail.html?processname=a%3Ab&amp;limit=2000&amp;channel=stderr\""));
    }
}
