//! The documents that are understood, and those that are sent.

use harness::{Setup, TestBed, Value};

use super::{answer, call, document, fault, post};

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=600\n";

/// Where everything answers: the first 5 bytes of the main log are asked for in different ways.
fn with_log() -> TestBed {
    let bed = TestBed::new(&format!("{CAT}stdout_logfile=%(here)s/out\n"));
    bed.write("out", "0123456789");
    bed
}

// undocumented: the answer's layout is that of Python's writer, to the byte: there are clients that cut it apart.
#[test]
fn an_answer_has_the_layout_of_pythons_writer() {
    let bed = TestBed::new("");
    let response = post(&bed, &call("supervisor.getState", &[]));
    assert_eq!(
        response.body,
        document(
            "<value><struct>\n\
             <member>\n<name>statecode</name>\n<value><int>1</int></value>\n</member>\n\
             <member>\n<name>statename</name>\n<value><string>RUNNING</string></value>\n</member>\n\
             </struct></value>"
        )
    );
    assert_eq!(response.header("content-type"), Some("text/xml"));
    assert_eq!(response.header("content-length"), Some(response.body.len().to_string().as_str()));
    assert_eq!(answer(&bed, "supervisor.getVersion", &[]), document("<value><string>3.0</string></value>"));
    assert_eq!(
        answer(&bed, "supervisor.sendRemoteCommEvent", &["<value>a</value>", "<value>b</value>"]),
        document("<value><boolean>1</boolean></value>")
    );
    assert_eq!(
        answer(&bed, "supervisor.reloadConfig", &[]),
        document(
            "<value><array><data>\n<value><array><data>\n\
             <value><array><data>\n</data></array></value>\n<value><array><data>\n</data></array></value>\n\
             <value><array><data>\n</data></array></value>\n\
             </data></array></value>\n</data></array></value>"
        )
    );
    assert_eq!(answer(&bed, "supervisor.getNothing", &[]), fault(1, "UNKNOWN_METHOD"));
}

// undocumented: a call whose answer comes later is answered alike.
#[test]
fn a_late_answer_has_the_same_layout() {
    let bed = TestBed::new(CAT);
    let response = post(&bed, &call("supervisor.stopAllProcesses", &[]));
    assert_eq!(response.body, document("<value><array><data>\n</data></array></value>"));
    assert_eq!(response.header("content-type"), Some("text/xml"));
    assert_eq!(response.header("content-length"), Some(response.body.len().to_string().as_str()));
    let failing = TestBed::new("[program:quick]\ncommand=/bin/false\nautostart=false\nstartsecs=10\n");
    assert_eq!(
        answer(&failing, "supervisor.startProcess", &["<value>quick</value>"]),
        fault(50, "SPAWN_ERROR: quick")
    );
}

// undocumented: what text must not hold is escaped, what it may hold is not.
#[test]
fn text_is_escaped() {
    let bed = Setup { args: &["-i", "<a b='c'>&\"é</a>\u{1F600}"], ..Setup::default() }.start();
    assert_eq!(
        answer(&bed, "supervisor.getIdentification", &[]),
        document("<value><string>&lt;a b='c'&gt;&amp;\"é&lt;/a&gt;\u{1F600}</string></value>")
    );
    assert_eq!(
        answer(&bed, "supervisor.getProcessInfo", &["<value>&lt;x&gt;&amp;amp;&#233;</value>"]),
        fault(10, "BAD_NAME: &lt;x&gt;&amp;amp;é")
    );
}

// undocumented: the types that are understood where a text is expected.
#[test]
fn text_may_be_written_in_several_ways() {
    let bed = with_log();
    let told = document("<value><string>0123456789</string></value>");
    for name in [
        "<value><string>cat</string></value>",
        "<value>c<!-- a comment -->at</value>",
        "<value><![CDATA[cat]]></value>",
        "<value>&#99;at</value>",
        "<value><base64>Y2F0</base64></value>",
        "<value><base64>\n  Y2\n  F0\n</base64></value>",
        "<value>\n<string>cat</string>\n</value>",
        "<value><unheard>cat</unheard></value>",
    ] {
        assert_eq!(answer(&bed, "supervisor.readProcessLog", &[name, ZERO, ZERO]), told, "{name}");
    }
}

