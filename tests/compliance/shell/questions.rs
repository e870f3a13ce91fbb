//! What the shell asks before it acts.

use harness::TestBed;

use super::{CTRL_C, CTRL_D, stopped};

// undocumented: a shutdown and a restart are asked about.
#[test]
fn a_shutdown_is_asked_about() {
    let mut bed = TestBed::new("");
    {
        let mut terminal = bed.ctl_terminal([]);
        terminal.becomes("supervisor>");
        for answer in ["n", "", "no", "x", " y"] {
            terminal.types("shutdown\r");
            terminal.ends_with("supervisor> shutdown\nReally shut the remote supervisord process down y/N?");
            terminal.types(&format!("{answer}\r"));
            terminal.ends_with(&format!("{}\nsupervisor>", format!("y/N? {answer}").trim_end()));
        }
        terminal.types("reload\r");
        terminal.ends_with("supervisor> reload\nReally restart the remote supervisord process y/N?");
        terminal.types("n\r");
        terminal.ends_with("y/N? n\nsupervisor>");
        assert_eq!(bed.ask("getVersion", []), "3.0".into());
        terminal.types("shutdown\r");
        terminal.ends_with("down y/N?");
        terminal.types("Yes\r");
        terminal.ends_with("down y/N? Yes\nShut down\nsupervisor>");
        terminal.types(CTRL_D);
        assert_eq!(terminal.exit_code(), Some(0));
    }
    assert_eq!(bed.exit_code(), Some(0));
}

// undocumented: so is a restart.
#[test]
fn a_restart_is_asked_about() {
    let bed = TestBed::new("");
    bed.configure("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    let mut terminal = bed.ctl_terminal([]);
    terminal.becomes("supervisor>");
    terminal.types("reload\r");
    terminal.ends_with("Really restart the remote supervisord process y/N?");
    terminal.types("y\r");
    terminal.ends_with("y/N? y\nRestarted supervisord\nsupervisor>");
    bed.eventually("it has read its file again", || bed.rpc("getProcessInfo", ["cat".into()]).is_ok());
    terminal.types("status\r");
    terminal.ends_with(&format!("supervisor> status\n{}supervisor>", stopped("cat")));
}

// undocumented: an action on the command line asks nothing.
#[test]
fn nothing_is_asked_outside_the_shell() {
    let mut bed = TestBed::new("");
    let mut terminal = bed.ctl_terminal(["shutdown"]);
    assert_eq!(terminal.exit_code(), Some(0));
    terminal.becomes("Shut down\n");
    drop(terminal);
    assert_eq!(bed.exit_code(), Some(0));
}

const LOCKED: &str = "[inet_http_server]\nport=127.0.0.1:{port}\nusername=me\npassword=pa:ss\n\
    [supervisorctl]\nserverurl=http://127.0.0.1:{port}\n[program:cat]\ncommand=/bin/cat\nautostart=false\n";

// undocumented: who is not let in is asked for name and password, until they are right.
#[test]
fn name_and_password_are_asked_for() {
    let bed = TestBed::new(LOCKED);
    let mut terminal = bed.ctl_terminal([]);
    terminal.shows("Server requires authentication\n");
    terminal.ends_with("Username:");
    terminal.types("me\r");
    terminal.ends_with("Username:me\nPassword:");
    terminal.types("wrong\r");
    terminal.ends_with("Server requires authentication\nUsername:");
    terminal.types("me\r");
    terminal.ends_with("Username:me\nPassword:");
    terminal.types("pa:ss\r");
    terminal.ends_with(&format!("Password:\n\n{}supervisor>", stopped("cat")));
    assert!(!terminal.screen().contains("pa:ss") && !terminal.screen().contains("wrong"));
    // It is asked for once.
    terminal.types("pid cat\r");
    terminal.ends_with("supervisor> pid cat\n0\nsupervisor>");
}

// undocumented: what is typed as a password is not shown, and the terminal is as before when nobody goes on.
#[test]
fn a_password_is_not_shown_while_it_is_typed() {
    let bed = TestBed::new(LOCKED);
    let mut terminal = bed.ctl_terminal([]);
    terminal.ends_with("Username:");
    terminal.types("me\r");
    terminal.ends_with("Username:me\nPassword:");
    bed.eventually("keys are not shown", || !terminal.shows_keys());
    terminal.types(&format!("secret{CTRL_C}"));
    assert_eq!(terminal.exit_code(), Some(0));
    assert!(terminal.shows_keys());
    assert!(!terminal.screen().contains("secret"), "{}", terminal.screen());
}

// undocumented: an action on the command line asks for no password either.
#[test]
fn nobody_is_asked_for_a_password_outside_the_shell() {
    let bed = TestBed::new(LOCKED);
    let mut terminal = bed.ctl_terminal(["pid"]);
    assert_eq!(terminal.exit_code(), Some(1));
    let screen = terminal.screen();
    let refused = "Server requires authentication\n\
        error: <class 'xmlrpc.client.ProtocolError'>, <ProtocolError for 127.0.0.1/RPC2: 401 Unauthorized>";
    assert!(screen.starts_with(refused), "{screen}");
}
