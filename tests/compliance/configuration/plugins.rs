//! `[rpcinterface:x]`, whose factories are Python code in the original.

use harness::Setup;

use super::{Reader, starts_not, table};

const MAIN: &str = "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n";

// configuration.rst, supervisor.rpcinterface_factory: "Required: Yes"; what cannot be imported is told.
#[test]
fn an_interface_needs_a_factory_that_is_there() {
    let reader = Reader::new();
    table(
        &[
            (
                "[rpcinterface:a]\n",
                "section [rpcinterface:a] does not specify a supervisor.rpcinterface_factory",
            ),
            (
                "[rpcinterface:a]\nsupervisor.rpcinterface_factory=no_such_module:make\n",
                "no_such_module:make cannot be resolved within [rpcinterface:a]",
            ),
            (
                "[rpcinterface:a]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:nope\n",
                "supervisor.rpcinterface:nope cannot be resolved within [rpcinterface:a]",
            ),
        ],
        |text| reader.refuses(text),
    );
    assert_eq!(
        starts_not("[rpcinterface:a]\nsupervisor.rpcinterface_factory=no_such_module:make\n").refusal(),
        "no_such_module:make cannot be resolved within [rpcinterface:a]"
    );
}

// configuration.rst, [rpcinterface:x]: the name of the section is the namespace.
#[test]
fn an_interface_may_have_another_name() {
    let bed = Setup { text: &format!("[rpcinterface:other]\n{MAIN}"), ..Setup::default() }.start();
    assert_eq!(bed.ask("other.getIdentification", []), "supervisor".into());
    assert_eq!(bed.ask("supervisor.getIdentification", []), "supervisor".into());
    bed.logs("INFO RPC interface 'other' initialized");
    bed.logs("INFO RPC interface 'supervisor' initialized");
}

// undocumented: without such a section, the methods are not there.
#[test]
fn without_an_interface_there_are_no_methods() {
    let setup = Setup {
        text: "[unix_http_server]\nfile=%(here)s/supervisor.sock\n\
               [supervisord]\nlogfile=%(here)s/supervisord.log\npidfile=%(here)s/supervisord.pid\n",
        bare: true,
        ..Setup::default()
    };
    let bed = setup.start();
    let fault = bed.rpc("getState", []).unwrap_err();
    assert_eq!((fault.code, fault.text.as_str()), (1, "UNKNOWN_METHOD"));
    let harness::Value::Array(methods) = bed.ask("system.listMethods", []) else { panic!() };
    assert!(methods.iter().all(|method| harness::text(method).starts_with("system.")), "{methods:?}");
}

// undocumented: other keys are arguments of the factory, and the one that there is takes none.
#[test]
fn an_interface_takes_no_other_keys() {
    let output = starts_not(&format!("[rpcinterface:other]\n{MAIN}retries=2\n"));
    assert_eq!(output.refusal(), "Could not make other rpc interface");
    assert_eq!(starts_not("[DEFAULT]\nstartsecs=3\n").refusal(), "Could not make supervisor rpc interface");
}

// undocumented: the daemon does not look at the plug-ins of supervisorctl.
#[test]
fn the_daemon_ignores_plugins_of_supervisorctl() {
    let reader = Reader::new();
    assert_eq!(reader.reads("[ctlplugin:a]\nsupervisor.ctl_factory=no_such_module:make\n"), []);
}
