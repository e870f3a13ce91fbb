//! "Event Listener States": what a listener says, and what is made of it.

use harness::{Setup, TestBed, differs};

use super::{DEBUG, heard, hears, listener, ready, send, texts_become};

const UNKNOWN: &str = "WARN l: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process \
                       violated the eventlistener protocol";

fn unknown(name: &str) -> String {
    UNKNOWN.replace("l:", &format!("{name}:"))
}

/// A listener that is this script; it writes to `{here}`.
fn scripted(script: &str) -> TestBed {
    scripts(&[("l".to_owned(), script.to_owned())])
}

/// Listeners, each a pool of its own, that are these scripts; they write to `{here}`. In the original a pool also gets what one of the
/// same priority rejects.
fn scripts(scripts: &[(String, String)]) -> TestBed {
    let mut text = DEBUG.to_owned();
    for (priority, (name, _)) in scripts.iter().enumerate() {
        text += &format!(
            "[eventlistener:{name}]\ncommand={{here}}/{name}.sh\nevents=REMOTE_COMMUNICATION\nstartsecs=0\npriority={priority}\n"
        );
    }
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    for (name, script) in scripts {
        bed.write_script(&format!("{name}.sh"), &format!("#!/bin/sh\n{script}\nexec sleep 1000\n"));
    }
    bed.start();
    bed
}

/// A name for a listener, and what is made of one of these texts for it.
fn numbered(texts: &[&str], make: impl Fn(&str) -> String) -> Vec<(String, String)> {
    texts.iter().enumerate().map(|(number, text)| (format!("l{number}"), make(text))).collect()
}

/// The usual listeners, each with an answer of its own to the event `hello`, which they have been sent.
fn answering(answers: &[(String, String)]) -> TestBed {
    let pool = |(priority, (name, _)): (usize, &(String, _))| {
        format!("{}priority={priority}\n", listener(name, "REMOTE_COMMUNICATION"))
    };
    let pools: String = answers.iter().enumerate().map(pool).collect();
    let bed = TestBed::new(&format!("{DEBUG}{pools}"));
    for (name, answer) in answers {
        bed.write(&format!("{name}.answer"), answer);
    }
    send(&bed, &["hello"]);
    bed
}

/// Reads one event into the file got, without an answer.
const READ: &str = "read -r header; head -c ${header##*len:} >{here}/got";

// events.rst, "Event Listener States": "ACKNOWLEDGED", "READY", "BUSY"; the log tells of each change that a listener makes.
#[test]
fn a_conversation_is_told_in_the_log() {
    let bed = TestBed::new(&format!("{DEBUG}{}", listener("l", "REMOTE_COMMUNICATION")));
    ready(&bed, "l");
    send(&bed, &["hello"]);
    texts_become(&bed, "l", &["hello"]);
    bed.logs_times(2, "DEBG l: ACKNOWLEDGED -> READY");
    let log = bed.log();
    let said: Vec<_> =
        log.lines().filter(|line| line.starts_with("DEBG l: ") || line.starts_with("DEBG event ")).collect();
    assert_eq!(
        said,
        [
            "DEBG l: ACKNOWLEDGED -> READY",
            "DEBG event 0 sent to listener l",
            "DEBG l: event was processed",
            "DEBG l: BUSY -> ACKNOWLEDGED",
            "DEBG l: ACKNOWLEDGED -> READY",
        ]
    );
}

// undocumented: what a listener says is in the log too, as Python shows bytes.
#[test]
fn the_words_of_a_listener_are_in_the_log() {
    let bed = TestBed::new(&format!("{DEBUG}{}", listener("l", "REMOTE_COMMUNICATION")));
    bed.eventually("it is told", || bed.log().contains("DEBG 'l' stdout output:\nb'READY\\n'\n"));
}

// events.rst: "READY\n"; it may come in pieces.
#[test]
fn ready_may_come_in_pieces() {
    let bed = scripted(&format!("printf RE; sleep 0.2; printf AD; sleep 0.2; echo Y; {READ}"));
    send(&bed, &["hello"]);
    bed.file_becomes("got", "type:t\nhello");
    assert_eq!(bed.logged(UNKNOWN), 0);
}

// events.rst: anything else "is a violation of the protocol": it gets no more events.
#[test]
fn another_word_than_ready_is_a_violation() {
    let words = ["HELLO\\n", "ready\\n", "READY\\r\\n", "READY!", "\\nREADY\\n"];
    let listeners = numbered(&words, |word| format!("printf '{word}'; {READ}"));
    let bed = scripts(&listeners);
    for (name, _) in &listeners {
        bed.logs(&unknown(name));
        bed.logs(&format!("DEBG {name}: ACKNOWLEDGED -> UNKNOWN"));
    }
    send(&bed, &["hello"]);
    bed.ask("getState", []);
    assert!(!bed.log().contains("DEBG event 0 sent to listener"), "{}", bed.log());
}

