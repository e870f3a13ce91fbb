//! The namespace `system`: what there is, and several calls in one.

use harness::{TestBed, Value, differs};

use super::{answer, refused};

const METHODS: [(&str, &[&str]); 41] = [
    ("supervisor.addProcessGroup", &["boolean", "string"]),
    ("supervisor.clearAllProcessLogs", &["array"]),
    ("supervisor.clearLog", &["boolean"]),
    ("supervisor.clearProcessLog", &["boolean", "string"]),
    ("supervisor.clearProcessLogs", &["boolean", "string"]),
    ("supervisor.getAPIVersion", &["string"]),
    ("supervisor.getAllConfigInfo", &["array"]),
    ("supervisor.getAllProcessInfo", &["array"]),
    ("supervisor.getIdentification", &["string"]),
    ("supervisor.getPID", &["int"]),
    ("supervisor.getProcessInfo", &["struct", "string"]),
    ("supervisor.getState", &["struct"]),
    ("supervisor.getSupervisorVersion", &["string"]),
    ("supervisor.getVersion", &["string"]),
    ("supervisor.readLog", &["string", "int", "int"]),
    ("supervisor.readMainLog", &["string", "int", "int"]),
    ("supervisor.readProcessLog", &["string", "string", "int", "int"]),
    ("supervisor.readProcessStderrLog", &["string", "string", "int", "int"]),
    ("supervisor.readProcessStdoutLog", &["string", "string", "int", "int"]),
    ("supervisor.reloadConfig", &["array"]),
    ("supervisor.removeProcessGroup", &["boolean", "string"]),
    ("supervisor.restart", &["boolean"]),
    ("supervisor.sendProcessStdin", &["boolean", "string", "string"]),
    ("supervisor.sendRemoteCommEvent", &["boolean", "string", "string"]),
    ("supervisor.shutdown", &["boolean"]),
    ("supervisor.signalAllProcesses", &["array", "string"]),
    ("supervisor.signalProcess", &["boolean", "string", "string"]),
    ("supervisor.signalProcessGroup", &["array", "string", "string"]),
    ("supervisor.startAllProcesses", &["array", "boolean"]),
    ("supervisor.startProcess", &["boolean", "string", "boolean"]),
    ("supervisor.startProcessGroup", &["array", "string", "boolean"]),
    ("supervisor.stopAllProcesses", &["array", "boolean"]),
    ("supervisor.stopProcess", &["boolean", "string", "boolean"]),
    ("supervisor.stopProcessGroup", &["array", "string", "boolean"]),
    ("supervisor.tailProcessLog", &["array", "string", "int", "int"]),
    ("supervisor.tailProcessStderrLog", &["array", "string", "int", "int"]),
    ("supervisor.tailProcessStdoutLog", &["array", "string", "int", "int"]),
    ("system.listMethods", &["array"]),
    ("system.methodHelp", &["string", "string"]),
    ("system.methodSignature", &["array", "string"]),
    ("system.multicall", &["array", "array"]),
];

// api.rst, system.listMethods: "Return an array listing the available method names".
#[test]
fn all_methods_are_listed() {
    let bed = TestBed::new("");
    let Value::Array(listed) = bed.ask("system.listMethods", []) else { panic!("an array") };
    let listed: Vec<String> = listed.iter().map(harness::text).collect();
    // What only one of them has stands in a namespace of its own.
    let listed: Vec<&str> = listed.iter().map(String::as_str).filter(|name| known(name)).collect();
    assert_eq!(listed, METHODS.map(|(name, _)| name));
}

fn known(name: &str) -> bool {
    name.starts_with("supervisor.") || name.starts_with("system.")
}

// api.rst, system.methodSignature: "Return an array describing the method signature in the form [rtype, ptype, ptype...]".
#[test]
fn every_method_has_its_signature() {
    let bed = TestBed::new("");
    for (name, signature) in METHODS {
        assert_eq!(
            bed.ask("system.methodSignature", [name.into()]),
            Value::from(signature.to_vec()),
            "{name}"
        );
    }
}

// api.rst, system.methodHelp: "Return a string showing the method's documentation".
#[test]
fn every_method_has_its_help() {
    let bed = TestBed::new("");
    for (name, signature) in METHODS {
        let help = harness::text(&bed.ask("system.methodHelp", [name.into()]));
        // It names the types, and is what the signature is read from.
        assert_eq!(help.matches("@param").count(), signature.len() - 1, "{help}");
        assert!(help.contains("@return"), "{help}");
    }
}

// undocumented: what is not known has neither.
#[test]
fn an_unknown_method_has_no_signature() {
    let bed = TestBed::new("");
    let unsupported = (4, "SIGNATURE_UNSUPPORTED".to_owned());
    for name in ["nothing", "supervisor.nothing", "getState", "", "supervisor._update"] {
        assert_eq!(refused(&bed, "system.methodSignature", [name.into()]), unsupported, "{name}");
        assert_eq!(refused(&bed, "system.methodHelp", [name.into()]), unsupported, "{name}");
    }
}

