//! The secret half of an account's key, as the venue holds it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::signature::{ED25519, UnparsedPublicKey};

use super::sign;
use crate::params::{Refusal, refusal};

/// The bytes before the key itself in the DER of an Ed25519 public key (RFC 8410).
const ED25519_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0];

/// What a signature is checked with.
#[derive(Debug)]
pub(crate) enum Key {
    /// The secret of an HMAC-SHA256.
    Hmac(hmac::Key),
    /// The public half of an Ed25519 key.
    Ed25519(Vec<u8>),
}

impl Key {
    /// From the PEM of an Ed25519 public key, or any other text as the secret of an HMAC.
    pub(crate) fn new(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with("-----"));
        let body: String = lines.map(str::trim).collect();
        let public = STANDARD.decode(body).ok().filter(|_| text.contains("-----BEGIN PUBLIC KEY"));
        match public.as_deref().and_then(|der| der.strip_prefix(&ED25519_PREFIX)) {
            Some(public) => Self::Ed25519(public.to_vec()),
            None => Self::Hmac(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())),
        }
    }

    /// Refuses a signature that is not this key's of `payload`.
    pub(crate) fn check(&self, payload: &str, signature: Option<&str>) -> Result<(), Refusal> {
        let public = match self {
            Self::Hmac(secret) => return sign::check(secret, payload, signature),
            Self::Ed25519(public) => UnparsedPublicKey::new(&ED25519, public),
        };
        let Some(signature) = signature else {
            let message =
                "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.";
            return Err(refusal(-1102, message));
        };
        let invalid = || refusal(-1022, "Signature for this request is not valid.");
        let signature = STANDARD.decode(signature).map_err(|_| invalid())?;
        public.verify(payload.as_bytes(), &signature).map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410's example, and what it signs "symbol=BTCUSDT" with.
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";

    #[test]
    fn both_kinds_are_told_apart_and_checked() {
        assert!(matches!(Key::new(PEM), Key::Ed25519(_)));
        assert!(matches!(Key::new("secret"), Key::Hmac(_)));
        let seed: Vec<u8> = (0..32).collect();
        let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let key = Key::Ed25519(ring::signature::KeyPair::public_key(&pair).as_ref().to_vec());
        let signature = STANDARD.encode(pair.sign(b"symbol=BTCUSDT"));
        assert_eq!(key.check("symbol=BTCUSDT", Some(&signature)), Ok(()));
        for (payload, signature, code) in [
            ("symbol=ETHUSDT", Some(&*signature), -1022),
            ("symbol=BTCUSDT", Some("?"), -1022),
            ("symbol=BTCUSDT", None, -1102),
        ] {
            assert_eq!(key.check(payload, signature).unwrap_err().code, code);
        }
    }
}
