//! The page with the end of a log.

use harness::TestBed;

use super::{between, links, shown};

/// The title, the text, and where the links lead that are the original's.
fn tail(bed: &TestBed, query: &str) -> (String, String, Vec<String>) {
    let response = bed.get(&format!("/tail.html{query}"));
    assert_eq!(response.status, "HTTP/1.1 200 OK");
    assert_eq!(response.header("content-type"), Some("text/html;charset=utf-8"));
    let page = response.body;
    let (title, _) = between(&page, "<title>", "</title>").expect("a page has its title");
    let (text, _) = between(&page, "<pre", "</pre>").expect("the page holds the log");
    let refresh = page.split("<a ").skip(1).filter(|link| link.contains("name=\"refresh\""));
    let refresh = refresh.flat_map(|link| links(&format!("<a {link}"))).map(|(target, _)| target);
    (shown(title), shown(text.split_once('>').unwrap().1), refresh.take(1).collect())
}

// undocumented: the end of a log, at least a kibibyte.
#[test]
fn the_end_of_a_log_is_shown() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=%(here)s/out\n");
    let lines: String = (0..400).map(|number| format!("line {number:03}\n")).collect();
    bed.write("out", &lines);
    let end = |bytes: usize| lines[lines.len() - bytes..].trim().to_owned();
    let title = || "Supervisor tail of process cat".to_owned();
    let refresh = |limit: u32| vec![format!("tail.html?processname=cat&limit={limit}")];
    assert_eq!(tail(&bed, "?processname=cat"), (title(), end(1024), refresh(1024)));
    assert_eq!(tail(&bed, "?processname=cat&limit=2048"), (title(), end(2048), refresh(2048)));
    assert_eq!(tail(&bed, "?limit=10&processname=cat"), (title(), end(1024), refresh(1024)));
    assert_eq!(tail(&bed, "?processname=cat&limit=many"), (title(), end(1024), refresh(1024)));
    assert_eq!(tail(&bed, "?processname=cat&limit=-2048"), (title(), end(1024), refresh(1024)));
    assert_eq!(tail(&bed, "?processname=cat&limit=100000").1, lines.trim());
    bed.write("out", "<b>&\"'</b>\n");
    assert_eq!(tail(&bed, "?processname=cat:cat").1, "<b>&\"'</b>");
}

// undocumented: what has no log.
#[test]
fn a_missing_log_is_told() {
    let bed = TestBed::new(
        "[program:cat]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=NONE\n\
         [program:gone]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=%(here)s/gone\n",
    );
    let _ = std::fs::remove_file(bed.path("gone"));
    let told = |query: &str| {
        let (title, text, _) = tail(&bed, query);
        (title.strip_prefix("Supervisor tail of process ").expect("the title of a tail").to_owned(), text)
    };
    let pair = |title: &str, text: &str| (title.to_owned(), text.to_owned());
    assert_eq!(told("?processname=cat"), pair("cat", "No file for cat"));
    assert_eq!(told("?processname=gone"), pair("gone", "No file for gone"));
    assert_eq!(
        told("?processname=%3Cdog%3E"),
        pair("<dog>", "ERROR: unexpected rpc fault [10] BAD_NAME: <dog>")
    );
    assert_eq!(told(""), pair("None", "No process name found"));
    assert_eq!(tail(&bed, "").2, [""; 0]);
}
