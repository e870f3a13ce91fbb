use super::*;

fn read_line(line: &str) -> Result<Request, String> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("secret"), "from file\nmore\n").expect("writable");
    let environment = vec![("SUPERVISOR_PASSWORD".to_owned(), "from environment".to_owned())];
    let around = Surroundings { environment, cwd: folder.path().to_owned() };
    let words: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(String::from).collect();
    let program = folder.path().join("bin/supervisorctl");
    super::read(&program, &words, &around).map_err(|error| error.to_string())
}

fn options(line: &str) -> Options {
    match read_line(line) {
        Ok(Request::Run(options, _)) => options,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn a_line_without_options_has_the_defaults() {
    let expected = Options {
        interactive: false,
        serverurl: "http://localhost:9001".into(),
        url_source: UrlSource::Default,
        username: None,
        password: Some("from environment".into()),
        prompt: "supervisor".into(),
        history_file: None,
        file: None,
    };
    assert_eq!(read_line("status -c x  all"), Ok(Request::Run(expected, "status -c x all".into())));
    assert!(options("").interactive);
    assert!(options("-i status").interactive);
}

#[test]
fn each_option_is_taken() {
    let options = options("-i --server unix:///s -u me --pass secret -r /h status");
    assert_eq!((&*options.serverurl, options.url_source), ("unix:///s", UrlSource::CommandLine));
    let credentials = Credentials { username: "me".into(), password: "secret".into() };
    assert_eq!(options.credentials(), Some(credentials));
    assert_eq!(options.history_file, Some("/h".into()));
    assert!(options.interactive);
}

#[test]
fn the_nearest_password_counts() {
    assert_eq!(options("status").password.as_deref(), Some("from environment"));
    assert_eq!(options("--password-file secret status").password.as_deref(), Some("from file"));
    assert_eq!(options("--password-file secret -p x status").password.as_deref(), Some("x"));
}

#[test]
fn mistakes_have_the_original_sentences() {
    for (line, expected) in [
        ("-v", "option -v not recognized"),
        ("--history-file x", "option --history-file not recognized"),
        ("-s foo", "invalid value for -s 'foo': value 'foo' is not a URL"),
        ("-s http:// status", "invalid value for -s 'http://': value 'http://' is not a URL"),
        ("-u a -u a status", "conflicting command line option '-u'"),
        ("-i --interactive status", "conflicting command line option '--interactive'"),
        ("-c /nonexistent status", "could not find config file /nonexistent"),
        ("-h -Z", "option -Z not recognized"),
        (
            "--password-file nothing",
            "invalid value for --password-file 'nothing': No such file or directory (os error 2)",
        ),
    ] {
        assert_eq!(read_line(line), Err(expected.to_owned()), "{line}");
    }
}

#[test]
fn help_wins_over_what_follows_it() {
    for line in ["-h", "--help", "-?", "-h -s foo", "-i -h status"] {
        assert!(matches!(read_line(line), Ok(Request::Help(_))), "{line}");
    }
    let Ok(Request::Help(text)) = read_line("-h") else { panic!("help") };
    assert!(text.contains("bin/supervisorctl") && text.contains("--password-file <FILE>"), "{text}");
}

#[test]
fn a_file_that_cannot_be_parsed_is_not_a_matter_of_usage() {
    let folder = tempfile::tempdir().expect("a folder");
    let around = Surroundings { environment: Vec::new(), cwd: folder.path().to_owned() };
    let status = |text: &str| {
        std::fs::write(folder.path().join("supervisord.conf"), text).expect("writable");
        super::read(Path::new("supervisorctl"), &["status".to_owned()], &around)
            .expect_err("refused")
            .exit_status()
    };
    assert_eq!(status("garbage\n"), 1);
    assert_eq!(status("[supervisord]\n"), 2);
}

#[test]
fn urls_have_a_scheme_and_something_behind_it() {
    for url in ["http://x", "unix:///x", "foo:bar", "localhost:9001", "HTTP://x"] {
        assert!(is_url(url), "{url}");
    }
    for url in ["", "foo", "http:", "http://", "1a:b", "/x:y"] {
        assert!(!is_url(url), "{url}");
    }
}

#[test]
fn the_table_is_sound() {
    command().debug_assert();
}
