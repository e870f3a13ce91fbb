//! "Event Listener Notification Protocol": the header line.

use harness::TestBed;

use super::{hears, listener, send, texts_become};

// events.rst, "Event Listener Notification Protocol": "ver:3.0 server:supervisor serial:21 pool:listener poolserial:10
// eventname:PROCESS_COMMUNICATION_STDOUT len:54".
#[test]
fn a_header_has_seven_words() {
    let bed = TestBed::new(&listener("l", "REMOTE_COMMUNICATION"));
    send(&bed, &["hello", ""]);
    let headers: Vec<_> = hears(&bed, "l", 2).into_iter().map(|event| event.header).collect();
    assert_eq!(
        headers,
        [
            "ver:3.0 server:supervisor serial:0 pool:l poolserial:0 eventname:REMOTE_COMMUNICATION len:12",
            "ver:3.0 server:supervisor serial:1 pool:l poolserial:1 eventname:REMOTE_COMMUNICATION len:7",
        ]
    );
}

// events.rst, server: "The identifier of the supervisord sending the event".
#[test]
fn the_server_is_the_identifier() {
    let text = format!("{}[supervisord]\nidentifier=shop\n", listener("l", "REMOTE_COMMUNICATION"));
    let bed = TestBed::new(&text);
    send(&bed, &["hello"]);
    assert_eq!(hears(&bed, "l", 1)[0].word("server"), "shop");
}

// undocumented: a reread changes it at once.
#[test]
fn the_server_changes_with_a_reread() {
    let text = listener("l", "REMOTE_COMMUNICATION");
    let bed = TestBed::new(&text);
    bed.configure(&format!("{text}[supervisord]\nidentifier=new\n"));
    bed.ask("reloadConfig", []);
    send(&bed, &["hello"]);
    assert_eq!(hears(&bed, "l", 1)[0].word("server"), "new");
}

// events.rst, serial: "An integer assigned to each event. No two events generated during the lifetime of a supervisord process will have the
// same serial number"; poolserial: the same within the pool.
#[test]
fn serials_count_in_all_pools_and_in_each() {
    let text = format!(
        "{}{}{}[program:x]\ncommand=/bin/cat\nautostart=false\n",
        listener("a", "REMOTE_COMMUNICATION"),
        listener("b", "PROCESS_GROUP_REMOVED"),
        listener("c", "REMOTE_COMMUNICATION,PROCESS_GROUP_REMOVED")
    );
    let bed = TestBed::new(&text);
    send(&bed, &["first"]);
    bed.ask("removeProcessGroup", ["x".into()]);
    // Nobody wants this, and it has no serial.
    bed.ask("addProcessGroup", ["x".into()]);
    send(&bed, &["last"]);
    let serials = |name: &str, count: usize| {
        let events = hears(&bed, name, count);
        events
            .iter()
            .map(|event| format!("{} {}", event.word("serial"), event.word("poolserial")))
            .collect::<Vec<_>>()
    };
    assert_eq!(serials("a", 2), ["0 0", "2 1"]);
    assert_eq!(serials("b", 1), ["1 0"]);
    assert_eq!(serials("c", 3), ["0 0", "1 1", "2 2"]);
}

// events.rst, len: "An integer indicating the number of bytes in the event payload": of characters, in truth.
#[test]
fn the_length_counts_characters() {
    let text = "[eventlistener:l]\ncommand={here}/l.sh\nevents=REMOTE_COMMUNICATION\nstartsecs=0\n";
    let mut bed = harness::Setup { text, ..harness::Setup::default() }.prepare();
    bed.write_script(
        "l.sh",
        "#!/bin/sh\necho READY\nread -r header\necho \"$header\" >{here}/header\nhead -c 16 >{here}/payload\nprintf 'RESULT 2\\nOK'\nexec sleep 1000\n",
    );
    bed.start();
    send(&bed, &["grün €"]);
    bed.file_becomes("payload", "type:t\ngrün €");
    assert!(bed.read("header").ends_with(" len:13\n"), "{}", bed.read("header"));
}

// undocumented: the name of the pool is that of the section.
#[test]
fn the_pool_is_the_section() {
    let text = format!("{}process_name=other\n", listener("l", "REMOTE_COMMUNICATION"));
    let bed = TestBed::new(&text);
    assert_eq!(bed.info("l:other").group, "l");
    send(&bed, &["hello"]);
    assert_eq!(hears(&bed, "l", 1)[0].word("pool"), "l");
    texts_become(&bed, "l", &["hello"]);
}
