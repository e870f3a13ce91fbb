//! Sections, keys, values, comments and continuations; Python's `configparser` without strictness and interpolation.

use super::{Reader, one, program, starts_not, table};
use harness::text;

// configuration.rst: "sections … and key / value pairs". A colon parts them as well as an equals sign; the first of both counts.
#[test]
fn the_first_delimiter_parts_key_and_value() {
    let reader = Reader::new();
    table(
        &[
            ("serverurl=a", "a"),
            ("serverurl = a", "a"),
            ("serverurl:a", "a"),
            ("serverurl : a", "a"),
            ("serverurl=a=b:c", "a=b:c"),
            ("serverurl:a=b", "a=b"),
            ("serverurl=:a", ":a"),
            ("serverurl \t=\t a \t ", "a"),
            ("serverurl=a  b", "a  b"),
        ],
        |line| reader.serverurl(line),
    );
}

// undocumented: the case of a key does not matter.
#[test]
fn keys_are_lower_cased() {
    let reader = Reader::new();
    table(&[("ServerURL=A", "A"), ("SERVERURL=a", "a")], |line| reader.serverurl(line));
}

// undocumented: of two equal keys the last one counts, in one section or in two of one name.
#[test]
fn the_last_of_equal_keys_counts() {
    let reader = Reader::new();
    table(
        &[
            ("serverurl=a\nserverurl=b", "b"),
            ("serverurl=a\nSERVERURL=b", "b"),
            ("serverurl=a\n[program:x]\nserverurl=b", "b"),
            ("serverurl=a\n[program:x]\nstartsecs=3", "a"),
        ],
        |line| reader.serverurl(line),
    );
}

// configuration.rst shows `;` as the sign of a comment; `#` is one too.
#[test]
fn whole_lines_may_be_comments() {
    let reader = Reader::new();
    table(
        &[
            ("serverurl=a\n;serverurl=b", "a"),
            ("serverurl=a\n#serverurl=b", "a"),
            ("serverurl=a\n  ; b", "a"),
            ("serverurl=a\n\t# b", "a"),
            ("serverurl=a\n;\n#", "a"),
        ],
        |line| reader.serverurl(line),
    );
}

// configuration.rst: a comment behind a value needs white space before its sign, `a=b ;c`.
#[test]
fn a_comment_behind_a_value_needs_white_space() {
    let reader = Reader::new();
    table(
        &[
            ("serverurl=b ;c", "b"),
            ("serverurl=b #c", "b"),
            ("serverurl=b\t;c", "b"),
            ("serverurl=b\t#c", "b"),
            ("serverurl=b;c", "b;c"),
            ("serverurl=b#c", "b#c"),
            ("serverurl=http://h/#a;b", "http://h/#a;b"),
            ("serverurl=#z", "#z"),
            ("serverurl=;z", ";z"),
            ("serverurl = ;q", ""),
            ("serverurl = #q", ""),
            ("serverurl=b ; c # d", "b"),
        ],
        |line| reader.serverurl(line),
    );
}

// undocumented: quotes do not protect what looks like a comment.
#[test]
fn quotes_do_not_protect_from_comments() {
    let reader = Reader::new();
    table(
        &[
            ("command=sh -c \"a ; b\"", "sh -c \"a"),
            ("command=sh -c 'a # b'", "sh -c 'a"),
            ("command=sh -c \"a; b\"", "sh -c \"a; b\""),
        ],
        |line| reader.command(line),
    );
}

// undocumented: a line that is indented deeper than its key goes on with the value.
#[test]
fn an_indented_line_continues_a_value() {
    let reader = Reader::new();
    table(
        &[
            ("command=a\n b", "a\nb"),
            ("command=a\n\tb\n      c", "a\nb\nc"),
            ("command=\n  a\n  b", "\na\nb"),
            ("command=a\n b ;c\n d", "a\nb\nd"),
            ("command=a\n b=c", "a\nb=c"),
            ("command=a\n [b]", "a\n[b]"),
        ],
        |line| reader.command(line),
    );
}

// undocumented: an indented key becomes a part of the value before it.
#[test]
fn an_indented_key_is_a_continuation() {
    let reader = Reader::new();
    assert_eq!(reader.command("command=a\n  priority=4"), "a\npriority=4");
}

