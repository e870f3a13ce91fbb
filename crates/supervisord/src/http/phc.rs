//! Passwords kept as `$argon2id$v=19$m=65536,t=3,p=4$salt$hash`, the form of the Password Hashing Competition.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::auth::equal;

/// A password that cannot be read from its form.
#[derive(Debug)]
pub(crate) struct Phc {
    argon: Argon2<'static>,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Phc {
    /// `None`: not of this form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('$').collect();
        let ["", "argon2id", version, costs, salt, hash] = parts[..] else { return None };
        let version = match version {
            "v=19" => Version::V0x13,
            "v=16" => Version::V0x10,
            _ => return None,
        };
        let cost =
            |name: &str| costs.split(',').find_map(|cost| cost.strip_prefix(name)?.parse::<u32>().ok());
        let salt = STANDARD_NO_PAD.decode(salt).ok()?;
        let hash = STANDARD_NO_PAD.decode(hash).ok()?;
        let params = Params::new(cost("m=")?, cost("t=")?, cost("p=")?, Some(hash.len())).ok()?;
        Some(Self { argon: Argon2::new(Algorithm::Argon2id, version, params), salt, hash })
    }

    /// Whether this is the password. Takes as long, and as much memory for that time, as the form says.
    pub(crate) fn matches(&self, password: &[u8]) -> bool {
        let mut hash = vec![0; self.hash.len()];
        self.argon.hash_password_into(password, &self.salt, &mut hash).is_ok() && equal(&hash, &self.hash)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// From the tests of the reference implementation, with "password".
    pub(crate) const PASSWORD: &str =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    #[test]
    fn the_right_password_matches_and_no_other() {
        let phc = Phc::parse(PASSWORD).expect("the form");
        assert!(phc.matches(b"password"));
        assert!(!phc.matches(b"passwort"));
        assert!(!phc.matches(b""));
    }

    #[test]
    fn what_is_not_of_this_form_is_refused() {
        for wrong in [
            "",
            "password",
            "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=18$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=2$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$",
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4$",
        ] {
            assert!(Phc::parse(wrong).is_none(), "{wrong}");
        }
    }
}
