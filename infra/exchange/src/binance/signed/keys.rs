//! A key of the venue and what signs with it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::signature::Ed25519KeyPair;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};

/// A key that can't be used. Says nothing of what the key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No text at all, or text that no header can carry.
    #[error("the API key is empty or holds characters that no key has; copy it again")]
    BadApiKey,
    /// No secret.
    #[error("the API secret is empty; copy it again")]
    EmptySecret,
    /// A PEM that holds no Ed25519 key in PKCS#8.
    #[error("the private key is no Ed25519 key in PKCS#8 PEM; make one as the venue describes")]
    BadPem,
}

/// How requests are signed.
enum Signer {
    /// HMAC-SHA256 with the secret that the venue gave.
    Hmac(SecretString),
    /// Ed25519 with a key whose public half the venue knows.
    Ed25519(Box<Ed25519KeyPair>),
}

/// An API key with its secret half. Neither shows in `Debug`, and there is no `Display`.
pub struct Keys {
    api_key: SecretString,
    signer: Signer,
}

impl Keys {
    /// A key and its secret: the text that the venue gave for HMAC, or the PEM of an Ed25519 key.
    pub fn new(api_key: SecretString, secret: &SecretString) -> Result<Self, KeyError> {
        let name = api_key.expose_secret().trim();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if name.is_empty() || !name.bytes().all(plain) {
            return Err(KeyError::BadApiKey);
        }
        let text = secret.expose_secret().trim();
        let signer = if text.contains("-----BEGIN") {
            let der = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes());
            let der = der.map_err(|_| KeyError::BadPem)?;
            // OpenSSL leaves the public half out, and so does the venue's own tool.
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
            Signer::Ed25519(Box::new(pair.map_err(|_| KeyError::BadPem)?))
        } else if text.is_empty() {
            return Err(KeyError::EmptySecret);
        } else {
            Signer::Hmac(text.to_owned().into())
        };
        Ok(Self { api_key: name.to_owned().into(), signer })
    }

    /// The public half, which goes along with every request.
    pub(crate) fn api_key(&self) -> &str {
        self.api_key.expose_secret()
    }

    /// The signature of `payload`: hexadecimal for HMAC, base64 for Ed25519.
    pub fn sign(&self, payload: &str) -> String {
        match &self.signer {
            Signer::Hmac(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
                let tag = hmac::sign(&key, payload.as_bytes());
                tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
            }
            Signer::Ed25519(pair) => STANDARD.encode(pair.sign(payload.as_bytes())),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.signer {
            Signer::Hmac(_) => "Keys(hmac, …)",
            Signer::Ed25519(_) => "Keys(ed25519, …)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410's example: a key without its public half.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";

    #[test]
    fn an_ed25519_key_signs_what_its_public_half_verifies() {
        let keys = Keys::new("abc".into(), &PEM.into()).unwrap();
        let signature = STANDARD.decode(keys.sign("symbol=BTCUSDT")).unwrap();
        let public = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
        let public: Vec<u8> = (0..public.len())
            .step_by(2)
            .map(|n| u8::from_str_radix(&public[n..n + 2], 16).unwrap())
            .collect();
        let verifier = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, &public);
        verifier.verify(b"symbol=BTCUSDT", &signature).unwrap();
        assert!(verifier.verify(b"symbol=ETHUSDT", &signature).is_err());
    }

    #[test]
    fn nothing_of_a_key_shows_and_bad_ones_are_refused() {
        let keys = Keys::new("pubXYZ".into(), &"hushhush".into()).unwrap();
        let shown = format!("{keys:?}");
        assert!(!shown.contains("pubXYZ") && !shown.contains("hushhush"), "{shown}");
        let refused = |key: &str, secret: &str| Keys::new(key.into(), &secret.into()).unwrap_err();
        assert_eq!(refused(" ", "x"), KeyError::BadApiKey);
        assert_eq!(refused("a\r\nb", "x"), KeyError::BadApiKey);
        assert_eq!(refused("a", " "), KeyError::EmptySecret);
        assert_eq!(refused("a", "-----BEGIN PRIVATE KEY-----"), KeyError::BadPem);
        assert_eq!(refused("a", &PEM.replace("MC4C", "MC5C")), KeyError::BadPem);
    }
}
