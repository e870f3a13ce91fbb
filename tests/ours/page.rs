//! The status page in a browser: every button pressed, a log followed, looked at in both themes and on a phone.

use harness::{Browser, TestBed};

const PROGRAMS: &str = "\
[inet_http_server]
port=127.0.0.1:{port}

[program:cat]
command=/bin/cat
startsecs=0

[program:says]
command=/bin/sh -c \"cat {here}/words; exec sleep 1000\"
startsecs=0
autostart=false

[program:web]
command=/bin/cat
numprocs=2
process_name=web-%(process_num)s
startsecs=0
";

fn start() -> Option<(TestBed, Browser, String)> {
    let browser = Browser::start()?;
    let bed = TestBed::new(PROGRAMS);
    for name in ["cat", "web:web-0", "web:web-1"] {
        bed.state_becomes(name, "RUNNING");
    }
    let url = format!("http://127.0.0.1:{}/", bed.port());
    Some((bed, browser, url))
}

/// The button that posts to this url.
fn button(query: &str) -> String {
    format!("[formaction='index.html?{query}']")
}

const MESSAGE: &str = "document.querySelector('.status_msg').textContent";

/// What a button posts, what the page says afterwards, and the states that it leaves behind.
type Button = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const BUTTONS: [Button; 12] = [
    ("processname=cat&action=stop", "Process cat stopped", &[("cat", "STOPPED")]),
    ("processname=cat&action=start", "Process cat started", &[("cat", "RUNNING")]),
    ("processname=cat&action=restart", "Process cat restarted", &[("cat", "RUNNING")]),
    ("processname=cat&action=clearlog", "Log for cat cleared", &[("cat", "RUNNING")]),
    (
        "processname=web%3A%2A&action=stop",
        "Group web stopped",
        &[("web:web-0", "STOPPED"), ("cat", "RUNNING")],
    ),
    (
        "processname=web%3A%2A&action=start",
        "Group web started",
        &[("web:web-1", "RUNNING"), ("cat", "RUNNING")],
    ),
    ("processname=web%3A%2A&action=restart", "Group web restarted", &[("web:web-0", "RUNNING")]),
    ("processname=web%3Aweb-1&action=stop", "Process web:web-1 stopped", &[("web:web-1", "STOPPED")]),
    ("action=refresh", "Page refreshed at ", &[("web:web-1", "STOPPED")]),
    ("action=startall", "All started at ", &[("web:web-1", "RUNNING"), ("says", "RUNNING")]),
    ("action=restartall", "All restarted at ", &[("cat", "RUNNING"), ("says", "RUNNING")]),
    (
        "action=stopall",
        "All stopped at ",
        &[("cat", "STOPPED"), ("web:web-0", "STOPPED"), ("says", "STOPPED")],
    ),
];

fn press_the_buttons(bed: &TestBed, browser: &mut Browser) {
    for (query, message, states) in BUTTONS {
        browser.until(&format!("document.querySelector({:?})", button(query)));
        browser.click(&button(query));
        // A browser runs this as soon as the message is parsed, and the rows come after it.
        browser.until(&format!("document.readyState === 'complete' && {MESSAGE}.startsWith({message:?})"));
        for (name, state) in states {
            assert_eq!(bed.state(name), *state, "{name} after {query}");
            // The page comes with the message, so it shows the same.
            let shown = format!(
                "[...document.querySelectorAll('tr')].find(row => row.cells[2]?.textContent === {name:?}).cells[0].textContent"
            );
            assert_eq!(browser.js(&shown), state.to_lowercase().as_str(), "{name} after {query}");
        }
    }
}

/// With its script the page is never left.
#[test]
fn every_button_works() {
    let Some((bed, mut browser, url)) = start() else { return };
    browser.open(&url);
    press_the_buttons(&bed, &mut browser);
    assert_eq!(browser.js("location.href"), url.as_str());
    let opened = browser.requests().iter().filter(|(_, requested)| *requested == url).count();
    assert_eq!(opened, 1);
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn every_button_works_without_script() {
    let Some((bed, mut browser, url)) = start() else { return };
    browser.allow_scripts(false);
    browser.open(&url);
    press_the_buttons(&bed, &mut browser);
    let requests = browser.requests();
    let posted = requests.iter().filter(|(method, url)| method == "POST" && url.contains("action=")).count();
    assert_eq!(posted, BUTTONS.len());
    assert!(!requests.iter().any(|(method, url)| method == "GET" && url.contains("action=")), "{requests:?}");
}

#[test]
fn states_are_refreshed_in_place() {
    let Some((bed, mut browser, url)) = start() else { return };
    browser.open(&url);
    browser.js("document.querySelector('tbody').dataset.kept = 'yes'");
    assert_eq!(bed.rpc("stopProcess", ["cat".into()]), Ok(true.into()));
    browser.until("document.querySelector('td.status').textContent === 'stopped'");
    browser.until("document.querySelector('.summary').textContent.includes('2 stopped')");
    assert_eq!(browser.js("location.href"), url.as_str());
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_log_is_followed_live() {
    let Some((bed, mut browser, url)) = start() else { return };
    bed.write("words", "<b>first</b>\n");
    assert_eq!(bed.rpc("startProcess", ["says".into()]), Ok(true.into()));
    bed.eventually("it has spoken", || {
        bed.rpc("readProcessStdoutLog", ["says".into(), 0.into(), 0.into()]) == Ok("<b>first</b>\n".into())
    });
    browser.open(&format!("{url}tail.html?processname=says"));
    browser.until("document.getElementById('follow').value === 'Pause'");
    bed.write("words", "second\n");
    // A new process writes into the same log.
    assert_eq!(bed.rpc("stopProcess", ["says".into()]), Ok(true.into()));
    assert_eq!(bed.rpc("startProcess", ["says".into()]), Ok(true.into()));
    browser.until("document.getElementById('log').textContent === '<b>first</b>\\nsecond\\n'");
    browser.click("#follow");
    browser.until("document.getElementById('follow').value === 'Follow'");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn it_looks_right_in_both_themes_and_on_a_phone() {
    let Some((_bed, mut browser, url)) = start() else { return };
    let mut pictures = Vec::new();
    for page in ["", "tail.html?processname=cat"] {
        for (width, scheme) in [(1200, "light"), (1200, "dark"), (375, "light"), (375, "dark")] {
            browser.look_like(width, scheme);
            browser.open(&format!("{url}{page}"));
            let light = browser.js(
                "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(part => part > 200)",
            );
            assert_eq!(light, scheme == "light", "{page} at {width}, {scheme}");
            let beyond = browser.js("document.documentElement.scrollWidth - window.innerWidth");
            assert!(
                beyond.as_i64().is_some_and(|beyond| beyond <= 0),
                "{page} at {width} is {beyond} too wide"
            );
            pictures.push(browser.picture());
        }
    }
    assert!(pictures.iter().all(|picture| picture.len() > 4000), "something is on each picture");
    pictures.sort_unstable();
    pictures.dedup();
    assert_eq!(pictures.len(), 8, "no two look the same");
    let foreign: Vec<_> =
        browser.requests().into_iter().filter(|(_, requested)| !requested.starts_with(&url)).collect();
    assert_eq!(foreign, []);
    assert_eq!(browser.complaints(), [""; 0]);
}
