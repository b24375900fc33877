//! Addresses of a venue, checked before anything is sent there.

use reqwest::Url;

use super::error::{VenueError, excerpt};

/// Checks a base address; its path, if it has one, ends in a slash from then on.
pub(crate) fn base(
    text: &str,
    schemes: &[&str],
    expected: &'static str,
) -> Result<Url, VenueError> {
    let bad = |why: String| {
        // What stands before an @ may be a password.
        let shown = text.rsplit('@').next().unwrap_or_default();
        VenueError::BadUrl { url: excerpt(shown.as_bytes()), why, expected }
    };
    let mut url = Url::parse(text.trim()).map_err(|e| bad(e.to_string()))?;
    if !schemes.contains(&url.scheme()) {
        return Err(bad("its scheme does not fit".to_owned()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(bad("it names no host".to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("public data needs no user or password".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it must end with the host or a path".to_owned()));
    }
    let path = format!("{}/", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_checked_before_use() {
        for (text, kept) in [
            ("https://data-api.binance.vision", "https://data-api.binance.vision/"),
            (" http://127.0.0.1:9001/ ", "http://127.0.0.1:9001/"),
            ("http://[::1]:80/venue//", "http://[::1]/venue/"),
        ] {
            assert_eq!(base(text, &["http", "https"], "http(s)").unwrap().as_str(), kept);
        }
        for text in ["", "localhost:80", "ftp://x", "ws://x", "http://", "http://x?a=1"] {
            assert!(base(text, &["http", "https"], "http(s)").is_err(), "{text}");
        }
        let leak = base("http://me:secret@x", &["http"], "http(s)").unwrap_err().to_string();
        assert!(!leak.contains("secret"), "{leak}");
    }
}