// undocumented: lines that are indented as their predecessor are keys.
#[test]
fn a_whole_section_may_be_indented() {
    let reader = Reader::new();
    table(
        &[
            ("  command=a\n  serverurl=b", "b"),
            ("  command=a\n serverurl=b", "b"),
            ("command=a\n[program:x]\n   serverurl=c\n   startsecs=5", "c"),
        ],
        |lines| {
            text(&one(reader.reads_file(&format!("  [supervisord]\n  [program:x]\n{lines}\n")), "serverurl"))
        },
    );
}

// undocumented: a blank line does not end a value, it stands in it; at its end it is cut off.
#[test]
fn blank_lines_belong_to_the_value() {
    let reader = Reader::new();
    table(
        &[
            ("command=a\n\n b", "a\n\nb"),
            ("command=a\n\n\n b\n\n", "a\n\n\nb"),
            ("command=a\n\n\nserverurl=b", "a"),
            ("command=a\n   \n b", "a\n\nb"),
        ],
        |line| reader.command(line),
    );
}

// undocumented: a comment inside a value leaves no trace.
#[test]
fn comments_inside_a_value_are_dropped() {
    let reader = Reader::new();
    table(
        &[
            ("command=a\n; c\n b", "a\nb"),
            ("command=a\n  # c\n b", "a\nb"),
            ("command=a\n\n# c\n b", "a\n\nb"),
        ],
        |line| reader.command(line),
    );
}

// undocumented: an empty value is an empty text, and not the default.
#[test]
fn an_empty_value_is_not_the_default() {
    let reader = Reader::new();
    assert_eq!(reader.serverurl("serverurl="), "");
    assert_eq!(
        reader.refuses(&program("startsecs=")),
        "invalid literal for int() with base 10: '' in section 'program:x' (file: 'HERE/supervisord.conf')"
    );
}

// undocumented: a line without a delimiter; all such lines are told.
#[test]
fn lines_without_a_delimiter_are_told() {
    let reader = Reader::new();
    table(
        &[
            (
                "[supervisord]\n[program:x]\ncommand\n",
                "Source contains parsing errors: 'HERE/supervisord.conf'\n\t[line  3]: 'command\\n'",
            ),
            (
                "[supervisord]\na=b\n\n\n\n\n\n\nit's\nc=d\nno\"'end",
                "Source contains parsing errors: 'HERE/supervisord.conf'\n\t[line  9]: \"it's\\n\"\n\t[line 11]: 'no\"\\'end'",
            ),
            (
                "[supervisord]\n=foo\n:bar\n",
                "Source contains parsing errors: 'HERE/supervisord.conf'\n\t[line  2]: '=foo\\n'\n\t[line  3]: ':bar\\n'",
            ),
            (
                "[supervisord]\n[]\n",
                "Source contains parsing errors: 'HERE/supervisord.conf'\n\t[line  2]: '[]\\n'",
            ),
        ],
        |file| reader.refuses_file(file),
    );
}

// undocumented: text before the first section.
#[test]
fn text_before_any_section_is_told() {
    let reader = Reader::new();
    table(
        &[
            (
                "a=b\n[supervisord]\n",
                "File contains no section headers.\nfile: 'HERE/supervisord.conf', line: 1\n'a=b\\n'",
            ),
            (
                "\n; c\n\n  foo",
                "File contains no section headers.\nfile: 'HERE/supervisord.conf', line: 4\n'  foo'",
            ),
            (
                "\u{feff}[supervisord]\n",
                "File contains no section headers.\nfile: 'HERE/supervisord.conf', line: 1\n'\\ufeff[supervisord]\\n'",
            ),
        ],
        |file| reader.refuses_file(file),
    );
}

// undocumented: a file must say [supervisord], in exactly these letters.
#[test]
fn a_file_needs_the_section_of_the_daemon() {
    let reader = Reader::new();
    for file in ["", "; nothing\n", "[program:x]\ncommand=a\n", "[Supervisord]\n", "[ supervisord ]\n"] {
        assert_eq!(
            reader.refuses_file(file),
            ".ini file does not include supervisord section",
            "on {file:?}"
        );
    }
}

