//! The conversions of `process_num` and `numprocs`.

use super::Spec;

impl Spec {
    /// `d`, `x`, `X` and `o`.
    pub(super) fn integer(&self, number: i64, conversion: char, out: &mut String) {
        let size = number.unsigned_abs();
        let (prefix, digits) = match conversion {
            'x' => ("0x", format!("{size:x}")),
            'X' => ("0X", format!("{size:X}")),
            'o' => ("0o", format!("{size:o}")),
            _ => ("", size.to_string()),
        };
        let digits = format!("{digits:0>precision$}", precision = self.precision.unwrap_or(0));
        let prefix = if self.alternate { prefix } else { "" };
        self.number(number < 0, prefix, &digits, out);
    }

    /// `e`, `f` and `g` and their capitals. The numbers are integers, so nothing is infinite.
    pub(super) fn float(&self, number: i64, conversion: char, out: &mut String) {
        #[expect(clippy::cast_precision_loss, reason = "as Python's float() of the number")]
        let size = number.unsigned_abs() as f64;
        let precision = self.precision.unwrap_or(6);
        let digits = match conversion.to_ascii_lowercase() {
            'f' => self.point(format!("{size:.precision$}")),
            'e' => self.scientific(size, precision),
            _ => self.general(size, precision.max(1)),
        };
        let digits = if conversion.is_ascii_uppercase() { digits.to_uppercase() } else { digits };
        self.number(number < 0, "", &digits, out);
    }

    /// `#` keeps the point of a number without decimals.
    fn point(&self, digits: String) -> String {
        if self.alternate && !digits.contains('.') { digits + "." } else { digits }
    }

    /// C writes at least two digits of the exponent and its sign; here it is never negative.
    fn scientific(&self, size: f64, precision: usize) -> String {
        let text = format!("{size:.precision$e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        format!("{}e+{exponent:0>2}", self.point(digits.to_owned()))
    }

    /// The shorter of both, without the zeros at its end unless `#` asks for them.
    fn general(&self, size: f64, precision: usize) -> String {
        let text = format!("{size:.0$e}", precision - 1);
        let exponent = text.split_once('e').and_then(|(_, exponent)| exponent.parse::<usize>().ok());
        let exponent = exponent.unwrap_or(0);
        let (digits, tail) = if exponent >= precision {
            let text = self.scientific(size, precision - 1);
            let at = text.find('e').unwrap_or(text.len());
            (text[..at].to_owned(), text[at..].to_owned())
        } else {
            (self.point(format!("{size:.0$}", precision - 1 - exponent)), String::new())
        };
        match self.alternate || !digits.contains('.') {
            true => digits + &tail,
            false => digits.trim_end_matches('0').trim_end_matches('.').to_owned() + &tail,
        }
    }

    /// Sign and prefix stand before the zeros and behind the blanks of a width.
    fn number(&self, negative: bool, prefix: &str, digits: &str, out: &mut String) {
        let sign = match negative {
            true => "-",
            false if self.sign => "+",
            false if self.blank => " ",
            false => "",
        };
        let fill = self.width.saturating_sub(sign.len() + prefix.len() + digits.len());
        let (before, zeros, after) = match (self.left, self.zero) {
            (true, _) => (0, 0, fill),
            (false, true) => (0, fill, 0),
            (false, false) => (fill, 0, 0),
        };
        out.extend(std::iter::repeat_n(' ', before));
        out.push_str(sign);
        out.push_str(prefix);
        out.extend(std::iter::repeat_n('0', zeros));
        out.push_str(digits);
        out.extend(std::iter::repeat_n(' ', after));
    }
}
