//! Who may come in: Basic authentication, compared in constant time.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hyper::header::HeaderValue;
use sha1::{Digest, Sha1};
use supervisor_config::sections::Credentials;

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
    password: [u8; 20],
}

/// What a request says about its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Come in.
    Welcome,
    /// No attempt was made: how every browser begins.
    Stranger,
    /// An attempt was made, in vain.
    Impostor,
}

impl Gate {
    /// `None` when the name is empty: then the original, too, lets everybody in.
    pub(crate) fn new(credentials: &Credentials) -> Option<Self> {
        if credentials.username.is_empty() {
            return None;
        }
        let password = match credentials.password.strip_prefix("{SHA}") {
            // A digest of wrong length or letters equals no digest, as in the original.
            Some(hex) => unhex(hex).unwrap_or([0; 20]),
            None => digest(credentials.password.as_bytes()),
        };
        Some(Self { name: digest(credentials.username.as_bytes()), password })
    }

    /// Judges the value of `Authorization`.
    pub(crate) fn judge(&self, authorization: Option<&HeaderValue>) -> Verdict {
        let Some(value) = authorization.map(HeaderValue::as_bytes) else { return Verdict::Stranger };
        let Some(space) = value.iter().position(|byte| *byte == b' ') else { return Verdict::Impostor };
        let (scheme, rest) = value.split_at(space);
        if !scheme.eq_ignore_ascii_case(b"basic") {
            return Verdict::Impostor;
        }
        // The original answers 500 to what it cannot decode.
        let Ok(decoded) = BASE64.decode(rest.trim_ascii()) else { return Verdict::Impostor };
        let Some(colon) = decoded.iter().position(|byte| *byte == b':') else { return Verdict::Impostor };
        let name = equal(&digest(&decoded[..colon]), &self.name);
        let password = equal(&digest(&decoded[colon + 1..]), &self.password);
        if name & password { Verdict::Welcome } else { Verdict::Impostor }
    }
}

/// Digests have one length, so that comparing them tells nothing, not even how long the right password is.
fn digest(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}

/// Looks at every byte whatever the first ones say.
fn equal(left: &[u8; 20], right: &[u8; 20]) -> bool {
    let difference = left.iter().zip(right).fold(0, |difference, (left, right)| difference | (left ^ right));
    std::hint::black_box(difference) == 0
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

    fn judge(gate: &Gate, value: &str) -> Verdict {
        gate.judge(Some(&HeaderValue::from_str(value).expect("a header")))
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", BASE64.encode(pair))
    }

    #[test]
    fn the_right_pair_comes_in_and_no_other() {
        let gate = gate("user", "pass:word");
        assert_eq!(judge(&gate, &basic("user:pass:word")), Verdict::Welcome);
        assert_eq!(judge(&gate, &basic("user:pass:word").replace("Basic", "bASIC")), Verdict::Welcome);
        for wrong in ["user:", "user:pass", "User:pass:word", ":pass:word", "user:pass:word "] {
            assert_eq!(judge(&gate, &basic(wrong)), Verdict::Impostor, "{wrong}");
        }
        assert_eq!(gate.judge(None), Verdict::Stranger);
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        let gate = gate("user", "pass");
        for wrong in ["Basic", "Basic !!!", "Digest dTpw", &basic("no colon"), "Basic /w=="] {
            assert_eq!(judge(&gate, wrong), Verdict::Impostor, "{wrong}");
        }
    }

    #[test]
    fn the_password_may_be_kept_as_a_digest() {
        let gate = gate("user", "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d");
        assert_eq!(judge(&gate, &basic("user:thepassword")), Verdict::Welcome);
        assert_eq!(judge(&gate, &basic("user:82ab876d1387bfafe46cc1c8a2ef074eae50cb1d")), Verdict::Impostor);
    }

    #[test]
    fn a_broken_digest_lets_nobody_in() {
        for broken in ["{SHA}", "{SHA}82AB876D1387BFAFE46CC1C8A2EF074EAE50CB1D", "{SHA}82"] {
            let gate = gate("user", broken);
            assert_eq!(judge(&gate, &basic("user:thepassword")), Verdict::Impostor);
            assert_eq!(judge(&gate, &basic("user:")), Verdict::Impostor);
        }
    }

    #[test]
    fn an_empty_name_lets_everybody_in() {
        assert!(Gate::new(&Credentials { username: String::new(), password: "x".to_owned() }).is_none());
    }
}
