use proptest::prelude::*;

use super::*;

struct Names;

impl Lookup for Names {
    fn get(&self, name: &str) -> Option<Known<'_>> {
        match name {
            "text" => Some(Known::Text("it's é")),
            "a(b)" => Some(Known::Text("nested")),
            "number" => Some(Known::Number(-42)),
            "big" => Some(Known::Number(1_234_567)),
            "letter" => Some(Known::Text("z")),
            _ => None,
        }
    }

    fn available(&self) -> Vec<String> {
        vec!["number".to_owned(), "text".to_owned()]
    }
}

fn expanded(text: &str) -> Result<String, String> {
    let result = expand(text, format_args!("program:x.command"), &Names, 1 << 20);
    result.map(Cow::into_owned).map_err(|error| error.to_string())
}

/// What Python prints for `text % names`.
#[test]
fn formats_as_python_does() {
    for (text, result) in [
        ("plain", "plain"),
        ("100%%", "100%"),
        ("%(text)s", "it's é"),
        ("%(text)r", "\"it's é\""),
        ("%(text)a", "\"it's \\xe9\""),
        ("%(a(b))s", "nested"),
        ("[%(text)8s]", "[  it's é]"),
        ("[%(text)-8s]", "[it's é  ]"),
        ("[%(text).2s]", "[it]"),
        ("[%(text)08s]", "[  it's é]"),
        ("%(number)d", "-42"),
        ("%(number)s", "-42"),
        ("%(number)05d", "-0042"),
        ("[%(number)-6d]", "[-42   ]"),
        ("%(number).4d", "-0042"),
        ("%(big)+d", "+1234567"),
        ("[%(big)# x]", "[ 0x12d687]"),
        ("%(big)#X", "0X12D687"),
        ("%(big)o", "4553207"),
        ("%(big)e", "1.234567e+06"),
        ("%(big).0f", "1234567"),
        ("%(big)g", "1.23457e+06"),
        ("%(big).8G", "1234567"),
        ("%(letter)c", "z"),
        ("%(number)ld", "-42"),
        ("%(number)i%(number)u", "-42-42"),
    ] {
        assert_eq!(expanded(text).as_deref(), Ok(result), "{text}");
    }
}

#[test]
fn complains_as_python_does() {
    for (text, reason) in [
        ("%", "incomplete format"),
        ("%(text)", "incomplete format"),
        ("%(text", "incomplete format key"),
        ("%(text)Y", "unsupported format character 'Y' (0x59) at index 7"),
        ("é%(text)\n", "unsupported format character '?' (0xa) at index 8"),
        ("%(text)d", "%d format: a real number is required, not str"),
        ("%(text)x", "%x format: an integer is required, not str"),
        ("%(text)f", "must be real number, not str"),
        ("%(text)c", "%c requires int or char"),
        ("%(number)c", "%c arg not in range(0x110000)"),
        ("%(text)*s", "* wants int"),
        ("%s", "not enough arguments for format string"),
        ("%(text)s%s", "not enough arguments for format string"),
        ("%(text)70000s", "width too big"),
        ("%(text).70000s", "precision too big"),
    ] {
        // Tabs and line ends show as Python quotes them.
        let value = crate::python::Repr(text).to_string();
        let sentence = format!("Format string {value} for 'program:x.command' is badly formatted: {reason}");
        assert_eq!(expanded(text), Err(sentence), "{text}");
    }
    let sentence = "Format string '%(nope)s' for 'program:x.command' contains names ('nope') which cannot be \
                    expanded. Available names: number, text";
    assert_eq!(expanded("%(nope)s"), Err(sentence.to_owned()));
}

#[test]
fn stops_growing_at_the_limit() {
    let text = "%(text)60000s".repeat(100);
    let result = expand(&text, format_args!("x"), &Names, 100_000);
    assert_eq!(result, Err(ExpandError::TooLarge));
    assert!(expand(&text, format_args!("x"), &Names, 7_000_000).is_ok());
}

proptest! {
    #[test]
    fn a_text_without_percent_stays(text in "[^%]{0,40}") {
        prop_assert_eq!(expanded(&text), Ok(text));
    }

    #[test]
    fn a_doubled_percent_is_one(text in ".{0,40}") {
        prop_assert_eq!(expanded(&text.replace('%', "%%")), Ok(text));
    }

    #[test]
    fn any_text_has_an_answer(text in "[%()a-z0-9.*+# lhL-]{0,24}|(%\\((text|number)\\)[-+ #0]{0,3}[0-9*]{0,2}(\\.[0-9*]{0,2})?[a-zA-Z%])+") {
        let _ = expanded(&text);
    }
}