// undocumented: one that is ready has nothing to say.
#[test]
fn words_of_a_ready_listener_are_a_violation() {
    let listeners = numbered(&["echo READY; sleep 0.3; echo READY", "printf 'READY\\nX'"], str::to_owned);
    let bed = scripts(&listeners);
    for (name, _) in &listeners {
        bed.logs(&unknown(name));
        bed.logs(&format!("DEBG {name}: READY -> UNKNOWN"));
    }
}

// events.rst: "RESULT 2\nOK": it may come in pieces, and READY with it.
#[test]
fn a_result_may_come_in_pieces() {
    let bed = scripted(&format!(
        "echo READY; {READ}; for piece in RES 'ULT ' '2\\nO' 'KREA' 'DY\\n'; do printf \"$piece\"; sleep 0.1; done; {READ}2"
    ));
    send(&bed, &["first", "second"]);
    bed.file_becomes("got2", "type:t\nsecond");
    assert_eq!(bed.logged("DEBG l: event was processed"), 1);
    assert_eq!(bed.logged(UNKNOWN), 0);
}

// events.rst: "RESULT 4\nFAIL": the event is "rebuffered" and sent again.
#[test]
fn a_rejected_event_comes_again() {
    let bed = TestBed::new(&format!("{DEBUG}{}", listener("l", "REMOTE_COMMUNICATION")));
    bed.write("l.answer", "RESULT 4\nFAIL");
    send(&bed, &["hello"]);
    bed.logs_times(2, "WARN l: event was rejected");
    std::fs::remove_file(bed.path("l.answer")).unwrap();
    bed.logs("DEBG l: event was processed");
    let events = heard(&bed, "l");
    assert!(events.len() >= 3 && events.iter().all(|event| *event == events[0]), "{events:#?}");
}

// undocumented: any result that is not OK is a rejection.
#[test]
fn any_other_result_is_a_rejection() {
    let answers = ["RESULT 2\nok", "RESULT 3\nOK\n", "RESULT 4\nOKOK", "RESULT 1\nO", "RESULT 2\n\n\n"];
    let answers = numbered(&answers, str::to_owned);
    let bed = answering(&answers);
    for (name, answer) in &answers {
        bed.logs(&format!("WARN {name}: event was rejected"));
        assert_eq!(bed.logged(&format!("DEBG {name}: event was processed")), 0, "{answer:?}");
    }
    for (name, _) in &answers {
        std::fs::remove_file(bed.path(&format!("{name}.answer"))).unwrap();
        bed.logs(&format!("DEBG {name}: event was processed"));
    }
}

// undocumented: a number may be written as Python reads it.
#[test]
fn the_length_of_a_result_is_a_number_of_pythons() {
    let lines = numbered(&["RESULT 2", "RESULT +2", "RESULT  2 ", "RESULT 02"], |line| format!("{line}\nOK"));
    let bed = answering(&lines);
    for (name, line) in &lines {
        bed.logs(&format!("DEBG {name}: event was processed"));
        assert_eq!(bed.logged(&unknown(name)), 0, "{line:?}");
    }
}

// undocumented: a line without a number is told, and the listener gets no more events.
#[test]
fn a_bad_result_line_is_a_violation() {
    let lines = ["RESULT two", "RESULT", "RESULT 1.5", "OK"];
    let listeners = numbered(&lines, |line| format!("echo READY; {READ}; echo '{line}'"));
    let bed = scripts(&listeners);
    send(&bed, &["hello"]);
    for ((name, _), line) in listeners.iter().zip(lines) {
        bed.logs(&format!("WARN {name}: bad result line: '{line}'"));
        bed.logs(&unknown(name));
        bed.logs(&format!("DEBG {name}: BUSY -> UNKNOWN"));
    }
}

// undocumented: the event of a listener that breaks the protocol goes to another one of its pool.
#[test]
fn the_event_of_a_violator_goes_to_another_listener() {
    let text = format!(
        "{DEBUG}[eventlistener:l]\ncommand={{here}}/l.sh %(process_num)d\nprocess_name=l%(process_num)d\nnumprocs=2\n\
         events=REMOTE_COMMUNICATION\nstartsecs=0\n"
    );
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    bed.write_script(
        "l.sh",
        "#!/bin/sh\necho READY; read -r header; head -c ${header##*len:} >{here}/got$1; [ $1 = 0 ] && echo nonsense\nexec sleep 1000\n",
    );
    bed.start();
    ready(&bed, "l0");
    ready(&bed, "l1");
    send(&bed, &["hello"]);
    bed.file_becomes("got0", "type:t\nhello");
    bed.file_becomes("got1", "type:t\nhello");
}