const ZERO: &str = "<value><int>0</int></value>";

// undocumented: the types that are understood where a number is expected.
#[test]
fn numbers_may_be_written_in_several_ways() {
    let bed = with_log();
    for five in [
        "<value><int>5</int></value>",
        "<value><i4>5</i4></value>",
        "<value><i8>5</i8></value>",
        "<value><int> 5 </int></value>",
        "<value><int>+5</int></value>",
        "<value><int>005</int></value>",
        "<value>5</value>",
        "<value><string> 5 </string></value>",
        "<value><double>5.9</double></value>",
    ] {
        assert_eq!(
            answer(&bed, "supervisor.readProcessStdoutLog", &["<value>cat</value>", five, ZERO]),
            document("<value><string>56789</string></value>"),
            "{five}"
        );
    }
    // A truth is a number too.
    assert_eq!(
        answer(
            &bed,
            "supervisor.readProcessStdoutLog",
            &["<value>cat</value>", "<value><boolean>1</boolean></value>", "<value>3</value>"]
        ),
        document("<value><string>123</string></value>")
    );
}

// undocumented: what cannot be a number at all.
#[test]
fn what_is_no_number_is_refused() {
    let bed = with_log();
    let read = |offset: &str| {
        post(&bed, &call("supervisor.readProcessStdoutLog", &["<value>cat</value>", offset, ZERO]))
    };
    for wrong in ["<value><nil/></value>", "<value><array><data></data></array></value>"] {
        assert_eq!(read(wrong).body, fault(2, "INCORRECT_PARAMETERS"), "{wrong}");
    }
    // A document in which even the number is none.
    for wrong in
        ["<value><int>five</int></value>", "<value><double>x</double></value>", "<value><int></int></value>"]
    {
        assert_eq!(read(wrong).status, "HTTP/1.1 400 Bad Request", "{wrong}");
    }
}

// undocumented: only 1 is true.
#[test]
fn only_one_is_true() {
    let bed = TestBed::new(CAT);
    for (number, wait) in ["0", "true", " 1", ""].into_iter().enumerate() {
        // It would wait for ten minutes.
        let wait = format!("<value><boolean>{wait}</boolean></value>");
        let started = answer(&bed, "supervisor.startProcess", &["<value>cat</value>", &wait]);
        let expected = if number == 0 {
            document("<value><boolean>1</boolean></value>")
        } else {
            fault(60, "ALREADY_STARTED: cat")
        };
        assert_eq!(started, expected, "{wait}");
    }
}

// undocumented: other values than truths are judged as Python judges them.
#[test]
fn other_values_may_stand_for_truths() {
    let bed = TestBed::new(CAT);
    for wait in [
        "<value><int>0</int></value>",
        "<value></value>",
        "<value><string></string></value>",
        "<value><double>0.0</double></value>",
        "<value><nil/></value>",
        "<value><array><data></data></array></value>",
    ] {
        let started = answer(&bed, "supervisor.startProcess", &["<value>cat</value>", wait]);
        assert_eq!(started, document("<value><boolean>1</boolean></value>"), "{wait}");
        bed.ask("stopProcess", ["cat".into()]);
    }
}

// undocumented: clients leave out what is empty, and write more than is needed.
#[test]
fn parameters_may_be_left_out() {
    let bed = TestBed::new("");
    let version = document("<value><string>3.0</string></value>");
    for text in [
        "<methodCall><methodName>supervisor.getVersion</methodName></methodCall>",
        "<methodCall><methodName>supervisor.getVersion</methodName><params/></methodCall>",
        "<methodCall><methodName>supervisor.getVersion</methodName><params>\n</params></methodCall>\n\n",
        "<?xml version='1.0'?>\n<methodCall>\n<methodName>supervisor.getVersion</methodName>\n<params>\n</params>\n</methodCall>\n",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><!-- a client --><methodCall  a='b'>\
         <methodName>supervisor.getVersion</methodName><params></params></methodCall>",
    ] {
        assert_eq!(post(&bed, text).body, version, "{text}");
    }
}

