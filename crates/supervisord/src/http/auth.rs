//! Who may come in: Basic authentication, compared in constant time.

use std::cell::Cell;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hyper::header::HeaderValue;
use sha1::{Digest, Sha1};
use supervisor_config::sections::Credentials;

use super::phc::Phc;

/// As forgiving as Python's decoder, which some clients were written against.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Decides by one pair of name and password.
#[derive(Debug)]
pub(crate) struct Gate {
    name: [u8; 20],
    secret: Secret,
}

#[derive(Debug)]
enum Secret {
    /// The digest of the password.
    Digest([u8; 20]),
    /// A password that takes time to check, and the digest of the one that was right: each call of a client must not
    /// take that time again.
    Slow(Phc, Cell<Option<[u8; 20]>>),
    /// No password is right.
    Broken,
}

impl Secret {
    fn new(password: &str) -> Self {
        if let Some(hex) = password.strip_prefix("{SHA}") {
            // A digest of wrong length or letters equals no digest, as in the original.
            unhex(hex).map_or(Self::Broken, Self::Digest)
        } else if let Some(phc) = password.strip_prefix("{ARGON2ID}") {
            Phc::parse(phc).map_or(Self::Broken, |phc| Self::Slow(phc, Cell::new(None)))
        } else {
            Self::Digest(digest(password.as_bytes()))
        }
    }

    /// `named`: the name is right. With a wrong one a right password takes as long as a wrong one.
    fn is(&self, password: &[u8], named: bool) -> bool {
        let digest = digest(password);
        match self {
            Self::Digest(expected) => equal(&digest, expected),
            Self::Slow(_, known) if named && known.get().is_some_and(|known| equal(&digest, &known)) => true,
            Self::Slow(phc, known) => {
                let right = phc.matches(password);
                if right {
                    known.set(Some(digest));
                }
                right
            }
            Self::Broken => false,
        }
    }
}

impl Gate {
    /// `None` when the name is empty: then the original, too, lets everybody in.
    pub(crate) fn new(credentials: &Credentials) -> Option<Self> {
        (!credentials.username.is_empty()).then(|| Self {
            name: digest(credentials.username.as_bytes()),
            secret: Secret::new(&credentials.password),
        })
    }

    /// Whether the password is kept in a form that cannot be read, so that nobody is let in.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self.secret, Secret::Broken)
    }

    /// Judges the value of `Authorization`.
    pub(crate) fn opens_to(&self, authorization: &HeaderValue) -> bool {
        // The original answers 500 to what it cannot decode.
        let Some(pair) = decode(authorization.as_bytes()) else { return false };
        let Some(colon) = pair.iter().position(|byte| *byte == b':') else { return false };
        let name = equal(&digest(&pair[..colon]), &self.name);
        let password = self.secret.is(&pair[colon + 1..], name);
        name & password
    }
}

fn decode(authorization: &[u8]) -> Option<Vec<u8>> {
    let space = authorization.iter().position(|byte| *byte == b' ')?;
    let (scheme, rest) = authorization.split_at(space);
    scheme.eq_ignore_ascii_case(b"basic").then(|| BASE64.decode(rest.trim_ascii()).ok())?
}

/// Digests have one length, so that comparing them tells nothing, not even how long the right password is.
fn digest(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}

/// Looks at every byte whatever the first ones say.
pub(super) fn equal(left: &[u8], right: &[u8]) -> bool {
    let difference = left.iter().zip(right).fold(0, |difference, (left, right)| difference | (left ^ right));
    left.len() == right.len() && std::hint::black_box(difference) == 0
}

fn unhex(text: &str) -> Option<[u8; 20]> {
    let digits: Vec<u8> = text
        .bytes()
        .map(|byte| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    if digits.len() == 40 { bytes.try_into().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(username: &str, password: &str) -> Gate {
        Gate::new(&Credentials { username: username.to_owned(), password: password.to_owned() })
            .expect("a gate")
    }

    fn opens(gate: &Gate, value: &str) -> bool {
        gate.opens_to(&HeaderValue::from_str(value).expect("a header"))
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", BASE64.encode(pair))
    }

    #[test]
    fn the_right_pair_comes_in_and_no_other() {
        let gate = gate("user", "pass:word");
        assert!(opens(&gate, &basic("user:pass:word")));
        assert!(opens(&gate, &basic("user:pass:word").replace("Basic", "bASIC")));
        for wrong in ["user:", "user:pass", "User:pass:word", ":pass:word", "user:pass:word "] {
            assert!(!opens(&gate, &basic(wrong)), "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        let gate = gate("user", "pass");
        for wrong in ["Basic", "Basic !!!", "Digest dTpw", &basic("no colon"), "Basic /w=="] {
            assert!(!opens(&gate, wrong), "{wrong}");
        }
    }

    #[test]
    fn the_password_may_be_kept_as_a_digest() {
        let gate = gate("user", "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d");
        assert!(opens(&gate, &basic("user:thepassword")));
        assert!(!opens(&gate, &basic("user:82ab876d1387bfafe46cc1c8a2ef074eae50cb1d")));
    }

    #[test]
    fn a_broken_digest_lets_nobody_in() {
        for broken in [
            "{ARGON2ID}",
            "{ARGON2ID}password",
            "{SHA}",
            "{SHA}82AB876D1387BFAFE46CC1C8A2EF074EAE50CB1D",
            "{SHA}82",
        ] {
            let gate = gate("user", broken);
            assert!(gate.is_broken());
            assert!(!opens(&gate, &basic("user:thepassword")));
            assert!(!opens(&gate, &basic("user:")));
        }
    }

    #[test]
    fn the_password_may_be_kept_in_a_form_that_takes_time() {
        let gate = gate("user", &format!("{{ARGON2ID}}{}", crate::http::phc::tests::PASSWORD));
        assert!(!gate.is_broken());
        for _ in 0..2 {
            assert!(opens(&gate, &basic("user:password")));
            assert!(!opens(&gate, &basic("other:password")));
            assert!(!opens(&gate, &basic("user:passwort")));
        }
    }

    #[test]
    #[ignore = "measures time, which other work on the machine changes; it prints what it found"]
    fn a_wrong_password_takes_as_long_wherever_it_differs() {
        let gate = gate("user", "a right password");
        let guesses = ["X right password", "a right passworX", "a right password", "a right passwor", "X"];
        let mut times = guesses.map(|_| Vec::new());
        for _ in 0..100_000 {
            for (guess, times) in guesses.iter().zip(&mut times) {
                let header = HeaderValue::from_str(&basic(&format!("user:{guess}"))).expect("a header");
                let begin = std::time::Instant::now();
                std::hint::black_box(gate.opens_to(&header));
                times.push(begin.elapsed());
            }
        }
        let medians = times.map(|mut times| {
            times.sort_unstable();
            times[times.len() / 2].as_nanos()
        });
        println!("{:?}", guesses.iter().zip(medians).collect::<Vec<_>>());
        // Those of the length of the right one; what a shorter one takes less is its own length.
        let [first, last, right, ..] = medians;
        assert!(first.abs_diff(last).max(first.abs_diff(right)) <= first / 20 + 10, "{medians:?}");
    }

    #[test]
    fn an_empty_name_lets_everybody_in() {
        assert!(Gate::new(&Credentials { username: String::new(), password: "x".to_owned() }).is_none());
    }
}
