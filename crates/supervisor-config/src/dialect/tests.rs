use proptest::prelude::*;

use super::*;

fn source(text: &str) -> Source {
    let (source, undecodable) = Source::decode("a.conf", text.into());
    assert_eq!(undecodable, None);
    source
}

/// The canonical form in one piece.
fn canonical(text: &str) -> String {
    let source = source(text);
    let mut reader = Reader::new(&source);
    let pieces: String = std::iter::from_fn(|| reader.piece()).collect();
    assert_eq!(reader.problems(None), [], "{text:?}");
    pieces
}

fn problems(bytes: &[u8]) -> Vec<String> {
    let (source, undecodable) = Source::decode("a.conf", bytes.into());
    let mut reader = Reader::new(&source);
    while reader.piece().is_some() {}
    reader.problems(undecodable).into_iter().map(|(reason, _)| reason.to_string()).collect()
}

/// The value of the one key `k` in `[s]`.
fn value(lines: &str) -> String {
    let text = canonical(&format!("[s]\n{lines}"));
    let value = text.strip_prefix("[1|s|]\n2|k=\"").and_then(|rest| rest.strip_suffix("\"\n"));
    value.unwrap_or_else(|| panic!("{lines:?} is {text:?}")).to_owned()
}

#[test]
fn names_and_values_end_where_python_ends_them() {
    for (text, expected) in [
        ("k=v", "v"),
        ("k : v", "v"),
        ("k = a=b:c", "a=b:c"),
        ("K=v", "v"),
        ("k=", ""),
        ("k\t=\t v \t", "v"),
        ("k=\u{a0}v\u{2003}", "v"),
        ("k=v\r", "v"),
        ("  k=v", "v"),
        ("k=\"q\\\"", "\\\"q\\\\\\\""),
    ] {
        assert_eq!(value(text), expected, "{text:?}");
    }
    assert_eq!(canonical("[s]\na b=c\n\\=d"), "[1|s|]\n2|a b=\"c\"\n3|\\\\=\"d\"\n");
}

#[test]
fn a_comment_begins_behind_a_blank() {
    for (text, expected) in [
        ("k=a;b", "a;b"),
        ("k=a#b", "a#b"),
        ("k=a ;b", "a"),
        ("k=a #b", "a"),
        ("k=a\t;b", "a"),
        ("k=#a", "#a"),
        ("k= ;a", ""),
        ("k=a;b ;c #d", "a;b"),
        ("k=a#b;c", "a#b;c"),
        ("k=\"a ; b\"", "\\\"a"),
        ("k=a\u{3000}#b", "a"),
        ("k=a\n# b\n ; c\n d", "a\nd"),
    ] {
        assert_eq!(value(text), expected, "{text:?}");
    }
    assert_eq!(canonical("# a\n; b\n [s] # c\n#k=v"), "[3|s|]\n");
}

#[test]
fn deeper_lines_continue_a_value() {
    for (text, expected) in [
        ("k=a\n b\n  c", "a\nb\nc"),
        ("k=a\n\n b", "a\n\nb"),
        ("k=a\n\n\n", "a"),
        ("k=a\n b=c", "a\nb=c"),
        ("k=a\n [t]", "a\n[t]"),
        ("k=\n b", "\nb"),
        ("  k=a\n   b", "a\nb"),
        ("k=a\n b ;c", "a\nb"),
    ] {
        assert_eq!(value(text), expected, "{text:?}");
    }
    assert_eq!(canonical("[s]\n  a=1\n  b=2"), "[1|s|]\n2|a=\"1\"\n3|b=\"2\"\n");
    assert_eq!(canonical("[s]\n  a=1\n b=2"), "[1|s|]\n2|a=\"1\"\n3|b=\"2\"\n");
    assert_eq!(canonical("  [s]\n a=1\n  [t]\n"), "[1|s|]\n2|a=\"1\n[t]\"\n");
}

#[test]
fn a_header_ends_at_the_last_bracket() {
    for (text, expected) in [
        ("[program:x]", "program:x"),
        ("[ a ] b", " a "),
        ("[x]y]z", "x\\]y"),
        ("[a\\b]", "a\\\\b"),
        ("[a];b", "a"),
        ("[[]", "["),
        ("[é]", "é"),
    ] {
        assert_eq!(canonical(text), format!("[1|{expected}|]\n"), "{text:?}");
    }
    assert_eq!(problems(b"[]\n"), ["File contains no section headers.\nfile: 'a.conf', line: 1\n'[]\\n'"]);
}

#[test]
fn all_kinds_of_line_ends_count() {
    for text in ["[s]\na=1\nb=2\n", "[s]\r\na=1\r\nb=2\r\n", "[s]\ra=1\rb=2", "[s]\r\na=1\rb=2\n"] {
        assert_eq!(canonical(text), "[1|s|]\n2|a=\"1\"\n3|b=\"2\"\n", "{text:?}");
    }
    // Not these, which only `str.splitlines` would take for line ends.
    assert_eq!(value("k=a\u{b}b\u{2028}c"), "a\u{b}b\u{2028}c");
}

