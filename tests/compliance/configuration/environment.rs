//! `environment=`: key/value pairs in the form `KEY="val",KEY2="val2"`.
//!
//! What was read shows in the command, which may use the program's own environment.

use harness::differs;

use super::{Reader, in_program, program, table};

/// What the variables A, B and so on are, in the form `A=1 B=2`; a variable that is not there is left out. `refused` when they cannot
/// be read.
#[track_caller]
fn pairs(reader: &Reader, environment: &str) -> String {
    let mut found = Vec::new();
    for name in ["A", "B", "C"] {
        let text = format!("[program:x]\nenvironment=%(ENV_NONE)s{environment}\ncommand=%(ENV_{name})s\n");
        reader.0.configure(&text);
        match reader.0.rpc("reloadConfig", []) {
            Ok(_) => {
                let command = super::one(reader.read(&text), "command");
                found.push(format!("{name}={}", harness::text(&command)));
            }
            Err(fault) if fault.text.contains(&format!("names ('ENV_{name}')")) => {}
            Err(fault) if fault.text.contains("Unexpected end of key/value pairs in value") => {
                return "refused".to_owned();
            }
            Err(fault) => panic!("{fault:?} on {environment}"),
        }
    }
    found.join(" ")
}

fn reader() -> Reader {
    Reader(harness::Setup { env: &[("NONE", "")], ..harness::Setup::default() }.start())
}

#[track_caller]
fn read(rows: &[(&str, &str)]) {
    let reader = reader();
    table(rows, |environment| pairs(&reader, environment));
}

// configuration.rst, environment: "A list of key/value pairs in the form KEY="val",KEY2="val2"".
#[test]
fn pairs_are_parted_by_commas() {
    read(&[
        ("A=\"1\",B=\"2\"", "A=1 B=2"),
        ("A=1,B=2", "A=1 B=2"),
        ("A=\"1\", B = '2'", "A=1 B=2"),
        ("A=1,", "A=1"),
        ("A=1 , B=2", "A=1 B=2"),
        ("", ""),
        ("A=1,\n B=2,\n C=3", "A=1 B=2 C=3"),
    ]);
}

// configuration.rst, environment: "Values containing non-alphanumeric characters should be quoted"; some need no quotes.
#[test]
fn some_signs_need_no_quotes() {
    read(&[
        ("A=/usr/bin:/bin", "A=/usr/bin:/bin"),
        ("A=1.5+2-3", "A=1.5+2-3"),
        ("A=(x),B=a_b", "A=(x) B=a_b"),
    ]);
}

// configuration.rst, environment: quotes protect what they hold.
#[test]
fn quotes_protect() {
    read(&[
        ("A=\"a,b\"", "A=a,b"),
        ("A=\"a=b\",B='c;d'", "A=a=b B=c;d"),
        ("A=\"a'b\"", "A=a'b"),
        ("A='a\"b'", "A=a\"b"),
        ("A=\"\"", "A="),
        ("A='',B=1", "A= B=1"),
        ("A=\"a b  c\"", "A=a b  c"),
        ("A=\"x#y\"", "A=x#y"),
        ("A=\"@[]{}*?\"", "A=@[]{}*?"),
    ]);
}

// undocumented: any sign parts two pairs.
#[test]
fn any_sign_parts_two_pairs() {
    read(&[
        ("A=1;B=2", "A=1 B=2"),
        ("A=http://x/p?B=1", "A=http://x/p B=1"),
        ("A=1 and B=2", "A=1 B=2"),
        ("A=c d", "A=c"),
        ("A=*", "A=*"),
        ("A=~/x", "A=~"),
        ("A=$HOME", "A=$"),
    ]);
}

// undocumented: `#` ends the list.
#[test]
fn a_hash_begins_a_comment() {
    read(&[("A=x#c,B=2", "A=x"), ("A=x,#c,\n B=2", "A=x B=2")]);
}

// undocumented: the last of equal names counts.
#[test]
fn the_last_of_equal_names_counts() {
    read(&[("A=1,A=2", "A=2")]);
}

// undocumented: what is no list of pairs.
#[test]
fn what_is_no_list_of_pairs_is_refused() {
    let reader = Reader::new();
    for environment in
        ["A=[x]", "A=a@b", "A=1=2", "A=1 B=2", "A=1,,B=2", "A=", "A", "=\"x\"", "A=1\n B=2", "A=1,B"]
    {
        assert_eq!(
            reader.refuses(&program(&format!("environment={environment}"))),
            in_program(&format!(
                "Unexpected end of key/value pairs in value '{}'",
                environment.replace("\n ", "\n")
            )),
            "on {environment:?}"
        );
    }
}

// undocumented: a quote that is not closed.
#[test]
fn an_open_quote_is_refused() {
    let reader = Reader::new();
    for environment in ["A=\"x", "A='x", "A=1,B=\"2"] {
        assert_eq!(
            reader.refuses(&program(&format!("environment={environment}"))),
            in_program("No closing quotation"),
            "on {environment:?}"
        );
    }
}

// The same in [supervisord].
#[test]
fn the_daemons_pairs_are_refused_likewise() {
    let reader = Reader::new();
    assert_eq!(
        reader.refuses("[supervisord]\nenvironment=A\n"),
        "Unexpected end of key/value pairs in value 'A'"
    );
    assert_eq!(reader.refuses("[supervisord]\nenvironment=A=\"x\n"), "No closing quotation");
}

// configuration.rst, environment: a value may be taken from the daemon's own environment; a percent sign is doubled.
#[test]
fn values_are_expanded_before_they_are_parted() {
    let reader = Reader(
        harness::Setup {
            env: &[("NONE", ""), ("PAIRS", "A=1,B=2"), ("WORD", "x")],
            ..harness::Setup::default()
        }
        .start(),
    );
    table(
        &[
            ("A=%(ENV_WORD)s", "A=x"),
            ("%(ENV_PAIRS)s", "A=1 B=2"),
            ("%(ENV_WORD)s=1,A=\"100%%\"", "A=100%"),
            ("A=%(program_name)s,B=%(process_num)d", "A=x B=0"),
        ],
        |environment| pairs(&reader, environment),
    );
}

// undocumented: quotes and backslashes are those of a shell.
#[test]
fn quotes_are_those_of_a_shell() {
    let rows = [
        ("A=\"x\\\"y\"", "A=x\\", "A=x\"y"),
        ("A='it''s'", "A=it", "A=its"),
        ("A=\"'q'\"", "A=q", "A='q'"),
        ("A='\"q\"'", "A=q", "A=\"q\""),
        ("A=\"\"\"q\"\"\"", "refused", "A=q"),
        ("A=\"x\"y", "A=x", "A=xy"),
        ("A=y\"x\"", "A=y\"x", "A=yx"),
        ("A=a\\nb", "refused", "A=anb"),
        ("A=\"a\\nb\"", "A=a\\nb", "A=a\\nb"),
        ("A=\"a\\\\b\"", "A=a\\\\b", "A=a\\b"),
        ("\"A\"=b", "", "A=b"),
    ];
    let reader = reader();
    for (environment, theirs, ours) in rows {
        let expected = differs! {
            ours: ours,
            theirs: theirs,
            why: "`environment=` follows the quoting rules of 4.4 (those of a shell), so that a quote can stand in a value",
        };
        assert_eq!(pairs(&reader, environment), expected, "on {environment:?}");
    }
}