fn calls(calls: &[(&str, Vec<Value>)]) -> Value {
    let call = |(name, params): &(&str, Vec<Value>)| {
        Value::Struct(vec![
            ("methodName".to_owned(), (*name).into()),
            ("params".to_owned(), Value::Array(params.clone())),
        ])
    };
    Value::Array(calls.iter().map(call).collect())
}

fn fault(code: i64, text: &str) -> Value {
    Value::Struct(vec![("faultCode".to_owned(), code.into()), ("faultString".to_owned(), text.into())])
}

// api.rst, system.multicall: "Process an array of calls, and return an array of results." Each result is bare, though the manual puts
// it into an array of its own.
#[test]
fn several_calls_in_one() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    let several = calls(&[
        ("supervisor.getVersion", vec![]),
        ("supervisor.getProcessInfo", vec!["dog".into()]),
        ("supervisor.nothing", vec![]),
        ("system.methodSignature", vec!["supervisor.getPID".into()]),
        ("supervisor.getPID", vec!["x".into()]),
        ("supervisor.tailProcessLog", vec!["cat".into(), Value::Int(0), Value::Int(0)]),
    ]);
    assert_eq!(
        bed.ask("system.multicall", [several]),
        Value::Array(vec![
            "3.0".into(),
            fault(10, "BAD_NAME: dog"),
            fault(1, "UNKNOWN_METHOD"),
            Value::from(vec!["int"]),
            fault(2, "INCORRECT_PARAMETERS"),
            Value::Array(vec!["".into(), Value::Int(0), false.into()]),
        ])
    );
    assert_eq!(bed.ask("system.multicall", [Value::Array(vec![])]), Value::Array(vec![]));
}

// undocumented: a call in it that is none.
#[test]
fn each_of_several_calls_needs_its_name() {
    let bed = TestBed::new("");
    let nameless = Value::Struct(vec![("params".to_owned(), Value::Array(vec![]))]);
    let plain = Value::Struct(vec![("methodName".to_owned(), "supervisor.getVersion".into())]);
    let several = Value::Array(vec![nameless, plain, Value::Struct(vec![])]);
    let no_name = || fault(2, "INCORRECT_PARAMETERS: No methodName");
    assert_eq!(
        bed.ask("system.multicall", [several]),
        Value::Array(vec![no_name(), "3.0".into(), no_name()])
    );
    let nested = calls(&[("system.multicall", vec![calls(&[])])]);
    assert_eq!(
        bed.ask("system.multicall", [nested]),
        Value::Array(vec![fault(2, "INCORRECT_PARAMETERS: Recursive system.multicall forbidden")])
    );
}

// undocumented: calls that take their time hold up those behind them.
#[test]
fn several_calls_run_one_after_the_other() {
    let bed = TestBed::new(
        "[program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=1\n\
         [program:dog]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n\
         [program:eel]\ncommand=/bin/false\nautostart=false\nstartsecs=10\n",
    );
    let several = calls(&[
        ("supervisor.startProcess", vec!["cat".into()]),
        ("supervisor.startProcess", vec!["eel".into()]),
        ("supervisor.getProcessInfo", vec!["cat".into()]),
        ("supervisor.stopProcessGroup", vec!["cat".into()]),
        ("supervisor.startProcess", vec!["dog".into()]),
        ("supervisor.stopProcess", vec!["dog".into(), false.into()]),
    ]);
    let Value::Array(results) = bed.ask("system.multicall", [several]) else { panic!("an array") };
    assert_eq!(results.len(), 6);
    assert_eq!(results[0], true.into());
    assert_eq!(results[1], fault(50, "SPAWN_ERROR: eel"));
    assert_eq!(harness::member(&results[2], "statename"), "RUNNING".into());
    let Value::Array(stopped) = &results[3] else { panic!("an array") };
    assert_eq!(harness::member(&stopped[0], "description"), "OK".into());
    assert_eq!(results[4..], [true.into(), true.into()]);
}

// undocumented: what is no array of structures.
#[test]
fn what_is_no_array_of_calls_is_refused() {
    let bed = TestBed::new("");
    let post = |value: &str| super::post(&bed, &super::call("system.multicall", &[value]));
    let not_calls = "<value><array><data><value>x</value></data></array></value>";
    assert_eq!(
        post(not_calls).body.contains("INCORRECT_PARAMETERS"),
        differs! { ours: true, theirs: false, why: "a call within system.multicall that is no struct is the fault INCORRECT_PARAMETERS and not an error 500" }
    );
    assert_eq!(
        answer(&bed, "supervisor.getVersion", &[]),
        super::document("<value><string>3.0</string></value>")
    );
}