// undocumented: what the file says in `[DEFAULT]` stands in every section.
#[test]
fn default_keys_are_in_every_section() {
    let reader = Reader::new();
    let text = "[DEFAULT]\nserverurl=d\nstartsecs=7\n[program:x]\ncommand=/bin/cat\nstartsecs=8\n";
    assert_eq!(reader.value(text, "serverurl"), "d".into());
    assert_eq!(reader.value(text, "startsecs"), 8.into());
    assert_eq!(reader.value("[default]\nserverurl=d\n[program:x]\ncommand=a\n", "serverurl"), "none".into());
}

// undocumented: a header ends at the last bracket of its line; what follows is ignored.
#[test]
fn a_header_ends_at_its_last_bracket() {
    let reader = Reader::new();
    table(
        &[
            ("[program:x]", "x"),
            ("[program:x] ; comment", "x"),
            ("[program:x]trailing", "x"),
            ("[program:x]y]", "x]y"),
            ("[program: x ]", "x"),
            ("[program:[x]", "[x"),
        ],
        |header| text(&reader.value(&format!("{header}\ncommand=a\nprocess_name=p\n"), "group")),
    );
}

// undocumented: a comment may cut a header, of which a key remains then.
#[test]
fn a_comment_may_cut_a_header() {
    let reader = Reader::new();
    assert_eq!(reader.reads("[program:x ; y]\ncommand=a\n"), []);
    assert_eq!(
        reader.refuses_file("[supervisord]\n[group ;:x]\n"),
        "Source contains parsing errors: 'HERE/supervisord.conf'\n\t[line  2]: '[group ;:x]\\n'"
    );
}

// undocumented: sections that nobody knows are ignored, and so are those that only look like one.
#[test]
fn unknown_sections_and_keys_are_ignored() {
    let reader = Reader::new();
    for header in ["[unknown]", "[Program:x]", "[ program:x ]", "[programs:x]", "[program]", "[watchdog:a]"] {
        assert_eq!(reader.reads(&format!("{header}\nfoo=bar\n")), [], "on {header}");
    }
    assert_eq!(reader.serverurl("serverurl=a\nunknown=b"), "a");
}

// undocumented: lines may end as on Windows.
#[test]
fn carriage_returns_are_no_part_of_a_line() {
    let reader = Reader::new();
    assert_eq!(
        one(
            reader.reads_file("[supervisord]\r\n[program:x]\r\ncommand=a\r\n b\r\n\r\nserverurl=c\r\n"),
            "command"
        ),
        "a\nb".into()
    );
}

// undocumented: the file is UTF-8.
#[test]
fn text_may_hold_any_character() {
    let reader = Reader::new();
    table(&[("serverurl=grün", "grün"), ("serverurl=日本 ; €", "日本")], |line| {
        reader.serverurl(line)
    });
}

// undocumented: other bytes are refused, even in a comment.
#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let reader = Reader::new();
    let refused = |bytes: &[u8]| {
        std::fs::write(reader.0.path("supervisord.conf"), bytes).unwrap();
        reader.refused("bytes")
    };
    assert_eq!(
        refused(b"[supervisord]\n; \xff\n"),
        "'utf-8' codec can't decode byte 0xff in position 16: invalid start byte"
    );
    assert_eq!(
        refused(b"[supervisord]\nidentifier=\xc3(\n"),
        "'utf-8' codec can't decode byte 0xc3 in position 25: invalid continuation byte"
    );
}

// undocumented: nothing is interpolated by the parser, and shell words stay as they are.
#[test]
fn values_are_taken_literally() {
    let reader = Reader::new();
    table(
        &[
            ("serverurl=\"a\"", "\"a\""),
            ("serverurl=~/$HOME/`x`", "~/$HOME/`x`"),
            ("serverurl=${DEFAULT:a}", "${DEFAULT:a}"),
            ("serverurl=a\\nb", "a\\nb"),
        ],
        |line| reader.serverurl(line),
    );
}

// A start ends with the same words, and the code 2.
#[test]
fn a_start_with_a_broken_file_ends() {
    let output = starts_not("[program:x]\ncommand\n");
    assert_eq!(output.code, Some(2));
    assert_eq!(output.stdout, "");
    assert_eq!(
        output.refusal(),
        "Source contains parsing errors: 'HERE/supervisord.conf'\n\t[line 16]: 'command\\n'"
    );
}
