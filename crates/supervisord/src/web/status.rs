//! The page itself: a table of processes, group by group.

use std::fmt::Write;

use supervisor_rpc::namespec::show;

use super::{Escaped, head};
use crate::http::form::quote;
use crate::rpc::Told;

/// Renders the page.
pub(super) fn render(
    processes: &[Told<'_>],
    message: Option<&str>,
    identifier: &str,
    version: &str,
) -> String {
    let mut html = head("Supervisor Status");
    html.push_str("<body class=\"status\">\n<div id=\"wrapper\">\n<header id=\"header\">\n");
    html.push_str(
        "  <a class=\"brand\" href=\"./\"><img src=\"images/icon.png\" alt=\"\" />Supervisor</a>\n",
    );
    let _ = writeln!(html, "  <span class=\"identifier\">{}</span>", Escaped(identifier));
    summary(&mut html, processes);
    html.push_str("</header>\n<div id=\"content\">\n");
    match message {
        Some(message) => {
            let _ = writeln!(html, "<div class=\"status_msg\" role=\"status\">{}</div>", Escaped(message));
        }
        None => html.push_str("<div class=\"hidden\">#</div>\n"),
    }
    html.push_str("<form action=\"index.html\" method=\"post\">\n<ul class=\"clr\" id=\"buttons\">\n");
    for (label, action) in [
        ("Refresh", "refresh"),
        ("Start All", "startall"),
        ("Restart All", "restartall"),
        ("Stop All", "stopall"),
    ] {
        html.push_str("<li class=\"action-button\">");
        button(&mut html, label, &format!("index.html?action={action}"), "");
        html.push_str("</li>\n");
    }
    html.push_str("</ul>\n");
    if processes.is_empty() {
        html.push_str("No programs to manage\n");
    } else {
        table(&mut html, processes);
    }
    html.push_str("</form>\n</div>\n</div>\n");
    let _ = write!(
        html,
        "<footer id=\"footer\"><a href=\"http://supervisord.org\">Supervisor</a> <span>{}</span></footer>\n\
         </body>\n</html>",
        Escaped(version)
    );
    html
}

/// How many processes are in which state.
fn summary(html: &mut String, processes: &[Told<'_>]) {
    let mut counts: Vec<(&str, &'static str, usize)> = Vec::new();
    for process in processes {
        match counts.iter_mut().find(|(state, ..)| *state == process.statename) {
            Some((.., count)) => *count += 1,
            None => counts.push((&process.statename, class_of(&process.statename), 1)),
        }
    }
    counts.sort_unstable_by_key(|(state, _, count)| (std::cmp::Reverse(*count), *state));
    html.push_str("  <ul class=\"summary\">");
    for (state, class, count) in counts {
        let _ = write!(html, "<li class=\"{class}\"><b>{count}</b> {}</li>", Escaped(&state.to_lowercase()));
    }
    html.push_str("</ul>\n");
}

fn table(html: &mut String, processes: &[Told<'_>]) {
    html.push_str(
        "<table cellspacing=\"0\">\n<thead>\n<tr>\n  <th class=\"state\">State</th>\n  \
         <th class=\"desc\">Description</th>\n  <th class=\"name\">Name</th>\n  \
         <th class=\"action\">Action</th>\n</tr>\n</thead>\n",
    );
    let mut shaded = false;
    for members in processes.chunk_by(|left, right| left.group == right.group) {
        let group = &members[0].group;
        // A program of its own is a group as well, but nobody thinks of it as one.
        let alone = members.len() == 1 && members[0].name == *group;
        let _ = writeln!(html, "<tbody{}>", if alone { "" } else { " class=\"group\"" });
        if !alone {
            group_row(html, group, members);
        }
        for process in members {
            row(html, process, shaded);
            shaded = !shaded;
        }
        html.push_str("</tbody>\n");
    }
    html.push_str("</table>\n");
}

/// Its cells are headings: whoever reads the table by its data cells sees processes only.
fn group_row(html: &mut String, group: &str, members: &[Told<'_>]) {
    let running = members.iter().filter(|process| process.statename == "RUNNING").count();
    let _ = write!(
        html,
        "<tr class=\"group\"><th colspan=\"3\" scope=\"rowgroup\"><b>{}</b> <small>{running} of {} running</small>\
         </th><th class=\"action\"><ul>",
        Escaped(group),
        members.len()
    );
    let name = quote(&format!("{group}:*"));
    for (label, action) in [("Start", "start"), ("Restart", "restart"), ("Stop", "stop")] {
        html.push_str("<li>");
        let title = format!("{label} all of {group}");
        button(html, label, &format!("index.html?processname={name}&amp;action={action}"), &title);
        html.push_str("</li>");
    }
    html.push_str("</ul></th></tr>\n");
}

fn row(html: &mut String, process: &Told<'_>, shaded: bool) {
    let namespec = show(&process.group, &process.name);
    let quoted = quote(&namespec);
    let _ = write!(
        html,
        "<tr class=\"{}\">\n  <td class=\"status\"><span class=\"{}\">{}</span></td>\n  \
         <td class=\"desc\"><span>{}</span></td>\n  \
         <td class=\"name\"><a href=\"tail.html?processname={quoted}\" target=\"_blank\" rel=\"noopener\">{}</a></td>\n  \
         <td class=\"action\"><ul>\n",
        if shaded { "shade" } else { "" },
        class_of(&process.statename),
        Escaped(&process.statename.to_lowercase()),
        Escaped(&process.description),
        Escaped(&namespec),
    );
    let (first, second) = match &*process.statename {
        "RUNNING" => (Some("Restart"), Some("Stop")),
        "STOPPED" | "EXITED" | "FATAL" => (Some("Start"), None),
        _ => (None, None),
    };
    for label in [first, second, Some("Clear Log")] {
        html.push_str("    <li>");
        match label {
            Some(label) => {
                let action = label.to_lowercase().replace(' ', "");
                let title = format!("{label}: {namespec}");
                button(html, label, &format!("index.html?processname={quoted}&amp;action={action}"), &title);
            }
            None => html.push_str("<a class=\"hidden\" href=\"#\" name=\"#\">Action</a>"),
        }
        html.push_str("</li>\n");
    }
    for (label, channel) in [("Tail -f Stdout", ""), ("Tail -f Stderr", "/stderr")] {
        let _ = writeln!(
            html,
            "    <li><a href=\"logtail/{quoted}{channel}\" name=\"{label}\" target=\"_blank\" rel=\"noopener\">\
             {label}</a></li>"
        );
    }
    html.push_str("  </ul></td>\n</tr>\n");
}

/// What is seen posts; the link of the original stays for those who look for links in the page.
fn button(html: &mut String, label: &str, url: &str, title: &str) {
    let title = if title.is_empty() { String::new() } else { format!(" title=\"{}\"", Escaped(title)) };
    let _ = write!(
        html,
        "<input type=\"submit\" value=\"{label}\" formaction=\"{url}\"{title} />\
         <a href=\"{url}\" name=\"{label}\" hidden=\"hidden\" rel=\"nofollow\">{label}</a>"
    );
}

fn class_of(state: &str) -> &'static str {
    match state {
        "RUNNING" => "statusrunning",
        "FATAL" | "BACKOFF" => "statuserror",
        _ => "statusnominal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(group: &str, name: &str, statename: &str) -> Told<'static> {
        Told {
            name: name.to_owned().into(),
            group: group.to_owned().into(),
            start: 0,
            stop: 0,
            now: 0,
            state: 0,
            statename: statename.to_owned().into(),
            spawnerr: "".into(),
            exitstatus: 0,
            logfile: "".into(),
            stdout_logfile: "".into(),
            stderr_logfile: "".into(),
            pid: 0,
            description: "pid 1, uptime 0:00:01 <b>".into(),
        }
    }

    fn page(processes: &[Told<'_>]) -> String {
        render(processes, None, "supervisor", "4.3.0")
    }

    #[test]
    fn rows_have_the_cells_of_the_original_in_its_order() {
        let html = page(&[process("cat", "cat", "RUNNING"), process("web", "w<0", "FATAL")]);
        let cells: Vec<&str> =
            html.split("<td").skip(1).map(|cell| &cell[..cell.find("</td>").unwrap_or(0)]).collect();
        assert_eq!(cells.len(), 8);
        assert!(cells[0].ends_with("<span class=\"statusrunning\">running</span>"));
        assert!(cells[1].ends_with("<span>pid 1, uptime 0:00:01 &lt;b&gt;</span>"));
        assert!(cells[2].contains("<a href=\"tail.html?processname=cat\" target=\"_blank\""));
        for link in [
            "<a href=\"index.html?processname=cat&amp;action=restart\" name=\"Restart\"",
            "<a href=\"index.html?processname=cat&amp;action=stop\" name=\"Stop\"",
            "<a href=\"index.html?processname=cat&amp;action=clearlog\" name=\"Clear Log\"",
            "<a href=\"logtail/cat\" name=\"Tail -f Stdout\"",
            "<a href=\"logtail/cat/stderr\" name=\"Tail -f Stderr\"",
        ] {
            assert!(cells[3].contains(link), "{link}");
        }
        assert!(cells[4].ends_with("<span class=\"statuserror\">fatal</span>"));
        assert!(cells[6].contains("processname=web%3Aw%3C0") && cells[6].contains(">web:w&lt;0</a>"));
        assert!(cells[7].contains("action=start\"") && cells[7].contains("class=\"hidden\""));
    }

    #[test]
    fn every_second_row_is_shaded() {
        let html =
            page(&[process("a", "1", "STOPPED"), process("a", "2", "STOPPED"), process("b", "b", "EXITED")]);
        assert_eq!(html.matches("<tr class=\"\">").count(), 2);
        assert_eq!(html.matches("<tr class=\"shade\">").count(), 1);
    }

    #[test]
    fn groups_have_buttons_and_single_programs_have_no_group() {
        let html = page(&[
            process("a", "a", "STOPPED"),
            process("web", "1", "RUNNING"),
            process("web", "2", "STOPPED"),
        ]);
        assert_eq!(html.matches("<tr class=\"group\">").count(), 1);
        assert!(html.contains("<b>web</b> <small>1 of 2 running</small>"));
        assert!(html.contains("formaction=\"index.html?processname=web%3A%2A&amp;action=stop\""));
    }

    #[test]
    fn what_changes_something_is_posted() {
        let html = page(&[process("cat", "cat", "RUNNING")]);
        assert!(html.contains("<form action=\"index.html\" method=\"post\">"));
        for action in ["refresh", "startall", "restartall", "stopall"] {
            assert!(html.contains(&format!("formaction=\"index.html?action={action}\"")), "{action}");
        }
    }

    #[test]
    fn a_message_is_escaped() {
        let html = render(&[], Some("<script>"), "<i>", "4.3.0");
        assert!(html.contains("<div class=\"status_msg\" role=\"status\">&lt;script&gt;</div>"));
        assert!(html.contains("&lt;i&gt;"));
        assert!(html.contains("No programs to manage"));
        assert!(!html.contains("<table"));
    }

    #[test]
    fn the_page_is_well_formed() {
        #[derive(serde::Deserialize)]
        struct Anything {}
        let html = page(&[process("a", "a&\u{1}", "STARTING"), process("web", "'\"", "RUNNING")]);
        let xml = html.strip_prefix("<!DOCTYPE html>\n").expect("a document type");
        assert!(serde_xml_rs::from_str::<Anything>(xml).is_ok());
    }
}
