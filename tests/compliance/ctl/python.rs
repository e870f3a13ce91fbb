//! Scripts in Python: `xmlrpc.client` over TCP, and the original's own transport over the unix socket. They need its interpreter, which
//! SUPERVISOR_PYTHON names.

use std::path::Path;

use harness::TestBed;

// api.rst: "Python's xmlrpc.client can be used" with the url of the server, and SupervisorTransport where it is a unix socket.
#[test]
fn scripts_talk_to_the_daemon() {
    let Some(python) = std::env::var_os("SUPERVISOR_PYTHON") else { return };
    let bed = TestBed::new(
        "[inet_http_server]\nport=127.0.0.1:{port}\nusername=me\npassword=pa:ss\n\
         [unix_http_server]\nusername=me\npassword=pa:ss\n\
         [supervisorctl]\nusername=me\npassword=pa:ss\n\
         [program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\nstdout_logfile=%(here)s/out\n",
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("compliance/ctl/python.py");
    let (url, socket) = (format!("http://me:pa%3Ass@127.0.0.1:{}", bed.port()), bed.path("supervisor.sock"));
    let args = [script.to_str(), Some(url.as_str()), socket.to_str()].map(|arg| arg.expect("UTF-8"));
    let output = bed.finish(bed.command(Path::new(&python), args), "");
    assert_eq!(output.stderr, "");
    let members = "[\"description\", \"exitstatus\", \"group\", \"logfile\", \"name\", \"now\", \"pid\", \"spawnerr\", \"start\", \"state\", \
                   \"statename\", \"stderr_logfile\", \"stdout_logfile\", \"stop\"]";
    let answers = [
        "{\"statecode\": 1, \"statename\": \"RUNNING\"}",
        "\"3.0\"",
        "true",
        "[60, \"ALREADY_STARTED: cat\"]",
        "true",
        "[11, \"BAD_SIGNAL: NONSENSE\"]",
        members,
        "[\"RUNNING\"]",
        "[\"/bin/cat\"]",
        "true",
        "[]",
        "[10, \"BAD_NAME: nothing\"]",
        "41",
        "[\"boolean\", \"string\", \"boolean\"]",
        "[{\"statecode\": 1, \"statename\": \"RUNNING\"}, {\"faultCode\": 1, \"faultString\": \"UNKNOWN_METHOD\"}]",
    ];
    let told: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(told, [answers, answers].concat());
    bed.file_becomes("out", "é < & >\né < & >\n");
}
