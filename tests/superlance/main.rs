//! Listeners that others have written, under the daemon: those of superlance, and those that stand on the original's
//! `supervisor.childutils`.
//!
//! They need the interpreter that `SUPERVISOR_PYTHON` names, with both packages, and so are not part of `cargo test --workspace`:
//!
//! ```sh
//! SUPERVISOR_PYTHON=…/bin/python cargo test -p supervisor-tests --test superlance
//! ```

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use harness::{Setup, TestBed, program};

/// A program of superlance.
fn superlance(name: &str) -> String {
    program(name, true).display().to_string()
}

/// A bed with such a listener, subscribed to these events.
fn bed(name: &str, args: &str, events: &str, text: &str) -> TestBed {
    let command = superlance(name);
    TestBed::new(&format!(
        "[eventlistener:{name}]\ncommand={command} {args}\nevents={events}\nenvironment=PATH=\"{{here}}:%(ENV_PATH)s\"\n\
         stderr_logfile={{here}}/{name}.err\n{text}"
    ))
}

/// Waits until the listener says something on its stderr.
#[track_caller]
fn says(bed: &TestBed, name: &str, text: &str) {
    let file = format!("{name}.err");
    bed.eventually(&format!("{name} says {text:?}"), || bed.normalise(&bed.read(&file)).contains(text));
}

#[test]
fn httpok_restarts_a_program_whose_endpoint_fails() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        for client in server.incoming().flatten() {
            // A client that is gone is none of the server's business.
            let _ = fail(client);
        }
    });
    let bed = bed(
        "httpok",
        &format!("-p site -t 5 http://127.0.0.1:{port}/"),
        "TICK_5",
        "[program:site]\ncommand=/bin/cat\nstartsecs=0\n[program:other]\ncommand=/bin/cat\nstartsecs=0\n",
    );
    bed.state_becomes("site", "RUNNING");
    bed.state_becomes("other", "RUNNING");
    let (site, other) = (bed.pid_of("site"), bed.pid_of("other"));
    says(&bed, "httpok", "site is in RUNNING state, restarting\nsite restarted\n");
    assert_ne!(bed.pid_of("site"), site);
    assert_eq!(bed.pid_of("other"), other);
    bed.logs("WARN stopped: site (terminated by SIGTERM)");
}

/// Answers a request with an error.
fn fail(client: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    (&client).write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
}

/// In the place of `ps`, which not every system has: `ps -orss= -p PID`.
const PS: &str = "#!/bin/sh\nexec sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p' \"/proc/$3/status\"\n";

#[test]
fn memmon_restarts_a_program_that_grows() {
    let command = superlance("memmon");
    let text = format!(
        "[eventlistener:memmon]\ncommand={command} -p grows=50MB -p small=50MB -s \"cat >{{here}}/mail\" -m root@localhost -u 1d -n shop\n\
         events=TICK_5\nenvironment=PATH=\"{{here}}:%(ENV_PATH)s\"\nstderr_logfile={{here}}/memmon.err\n\
         [program:grows]\ncommand={{here}}/grow\nstartsecs=0\n[program:small]\ncommand=/bin/cat\nstartsecs=0\n"
    );
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    bed.write_script("ps", PS);
    // 64 MiB, then quiet.
    bed.write_script(
        "grow",
        "#!/bin/sh\nx=0123456789abcdef\nfor i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22; do x=$x$x; done\nwhile :; do sleep 1000; done\n",
    );
    bed.start();
    let (grows, small) = (bed.pid_of("grows"), bed.pid_of("small"));
    says(&bed, "memmon", "Restarting grows:grows\n");
    bed.eventually("it is another process", || {
        let now = bed.info("grows").pid;
        now != 0 && now != i64::from(grows.as_raw())
    });
    assert_eq!(bed.pid_of("small"), small);
    let mut mail = String::new();
    bed.eventually("a message is sent", || {
        mail = bed.read("mail");
        mail.contains("memmon.py restarted the process named grows:grows at ")
    });
    let begin = "To: root@localhost\nSubject: memmon [shop]: process grows:grows restarted\n\n";
    assert!(mail.starts_with(begin), "{mail}");
}

#[test]
fn crashmail_sends_a_message_of_an_unexpected_end() {
    let bed = bed(
        "crashmail",
        "-a -o shop -s \"cat >{here}/mail\" -m root@localhost",
        "PROCESS_STATE_EXITED",
        "[program:fine]\ncommand=/bin/true\nstartsecs=0\nautorestart=false\npriority=1\n\
         [program:crash]\ncommand=/bin/sh -c \"exit 3\"\nstartsecs=0\nautorestart=false\n",
    );
    says(&bed, "crashmail", "Process crash in group crash exited unexpectedly (pid PID) from state RUNNING");
    let mail = bed.read("mail");
    assert!(mail.starts_with("To: root@localhost\nSubject: shop: crash crashed at "), "{mail}");
    assert_eq!(bed.read("crashmail.err").matches("unexpected exit, mailing\n").count(), 1);
}