// undocumented: a listener that breaks the protocol is well again after its restart.
#[test]
fn a_restart_makes_a_violator_well() {
    let bed = scripted(&format!(
        "if [ ! -e {{here}}/once ]; then touch {{here}}/once; echo WRONG; else echo READY; {READ}; fi"
    ));
    bed.logs(UNKNOWN);
    send(&bed, &["hello"]);
    bed.ask("stopProcess", ["l".into()]);
    bed.ask("startProcess", ["l".into()]);
    bed.file_becomes("got", "type:t\nhello");
}

// undocumented: the event of a listener that ends is sent again.
#[test]
fn the_event_of_a_listener_that_ends_comes_again() {
    let bed = scripted(&format!(
        "echo READY; {READ}$(ls {{here}}/got* 2>/dev/null | wc -l); [ -e {{here}}/got1 ] || exit 3"
    ));
    send(&bed, &["hello"]);
    bed.file_becomes("got0", "type:t\nhello");
    bed.file_becomes("got1", "type:t\nhello");
}

// undocumented: a listener that has closed its stdin is passed over.
#[test]
fn a_listener_that_does_not_read_is_passed_over() {
    let bed = scripted("exec <&-; echo READY");
    ready(&bed, "l");
    send(&bed, &["hello"]);
    bed.logs("DEBG epipe occurred while sending event 0 to listener l, listener state unchanged");
    bed.logs("DEBG rebuffering event 0 for pool l (buf size=0, max=10)");
}

// undocumented: the seven characters before the number are not looked at.
#[test]
fn the_word_before_a_number_may_be_any() {
    let bed = TestBed::new(&format!("{DEBUG}{}", listener("l", "REMOTE_COMMUNICATION")));
    bed.write("l.answer", "FOOBAR 2\nOK");
    send(&bed, &["hello"]);
    bed.logs("DEBG l: event was processed");
}

// configuration.rst, stdout_logfile of a listener: the words of the protocol; stderr_logfile: its own.
#[test]
fn the_log_of_a_listener_holds_its_words() {
    let text = format!(
        "{}stdout_logfile={{here}}/out\nstderr_logfile={{here}}/err\n",
        listener("l", "REMOTE_COMMUNICATION")
            .replace("/bin/sh ", "/bin/sh -c \"echo hi >&2; exec /bin/sh ")
            .replace(" l\n", " l\"\n")
    );
    let bed = TestBed::new(&text);
    bed.file_becomes("out", "READY\n");
    bed.file_becomes("err", "hi\n");
    send(&bed, &["hello"]);
    bed.file_becomes("out", "READY\nRESULT 2\nOKREADY\n");
}

// configuration.rst, result_handler: the one that there is may be named.
#[test]
fn the_default_result_handler_may_be_named() {
    let text = format!(
        "{DEBUG}{}result_handler=supervisor.dispatchers:default_handler\n",
        listener("l", "REMOTE_COMMUNICATION")
    );
    let bed = TestBed::new(&text);
    send(&bed, &["hello"]);
    bed.logs("DEBG l: event was processed");
}

// events.rst: a listener is a program: it has the environment of one, with its pool as the group.
#[test]
fn a_listener_knows_its_pool() {
    let bed =
        scripted("env | grep SUPERVISOR_ | sort >{here}/env.new; mv {here}/env.new {here}/env; echo READY");
    bed.eventually("it has written", || bed.path("env").exists());
    let mut variables: Vec<_> = bed.normalise(&bed.read("env")).lines().map(str::to_owned).collect();
    variables.sort();
    assert_eq!(
        variables,
        [
            "SUPERVISOR_ENABLED=1",
            "SUPERVISOR_GROUP_NAME=l",
            "SUPERVISOR_PROCESS_NAME=l",
            "SUPERVISOR_SERVER_URL=unix://HERE/supervisor.sock"
        ]
    );
}

// undocumented: an empty result is complete only when more arrives.
#[test]
fn an_empty_result_is_a_rejection() {
    let bed = scripted(&format!("echo READY; {READ}; printf 'RESULT 0\\n'"));
    send(&bed, &["hello"]);
    bed.file_becomes("got", "type:t\nhello");
    let rejected = "WARN l: event was rejected";
    let told = differs! { ours: 1, theirs: 0, why: "an empty result is complete with its newline" };
    if told == 1 {
        bed.logs(rejected);
    }
    assert_eq!(bed.logged(rejected), told);
    assert_eq!(hears(&bed, "none", 0), []);
}
