use super::*;

fn asked(line: &str) -> Result<Request, String> {
    let words: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(String::from).collect();
    let invocation = Invocation {
        program: "/usr/bin/supervisord".into(),
        environment: vec![("HOME".to_owned(), "/tmp".to_owned())],
        folder: "/".into(),
    };
    request(&words, &invocation).map_err(|mistake| mistake.to_string())
}

#[test]
fn mistakes_of_form_come_first_then_positional_words_then_values() {
    for (line, sentence) in [
        ("-h -Z", "option -Z not recognized"),
        ("-m 9 foo -Z", "positional arguments are not supported: ['foo', '-Z']"),
        ("-h foo", "positional arguments are not supported: ['foo']"),
        ("-m 9 -h", "invalid value for -m '9': 9 can not be converted to an octal type"),
        ("--no", "option --no not a unique prefix"),
        ("--nop", "option --nop not recognized"),
        ("--che", "option --che not recognized"),
        ("-c", "option -c requires argument"),
        ("-n --nodaemon", "conflicting command line option '--nodaemon'"),
        ("-c a -c a", "conflicting command line option '-c'"),
        ("-m 022 -m 9", "invalid value for -m '9': 9 can not be converted to an octal type"),
        ("-d /nowhere", "invalid value for -d '/nowhere': /nowhere is not an existing directory"),
        (
            "--logfile=/nowhere/x",
            "invalid value for --logfile '/nowhere/x': The directory named as part of the path /nowhere/x does not \
             exist",
        ),
        ("-y 1XB", "invalid value for -y '1XB': invalid literal for int() with base 10: '1xb'"),
        ("-z x", "invalid value for -z 'x': invalid literal for int() with base 10: 'x'"),
        ("-e warning", "invalid value for -e 'warning': bad logging level name 'warning'"),
        ("-a x", "invalid value for -a 'x': invalid literal for int() with base 10: 'x'"),
    ] {
        assert_eq!(asked(line), Err(sentence.to_owned()), "{line}");
    }
}

#[test]
fn the_first_of_help_and_version_is_answered() {
    assert_eq!(asked("-v -m 9"), Ok(Request::Version));
    assert_eq!(asked("-?v"), Ok(Request::Help));
    assert_eq!(asked("--vers"), Ok(Request::Version));
    assert_eq!(asked("-n -h"), Ok(Request::Help));
}

#[test]
fn the_command_line_fills_the_overrides() {
    let line =
        "-nskt -cf -u me -m 0o27 -d ~ -l ~/log -y 1kb -z 2 -e WARN -j p -i x -q /tmp -a 5 --minprocs 6";
    let overrides = Overrides {
        nodaemon: true,
        silent: true,
        nocleanup: true,
        strip_ansi: true,
        user: Some("me".to_owned()),
        umask: Some(0o27),
        directory: Some("/tmp".into()),
        logfile: Some("/tmp/log".into()),
        logfile_maxbytes: Some(1024),
        logfile_backups: Some(2),
        loglevel: Some(LogLevel::Warn),
        pidfile: Some("p".into()),
        identifier: Some("x".to_owned()),
        childlogdir: Some("/tmp".into()),
        minfds: Some(5),
        minprocs: Some(6),
    };
    assert_eq!(
        asked(line),
        Ok(Request::Run { check: false, file: Some("f".to_owned()), overrides: overrides.into() })
    );
    let run = Request::Run { check: true, file: None, overrides: Box::default() };
    assert_eq!(asked("--check"), Ok(run));
    assert_eq!(asked("--init dir"), Ok(Request::Init("dir".to_owned())));
}

#[test]
fn every_option_is_described_and_the_table_is_sound() {
    command().debug_assert();
    for arg in command().get_arguments() {
        assert!(arg.get_help().is_some(), "{}", arg.get_id());
    }
}