#[test]
fn fatalmailbatch_sends_what_failed_together() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("it is bound").port();
    let mail = std::thread::spawn(move || {
        let (client, _) = server.accept().expect("the listener has a message");
        receive(client).expect("a message")
    });
    let bed = bed(
        "fatalmailbatch",
        &format!("-t root@localhost -f daemon@localhost -H 127.0.0.1:{port} -e TICK_5 -i 0.01"),
        "PROCESS_STATE,TICK_5",
        "[program:a]\ncommand=/nonexistent\nstartretries=0\n[program:b]\ncommand=/nonexistent\nstartretries=0\n",
    );
    says(&bed, "fatalmailbatch", "Process b:b failed to start too many times\n");
    says(&bed, "fatalmailbatch", "Sending notification email:\nTo: root@localhost\n");
    let mail = mail.join().expect("a message");
    for line in
        ["Subject: Fatal start alert from supervisord\n", "From: daemon@localhost\n", "To: root@localhost\n"]
    {
        assert!(mail.contains(line), "{mail}");
    }
    assert!(mail.contains(" failed to start too many times\n"), "{mail}");
}

/// Takes a message as a mail server does.
fn receive(client: TcpStream) -> std::io::Result<String> {
    let mut lines = BufReader::new(client.try_clone()?);
    let say = |text: &str| (&client).write_all(text.as_bytes());
    say("220 here\r\n")?;
    let mut message = None;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(message.unwrap_or_default());
        }
        match line.trim_end().to_ascii_uppercase().as_str() {
            "DATA" => {
                say("354 go on\r\n")?;
                let mut text = String::new();
                while !text.ends_with("\r\n.\r\n") {
                    if lines.read_line(&mut text)? == 0 {
                        return Ok(text);
                    }
                }
                message = Some(text.replace("\r\n", "\n"));
                say("250 taken\r\n")?;
            }
            "QUIT" => {
                say("221 bye\r\n")?;
                // Until the client is gone: then it has read everything.
                lines.read_to_end(&mut Vec::new())?;
                return Ok(message.unwrap_or_default());
            }
            _ => say("250 yes\r\n")?,
        }
    }
}

/// A listener as the manual of the original shows one: it says no to the first event that it gets, calls back over RPC, and writes down
/// what it got.
const CHILDUTILS: &str = r#"
import os, sys
from supervisor import childutils

rpc = childutils.getRPCInterface(os.environ)
seen = 0
while True:
    headers, payload = childutils.listener.wait()
    words, data = childutils.eventdata(payload + ('' if '\n' in payload else '\n'))
    seen += 1
    if seen == 1:
        childutils.listener.fail()
        continue
    state = rpc.supervisor.getProcessInfo('cat')['statename']
    with open('{here}/seen', 'a') as file:
        print(headers['pool'], headers['eventname'], sorted(words.items()), repr(data), state, file=file)
    childutils.listener.ok()
"#;

#[test]
fn a_listener_on_childutils_is_served() {
    let python = std::env::var("SUPERVISOR_PYTHON").expect("SUPERVISOR_PYTHON names an interpreter");
    let text = format!(
        "[eventlistener:l]\ncommand={python} -u {{here}}/l.py\nevents=REMOTE_COMMUNICATION\n\
         [program:cat]\ncommand=/bin/cat\nstartsecs=0\n"
    );
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    bed.write("l.py", CHILDUTILS);
    bed.start();
    bed.state_becomes("cat", "RUNNING");
    bed.ask("sendRemoteCommEvent", ["greeting".into(), "hello\nworld".into()]);
    let seen = "l REMOTE_COMMUNICATION [('type', 'greeting')] 'hello\\nworld' RUNNING\n";
    bed.file_becomes("seen", seen);
    bed.logs("WARN l: event was rejected");
    bed.ask("sendRemoteCommEvent", ["greeting".into(), "again".into()]);
    bed.file_becomes(
        "seen",
        &format!("{seen}l REMOTE_COMMUNICATION [('type', 'greeting')] 'again' RUNNING\n"),
    );
}

/// A program that speaks to listeners through its output.
const COMMUNICATES: &str = "
from supervisor import childutils
import sys, time

childutils.pcomm.send(b'within', sys.stdout.buffer)
sys.stdout.flush()
time.sleep(1000)
";

#[test]
fn a_program_on_childutils_communicates() {
    let python = std::env::var("SUPERVISOR_PYTHON").expect("SUPERVISOR_PYTHON names an interpreter");
    let text = format!(
        "[eventlistener:l]\ncommand=/bin/sh {{programs}}/listener.sh {{here}} heard\nevents=PROCESS_COMMUNICATION\n\
         [program:x]\ncommand={python} {{here}}/x.py\nstdout_capture_maxbytes=1KB\nstartsecs=0\n"
    );
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    bed.write("x.py", COMMUNICATES);
    bed.start();
    bed.eventually("it is heard", || {
        bed.normalise(&bed.read("heard")).ends_with("\nprocessname:x groupname:x pid:PID\nwithin\n.\n")
    });
}