// undocumented: blanks are part of a method's name.
#[test]
fn the_name_of_a_method_is_taken_as_it_stands() {
    let bed = TestBed::new("");
    for name in [
        " supervisor.getVersion",
        "supervisor.getVersion\n",
        "Supervisor.getVersion",
        "supervisor.getversion",
    ] {
        assert_eq!(answer(&bed, name, &[]), fault(1, "UNKNOWN_METHOD"), "{name:?}");
    }
}

// undocumented: what is no call is a bad request.
#[test]
fn what_is_no_call_is_a_bad_request() {
    let bed = TestBed::new("");
    for text in [
        "supervisor.getVersion",
        "<methodCall><methodName>supervisor.getVersion</methodName>",
        "<methodCall><methodName>supervisor.getVersion</methodname></methodCall>",
        "<methodCall><methodName>supervisor.getVersion</methodName></methodCall><more/>",
        "<methodCall><methodName>supervisor.getVersion</methodName><params>&nbsp;</params></methodCall>",
        "<methodCall></methodCall>",
        "<methodCall><methodName></methodName></methodCall>",
        "<methodCall><params></params></methodCall>",
        "<html/>",
        " ",
        "\u{1}",
    ] {
        let response = post(&bed, text);
        assert_eq!(response.status, "HTTP/1.1 400 Bad Request", "{text:?}");
        assert_eq!(response.header("content-type"), Some("text/html"));
        assert_eq!(
            response.body,
            "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n\
             <p>Error code 400.\r\n<p>Message: Bad Request.\r\n</body>\r\n"
        );
    }
    assert_eq!(bed.rpc("getVersion", []), Ok("3.0".into()));
}

// undocumented: what is no call is told in the log.
#[test]
fn what_is_no_call_is_logged() {
    let bed = TestBed::new("");
    post(&bed, "<methodCall>");
    bed.logs("ERRO XML-RPC request data '<methodCall>' is invalid: unmarshallable");
    post(&bed, "<methodCall/>");
    bed.logs("ERRO XML-RPC request data '<methodCall/>' is invalid: no method name");
}

// undocumented: the address of the interface is any that begins so; it wants POST.
#[test]
fn the_interface_is_posted_to() {
    let bed = TestBed::new("");
    let text = call("supervisor.getVersion", &[]);
    for uri in ["/RPC2", "/RPC2/", "/RPC2/x?y=z", "/RPC23"] {
        let response =
            bed.request(&format!("POST {uri} HTTP/1.1\r\nContent-Length: {}\r\n\r\n{text}", text.len()));
        assert_eq!(response.body, document("<value><string>3.0</string></value>"), "{uri}");
    }
    for method in ["GET", "PUT", "DELETE"] {
        let response = bed.request(&format!("{method} /RPC2 HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_eq!(response.status, "HTTP/1.1 400 Bad Request", "{method}");
    }
    let response = bed.request("POST /rpc2 HTTP/1.1\r\nContent-Length: 1\r\n\r\nx");
    assert_eq!(response.status, "HTTP/1.1 400 Bad Request");
}

// undocumented: structures within structures, as system.multicall takes them.
#[test]
fn structures_may_be_nested() {
    let bed = TestBed::new(CAT);
    let calls = "<value><array><data>\
        <value><struct><member><name>methodName</name><value>supervisor.getProcessInfo</value></member>\
        <member><name>params</name><value><array><data><value><string>dog</string></value></data></array></value></member>\
        </struct></value>\
        <value>\n<struct>\n<member>\n<name>params</name>\n<value><array>\n<data>\n</data>\n</array></value>\n</member>\n\
        <member><name>methodName</name><value><string>supervisor.getVersion</string></value></member>\n</struct>\n</value>\
        </data></array></value>";
    assert_eq!(
        answer(&bed, "system.multicall", &[calls]),
        document(
            "<value><array><data>\n<value><struct>\n\
             <member>\n<name>faultCode</name>\n<value><int>10</int></value>\n</member>\n\
             <member>\n<name>faultString</name>\n<value><string>BAD_NAME: dog</string></value>\n</member>\n\
             </struct></value>\n<value><string>3.0</string></value>\n</data></array></value>"
        )
    );
    assert_eq!(bed.rpc("getState", []).map(|state| harness::member(&state, "statecode")), Ok(Value::Int(1)));
}
