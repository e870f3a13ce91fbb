use proptest::prelude::*;

use super::*;

fn around() -> Surroundings {
    Surroundings::new(&[("HOME".to_owned(), "/tmp".to_owned())], Path::new("/"))
}

/// Checks texts that have a meaning, and texts and the sentence about each.
fn check<T: Value, U: PartialEq + std::fmt::Debug>(
    shown: impl Fn(T) -> U,
    good: &[(&str, U)],
    bad: &[(&str, &str)],
) {
    for (text, expected) in good {
        let value = T::parse(text, &around()).map(&shown);
        assert_eq!(value.as_ref(), Ok(expected), "{text:?}");
    }
    for (text, sentence) in bad {
        let error = T::parse(text, &around()).map(&shown).map_err(|error| error.to_string());
        assert_eq!(error, Err((*sentence).to_owned()), "{text:?}");
    }
}

#[test]
fn booleans() {
    check::<bool, _>(
        |value| value,
        &[
            ("yes", true),
            ("TRUE", true),
            ("On", true),
            ("1", true),
            ("no", false),
            ("false", false),
            ("0", false),
        ],
        &[
            ("", "not a valid boolean value: ''"),
            ("2", "not a valid boolean value: '2'"),
            (" on", "not a valid boolean value: ' on'"),
        ],
    );
}

#[test]
fn integers() {
    check::<i64, _>(
        |value| value,
        &[("7", 7), ("-1", -1), (" +1_000 ", 1000), ("00", 0)],
        &[
            ("", "invalid literal for int() with base 10: ''"),
            ("1.5", "invalid literal for int() with base 10: '1.5'"),
            ("it's", "invalid literal for int() with base 10: \"it's\""),
        ],
    );
}

#[test]
fn octal_numbers() {
    check::<Octal, _>(
        |Octal(bits)| bits,
        &[("022", 0o22), ("22", 0o22), ("0o22", 0o22), ("7777777", 0o7_777_777)],
        &[("8", "8 can not be converted to an octal type"), ("", " can not be converted to an octal type")],
    );
}

#[test]
fn sizes() {
    check::<Size, _>(
        |Size(bytes)| bytes,
        &[
            ("0", 0),
            ("5KB", 5 << 10),
            ("50 mb", 50 << 20),
            ("1Gb", 1 << 30),
            ("-1kb", -1024),
            ("99999999999GB", i64::MAX),
        ],
        &[
            ("1.5MB", "invalid literal for int() with base 10: '1.5'"),
            ("10B", "invalid literal for int() with base 10: '10b'"),
            ("MB", "invalid literal for int() with base 10: ''"),
        ],
    );
}

#[test]
fn levels() {
    check::<LogLevel, _>(
        |level| level,
        &[("info", LogLevel::Info), ("CRITICAL", LogLevel::Critical), ("Blather", LogLevel::Blather)],
        &[("warning", "bad logging level name 'warning'"), ("", "bad logging level name ''")],
    );
}

#[test]
fn paths_need_the_folder_that_they_name() {
    check::<FilePath, _>(
        |FilePath(path)| path,
        &[
            ("a.log", "a.log".into()),
            ("/tmp/a", "/tmp/a".into()),
            ("~/a", "/tmp/a".into()),
            ("tmp/a", "tmp/a".into()),
        ],
        &[("/nowhere/a", "The directory named as part of the path /nowhere/a does not exist")],
    );
    check::<Folder, _>(
        |Folder(path)| path,
        &[("/", "/".into()), ("~", "/tmp".into()), ("tmp", "tmp".into())],
        &[
            ("/nowhere", "/nowhere is not an existing directory"),
            ("/etc/passwd", "/etc/passwd is not an existing directory"),
            ("", " is not an existing directory"),
        ],
    );
}

#[test]
fn users_and_groups() {
    check::<UserId, _>(
        |UserId(uid)| uid,
        &[("root", 0), ("0", 0), (" 0 ", 0)],
        &[
            ("nobody-of-this-name", "Invalid user name nobody-of-this-name"),
            ("root:root", "Invalid user name root:root"),
            ("4294967290", "Invalid user id 4294967290"),
            ("-1", "Invalid user id -1"),
        ],
    );
    check::<Owner, _>(
        |Owner(user, group)| (user, group),
        &[("root", (0, None)), ("root:root", (0, Some(0))), ("0:0", (0, Some(0)))],
        &[("root:no-group-of-this-name", "Invalid user:group definition root:no-group-of-this-name")],
    );
}

#[test]
fn a_user_is_looked_up_once() {
    let around = around();
    for _ in 0..2 {
        assert!(matches!(UserId::parse("root", &around), Ok(UserId(0))));
        assert!(UserId::parse("nobody-of-this-name", &around).is_err());
    }
    assert_eq!(around.users.borrow().len(), 2);
}

#[test]
fn signals() {
    check::<Signal, _>(
        |Signal(number)| number,
        &[
            ("TERM", 15),
            ("sigusr1", 10),
            ("9", 9),
            ("0", 0),
            ("_DFL", 0),
            ("SIGRTMIN", 34),
            ("64", 64),
            ("iot", 6),
        ],
        &[
            ("NOPE", "value 'NOPE' is not a valid signal name"),
            ("", "value '' is not a valid signal name"),
            ("35", "value '35' is not a valid signal number"),
            ("-1", "value '-1' is not a valid signal number"),
        ],
    );
}

