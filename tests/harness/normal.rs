//! Takes out of a text what is different at every run: times, process numbers, folders, ports.

/// The form of a text in which two runs are equal.
///
/// The time that opens a log line goes, a process number becomes `PID`, an uptime `TIME`, the time of a stop `DATE`.
pub(crate) fn normalise(text: &str) -> String {
    text.split_inclusive('\n').map(|line| numbers(after_time(line))).collect()
}

/// The line behind `2026-01-31 23:59:59,999 `.
fn after_time(line: &str) -> &str {
    fits(line, "9999-99-99 99:99:99,999 ").map_or(line, |end| &line[end..])
}

fn numbers(line: &str) -> String {
    let mut rest = line;
    let mut normal = String::new();
    while let Some(first) = rest.chars().next() {
        // A pid stands behind `pid ` or `pid:`, or in parentheses behind a quoted name, where `(0x41)` is none.
        if let Some(number) = ["pid ", "pid:", "' ("]
            .iter()
            .find_map(|word| rest.strip_prefix(word))
            .filter(|number| starts_with_digit(number) && !number.starts_with("0x"))
        {
            normal.push_str(&rest[..rest.len() - number.len()]);
            normal.push_str("PID");
            rest = number.trim_start_matches(|c: char| c.is_ascii_digit());
        } else if let Some(time) = rest.strip_prefix("uptime ").filter(starts_with_digit) {
            normal.push_str("uptime TIME");
            rest = time.trim_start_matches(|c: char| c.is_ascii_digit() || ":days, ".contains(c));
        } else if let Some(end) = fits(rest, "aaa 99 99:99 aM") {
            normal.push_str("DATE");
            rest = &rest[end..];
        } else {
            normal.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    normal
}

fn starts_with_digit(text: &&str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// How many bytes of the text have the shape, in which `9` is any digit and `a` any letter.
fn fits(text: &str, shape: &str) -> Option<usize> {
    let start = text.as_bytes().get(..shape.len())?;
    let same = |(byte, shape): (&u8, u8)| match shape {
        b'9' => byte.is_ascii_digit(),
        b'a' => byte.is_ascii_alphabetic(),
        exact => *byte == exact,
    };
    start.iter().zip(shape.bytes()).all(same).then_some(shape.len())
}
