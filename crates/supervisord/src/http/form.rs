//! Percent encoding and forms, as Python's urllib reads and writes them.

/// A submitted form: the query of a url, then the body of a POST, whose fields win.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads both. A field that occurs twice counts by its first value in a query and by its last in a body; one
    /// without a value does not count at all.
    pub(crate) fn read(query: &str, body: &str) -> Self {
        let body = pairs(body).rev();
        Self(body.chain(pairs(query)).collect())
    }

    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

fn pairs(text: &str) -> impl DoubleEndedIterator<Item = (String, String)> {
    text.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=').filter(|(_, value)| !value.is_empty())?;
        Some((unquote(&name.replace('+', " ")), unquote(&value.replace('+', " "))))
    })
}

/// Resolves `%41`; what is no such sequence stays, what is no UTF-8 becomes a replacement character.
pub(crate) fn unquote(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                plain.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            _ => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// Writes everything but letters, digits and `_.-~/` as `%41`.
pub(crate) fn quote(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut quoted = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~/".contains(&byte) {
            quoted.push(byte.into());
        } else {
            let hex = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
            quoted.push('%');
            quoted.extend(hex.map(char::from));
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_as_python_does() {
        assert_eq!(quote("Page refreshed at 10:25"), "Page%20refreshed%20at%2010%3A25");
        assert_eq!(quote("a/b_.-~é"), "a/b_.-~%C3%A9");
    }

    #[test]
    fn what_is_no_escape_stays() {
        assert_eq!(unquote("100%"), "100%");
        assert_eq!(unquote("%zz%4"), "%zz%4");
        assert_eq!(unquote("%ff"), "\u{fffd}");
    }

    #[test]
    fn the_body_wins_over_the_query() {
        let form = Form::read("a=1&a=2&b=x+y%26&c=", "a=3&a=4");
        assert_eq!(form.get("a"), Some("4"));
        assert_eq!(Form::read("a=1&a=2", "").get("a"), Some("1"));
        assert_eq!(form.get("b"), Some("x y&"));
        assert_eq!(form.get("c"), None);
        assert_eq!(form.get("d"), None);
    }

    proptest! {
        #[test]
        fn unquote_undoes_quote(text in any::<String>()) {
            prop_assert_eq!(unquote(&quote(&text)), text);
        }

        #[test]
        fn nothing_crashes(text in any::<String>()) {
            Form::read(&text, &text);
        }
    }
}