#[test]
fn exit_codes() {
    check::<Rc<[i32]>, _>(
        |codes| codes.to_vec(),
        &[("0", vec![0]), ("0, 2 ,255", vec![0, 2, 255]), ("", vec![])],
        &[
            ("1,", "not a valid list of exit codes: '1,'"),
            ("256", "not a valid list of exit codes: '256'"),
            ("-1", "not a valid list of exit codes: '-1'"),
        ],
    );
}

#[test]
fn restarts() {
    check::<Autorestart, _>(
        |value| value,
        &[("UNEXPECTED", Autorestart::Unexpected), ("yes", Autorestart::Always), ("off", Autorestart::Never)],
        &[("Maybe", "invalid 'autorestart' value 'maybe'")],
    );
}

#[test]
fn names() {
    check::<Name, _>(
        |Name(name)| name,
        &[(" a ", "a".into()), ("é", "é".into()), ("%(program_name)s", "%(program_name)s".into())],
        &[
            ("a b", "Invalid name: 'a b' because of character: ' '"),
            ("a:b", "Invalid name: 'a:b' because of character: ':'"),
            ("a/b", "Invalid name: 'a/b' because of character: '/'"),
            ("", "Invalid name: '' because it is empty"),
            ("  ", "Invalid name: '' because it is empty"),
        ],
    );
}

#[test]
fn logs() {
    check::<Logfile, _>(
        |value| value,
        &[
            ("NONE", Logfile::None),
            ("off", Logfile::None),
            ("Auto", Logfile::Auto),
            ("SysLog", Logfile::Syslog),
            ("/tmp/a", Logfile::File("/tmp/a".into())),
            ("", Logfile::File(String::new())),
        ],
        &[("/nowhere/a", "The directory named as part of the path /nowhere/a does not exist")],
    );
}

#[test]
fn addresses() {
    let address = |host: &str, port| (host.to_owned(), port);
    check::<InetAddress, _>(
        |value| (value.host, value.port),
        &[
            ("9001", address("", 9001)),
            (":9001", address("", 9001)),
            ("*:9001", address("", 9001)),
            ("LocalHost:1", address("localhost", 1)),
            ("[::1]:65535", address("::1", 65535)),
        ],
        &[
            ("x", "not a valid port number: 'x' "),
            ("", "not a valid port number: '' "),
            ("70000", "not a valid port number: '70000' "),
            ("a:", "no port number specified in ''"),
            ("a:070000", "70000 is above upper bound (65535)"),
            ("a:0", "0 is below lower bound (1)"),
            ("a:b", "invalid literal for int() with base 10: 'b'"),
            ("[x]:1", "not a valid IPv6 address: '[x]'"),
        ],
    );
}

#[test]
fn lists_and_urls() {
    check::<List, _>(
        |List(items)| items.join("|"),
        &[("", "".into()), ("a, b ,c", "a|b|c".into()), ("a,", "a|".into()), ("a\nb", "a\nb".into())],
        &[],
    );
    check::<Words, _>(
        |Words(words)| words.join("|"),
        &[(" a\n b\tc ", "a|b|c".into()), ("", "".into())],
        &[],
    );
    check::<ServerUrl, _>(
        |value| value,
        &[
            (" auto ", ServerUrl::Auto),
            ("", ServerUrl::Given(String::new())),
            ("x", ServerUrl::Given("x".into())),
        ],
        &[],
    );
}

proptest! {
    #[test]
    fn every_number_is_read_back(number in any::<i64>()) {
        prop_assert_eq!(i64::parse(&number.to_string(), &around()), Ok(number));
        let octal = number.unsigned_abs() as u32;
        prop_assert_eq!(Octal::parse(&format!("{octal:o}"), &around()).map(|Octal(bits)| bits), Ok(octal));
    }

    #[test]
    fn every_list_of_exit_codes_is_read_back(codes in prop::collection::vec(0..256_i32, 0..9)) {
        let text = codes.iter().map(i32::to_string).collect::<Vec<_>>().join(" , ");
        prop_assert_eq!(Rc::<[i32]>::parse(&text, &around()).map(|codes| codes.to_vec()), Ok(codes));
    }

    /// Every type has an answer, and its sentence one line, whatever the text is.
    #[test]
    fn any_text_has_an_answer(text in ".{0,20}") {
        let around = around();
        let answers = [
            bool::parse(&text, &around).err(),
            i64::parse(&text, &around).err(),
            Octal::parse(&text, &around).err(),
            Size::parse(&text, &around).err(),
            LogLevel::parse(&text, &around).err(),
            FilePath::parse(&text, &around).err(),
            Signal::parse(&text, &around).err(),
            Rc::<[i32]>::parse(&text, &around).err(),
            Autorestart::parse(&text, &around).err(),
            Name::parse(&text, &around).err(),
            InetAddress::parse(&text, &around).err(),
        ];
        for error in answers.into_iter().flatten() {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
