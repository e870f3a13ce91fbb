//! What the page shows.

use harness::TestBed;

use super::{between, links, shown};

/// A row of the table.
#[derive(Debug, PartialEq)]
struct Row {
    shaded: bool,
    class: String,
    state: String,
    description: String,
    /// The name's link, and the name.
    name: (String, String),
    actions: Vec<(String, String)>,
}

/// The rows with data; headings are none.
fn rows(bed: &TestBed) -> Vec<Row> {
    let page = bed.normalise(&bed.get("/").body);
    let mut rows = Vec::new();
    let mut rest = page.as_str();
    while let Some((row, after)) = between(rest, "<tr class=\"", "</tr>") {
        rest = after;
        let cells: Vec<&str> = row.split("<td").skip(1).collect();
        let [state, description, name, actions] = cells[..] else { continue };
        rows.push(Row {
            shaded: row.starts_with("shade"),
            class: between(state, "<span class=\"", "\"").expect("a state has its class").0.to_owned(),
            state: text(state),
            description: text(description),
            name: links(name).remove(0),
            actions: links(actions),
        });
    }
    rows
}

/// The text of a cell.
fn text(cell: &str) -> String {
    shown(cell.split_once('>').expect("a cell").1)
}

fn row(
    shaded: bool,
    class: &str,
    state: &str,
    description: &str,
    name: &str,
    quoted: &str,
    actions: [&str; 2],
) -> Row {
    let action = |label: &str| match label {
        "" => ("#".to_owned(), "Action".to_owned()),
        label => {
            (format!("index.html?processname={quoted}&action={}", label.to_lowercase()), label.to_owned())
        }
    };
    let more = [
        (format!("index.html?processname={quoted}&action=clearlog"), "Clear Log".to_owned()),
        (format!("logtail/{quoted}"), "Tail -f Stdout".to_owned()),
        (format!("logtail/{quoted}/stderr"), "Tail -f Stderr".to_owned()),
    ];
    Row {
        shaded,
        class: class.to_owned(),
        state: state.to_owned(),
        description: description.to_owned(),
        name: (format!("tail.html?processname={quoted}"), name.to_owned()),
        actions: actions.map(action).into_iter().chain(more).collect(),
    }
}

// undocumented: a row for each process, in the order of the names, with its state, its links and what can be done.
#[test]
fn each_process_has_its_row() {
    let bed = TestBed::new(
        "[program:a]\ncommand=/bin/cat\nautostart=false\n\
         [program:b]\ncommand=/nonexistent\nstartretries=0\n\
         [program:c]\ncommand=/bin/cat\nprocess_name=<%(process_num)s>&\nnumprocs=2\nstartsecs=0\n\
         [program:d]\ncommand=/bin/cat\nstartsecs=600\n\
         [program:e]\ncommand=/bin/false\nstartsecs=10\nstartretries=100\n\
         [program:f]\ncommand=/bin/true\nstartsecs=0\nautorestart=false\n",
    );
    bed.state_becomes("c:<1>&", "RUNNING");
    bed.state_becomes("d", "STARTING");
    bed.state_becomes("f", "EXITED");
    bed.state_becomes("b", "FATAL");
    // It comes back from its attempts.
    bed.state_becomes("e", "BACKOFF");
    let rows = rows(&bed);
    assert_eq!(rows[0], row(false, "statusnominal", "stopped", "Not started", "a", "a", ["Start", ""]));
    assert_eq!(
        rows[1],
        row(true, "statuserror", "fatal", "can't find command '/nonexistent'", "b", "b", ["Start", ""])
    );
    let running = |shaded, number: u8| {
        let (name, quoted) = (format!("c:<{number}>&"), format!("c%3A%3C{number}%3E%26"));
        row(shaded, "statusrunning", "running", "pid PID, uptime TIME", &name, &quoted, ["Restart", "Stop"])
    };
    assert_eq!(rows[2], running(false, 0));
    assert_eq!(rows[3], running(true, 1));
    assert_eq!(rows[4], row(false, "statusnominal", "starting", "", "d", "d", ["", ""]));
    // It may try again at any moment.
    let class = if rows[5].state == "backoff" { "statuserror" } else { "statusnominal" };
    assert_eq!((rows[5].class.as_str(), rows[5].actions[0].1.as_str()), (class, "Action"));
    assert_eq!(rows[6], row(false, "statusnominal", "exited", "DATE", "f", "f", ["Start", ""]));
    assert_eq!(rows.len(), 7);
}

// undocumented: what can be done with all.
#[test]
fn the_buttons_are_above_the_table() {
    let bed = TestBed::new("[program:a]\ncommand=/bin/cat\nautostart=false\n");
    let page = bed.get("/").body;
    let (buttons, _) = between(&page, "id=\"buttons\"", "</ul>").expect("there are buttons");
    let buttons = links(buttons);
    for (action, label) in [("refresh", "Refresh"), ("restartall", "Restart All"), ("stopall", "Stop All")] {
        assert!(buttons.contains(&(format!("index.html?action={action}"), label.to_owned())), "{buttons:?}");
    }
    assert!(page.contains("<form action=\"index.html\" method=\"post\">"), "{page}");
    let heads: Vec<_> =
        page.split("<th class=\"").skip(1).filter_map(|head| head.split('"').next()).collect();
    assert_eq!(heads, ["state", "desc", "name", "action"]);
}

// undocumented: without processes the page says so.
#[test]
fn a_page_without_processes_says_so() {
    let bed = TestBed::new("");
    let page = bed.get("/").body;
    assert!(page.contains("No programs to manage"), "{page}");
    assert!(!page.contains("<table"), "{page}");
}

// undocumented: the page shows the version and refers to its files.
#[test]
fn the_page_has_a_title_and_a_version() {
    let bed = TestBed::new("");
    let page = bed.get("/").body;
    assert!(page.contains("<title>Supervisor Status</title>"), "{page}");
    assert!(page.contains("<span>4.3.0</span>"), "{page}");
    assert!(page.contains("href=\"stylesheets/supervisor.css\""), "{page}");
    assert!(page.contains("href=\"images/icon.png\""), "{page}");
}

// undocumented: a message is shown, and is no HTML.
#[test]
fn a_message_is_shown() {
    let bed = TestBed::new("");
    let shows = |query: &str| {
        let page = bed.get(&format!("/{query}")).body;
        between(&page, "<div class=\"status_msg\"", "</div>")
            .map(|(message, _)| shown(message.split_once('>').unwrap().1))
    };
    for page in ["", "index.html"] {
        assert_eq!(shows(page), None);
        assert_eq!(shows(&format!("{page}?message=Hello%20you")).as_deref(), Some("Hello you"));
        assert_eq!(shows(&format!("{page}?message=a+b%3Ci%3E%26%C3%A9")).as_deref(), Some("a b<i>&é"));
    }
}