#[test]
fn bad_lines_are_told_together() {
    for (text, expected) in [
        ("[s]\na\n", "[line  2]: 'a\\n'"),
        ("[s]\n=a", "[line  2]: '=a'"),
        ("[s]\nk=v\nit's ;c\n b\n", "[line  3]: \"it's ;c\\n\""),
        ("[s]\na\n  b\n", "[line  2]: 'a\\n'\n\t[line  3]: '  b\\n'"),
    ] {
        let expected = format!("Source contains parsing errors: 'a.conf'\n\t{expected}");
        assert_eq!(problems(text.as_bytes()), [expected], "{text:?}");
    }
    let many = problems(format!("[s]\n{}", "a\n".repeat(1005)).as_bytes());
    assert!(many[0].ends_with("\n\t[line 1001]: 'a\\n'\n\tand 5 more"), "{many:?}");
}

#[test]
fn bad_bytes_are_told_as_python_decodes_them() {
    for (bytes, expected) in [
        (&b"[s]\nk=\xff"[..], "byte 0xff in position 6: invalid start byte"),
        (b"[s]\n#\xc3(", "byte 0xc3 in position 5: invalid continuation byte"),
        (b"[s]\n#\xe2\x82(", "bytes in position 5-6: invalid continuation byte"),
        (b"[s]\n#\xe2\x82", "bytes in position 0-1: unexpected end of data"),
        (b"[s]\n#\xc3", "byte 0xc3 in position 0: unexpected end of data"),
    ] {
        assert_eq!(problems(bytes), [format!("'utf-8' codec can't decode {expected}")], "{bytes:?}");
    }
    // The lines of a chunk before were read already.
    let text = format!("k\n#{}\n\u{7f}", "x".repeat(8190));
    let bytes = [text.as_bytes(), b"\xff"].concat();
    assert!(problems(&bytes)[0].starts_with("File contains no section headers."));
    assert!(problems("\u{feff}[s]\n".as_bytes())[0].starts_with("File contains no section headers."));
}

#[test]
fn places_are_where_a_caret_should_be() {
    let source = source("[s]\n\t k = a b ;c\n[x]y]\nk=");
    let shown = |place: Place| {
        let marked: String = place.text.chars().skip(place.column).take(place.width).collect();
        (place.line, place.column, marked)
    };
    assert_eq!(shown(source.key_place(2)), (2, 2, "k".to_owned()));
    assert_eq!(shown(source.value_place(2)), (2, 6, "a b".to_owned()));
    assert_eq!(shown(source.place(3)), (3, 0, "[x]y]".to_owned()));
    assert_eq!(shown(source.value_place(4)), (4, 2, String::new()));
}

#[test]
fn of_a_long_line_the_part_around_the_place_is_shown() {
    let source = source(&format!("{}={}", "k".repeat(10_000), "é".repeat(10_000)));
    let place = source.value_place(1);
    assert_eq!((place.text.chars().count(), place.column, place.width), (120, 60, 60));
    assert!(place.text.starts_with("kk") && place.text.ends_with("éé"));
}

/// What a line may consist of.
fn line() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "[", "]", "=", ":", ";", "#", " ", "\t", "\"", "\\", "|", "%", "a", "B", "é", "\u{3000}", "\u{1c}",
        "\r", "x",
    ]);
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    /// The parser of the canonical form must find what was put in, and nothing else.
    #[test]
    fn whatever_is_read_can_be_parsed(lines in prop::collection::vec(line(), 0..12)) {
        let text = format!("[s]\n{}", lines.join("\n"));
        let source = source(&text);
        let mut reader = Reader::new(&source);
        while let Some(piece) = reader.piece() {
            let parsed = ini::Ini::load_from_str(&piece).expect("canonical text");
            for (section, properties) in &parsed {
                let Some(section) = section else {
                    prop_assert_eq!(properties.len(), 0);
                    continue;
                };
                let (line, name) = section.split_once(MARK).expect("a line");
                let header = source.line(line.parse::<usize>().expect("a number") - 1).0;
                let start = format!("[{}]", name.strip_suffix(MARK).expect("a guard"));
                prop_assert!(strip(header).starts_with(&start));
                for (key, value) in properties {
                    let (line, key) = key.split_once(MARK).expect("a line");
                    let text = source.line(line.parse::<usize>().expect("a number") - 1).0;
                    prop_assert!(strip(text).to_lowercase().starts_with(key));
                    let first = value.lines().next().unwrap_or_default();
                    prop_assert!(text.contains(first));
                }
            }
        }
        for (_, place) in reader.problems(None) {
            let _ = place.map(|place| place.to_string());
        }
    }

    #[test]
    fn reads_back_what_is_written(
        values in prop::collection::vec("[!-~&&[^;#]]([ -~&&[^;#]]{0,20}[!-~&&[^;#]])?", 1..9),
    ) {
        let lines: String = values.iter().enumerate().map(|(n, value)| format!("k{n} = {value}\n")).collect();
        let parsed = ini::Ini::load_from_str(&canonical(&format!("[s]\n{lines}"))).expect("canonical text");
        let section = parsed.section(Some("1|s|")).expect("the section");
        let read: Vec<_> = section.iter().map(|(_, value)| value.to_owned()).collect();
        prop_assert_eq!(read, values);
    }

    #[test]
    fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = problems(&bytes);
    }
}
