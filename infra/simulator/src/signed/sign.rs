//! Signatures, checked over exactly what was sent.

use ring::hmac;

use crate::params::{Refusal, refusal};

/// What was signed and the signature, which may stand anywhere in the query or the body.
pub(crate) fn split(query: &str, body: &str) -> (String, Option<String>) {
    let mut signature = None;
    let mut without = |text: &str| {
        let mut kept = Vec::new();
        for part in text.split('&') {
            match part.strip_prefix("signature=") {
                Some(found) => signature = Some(found.to_owned()),
                None => kept.push(part),
            }
        }
        kept.join("&")
    };
    let payload = without(query) + &without(body);
    (payload, signature.filter(|text| !text.is_empty()))
}

/// Refuses a signature that is not the secret's of `payload`.
pub(crate) fn check(
    secret: &hmac::Key,
    payload: &str,
    signature: Option<&str>,
) -> Result<(), Refusal> {
    let Some(signature) = signature else {
        let message = "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.";
        return Err(refusal(-1102, message));
    };
    let tag = hmac::sign(secret, payload.as_bytes());
    let right: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    if right.eq_ignore_ascii_case(signature) {
        return Ok(());
    }
    Err(refusal(-1022, "Signature for this request is not valid."))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the venue's documentation, keys included.
    #[test]
    fn the_venues_own_example_is_taken() {
        let secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let query = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC";
        let body = "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559&signature=\
                    0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77";
        let (payload, signature) = split(query, body);
        assert_eq!(check(&key, &payload, signature.as_deref()), Ok(()));
        let wrong = check(&key, &format!("{payload}0"), signature.as_deref()).unwrap_err();
        assert_eq!(wrong.code, -1022);
        assert_eq!(check(&key, &payload, None).unwrap_err().code, -1102);
    }
}
