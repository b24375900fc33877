//! Accounts from a file: secrets stand in no command line.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::error::SimulatorError;
use crate::options::AccountOptions;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    accounts: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    secret: String,
    #[serde(default)]
    balances: BTreeMap<String, Decimal>,
    #[serde(default)]
    futures: BTreeMap<String, Decimal>,
    maker_rate: Option<Decimal>,
    taker_rate: Option<Decimal>,
    #[serde(default)]
    may_withdraw: bool,
}

/// Reads accounts from JSON, where the text begins with a brace, or else from TOML:
///
/// ```toml
/// [[accounts]]
/// key = "any letters and digits"
/// secret = "any"
/// balances = { USDT = "10000", BTC = "0.5" }
/// futures = { USDT = "10000" }
/// ```
///
/// `balances` are those on spot, `futures` those on USD-M futures; either may be left out.
/// `maker_rate`, `taker_rate` (shares of an execution on spot) and `may_withdraw` may be said too.
///
/// # Errors
/// [`SimulatorError::Accounts`] tells where the text is not understood, and never what stands
/// there: that may be a secret.
pub fn parse(text: &str) -> Result<Vec<AccountOptions>, SimulatorError> {
    let file: Result<File, usize> = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| error.line())
    } else {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start).min(text.len());
            text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1
        })
    };
    let file = file.map_err(|line| SimulatorError::Accounts { line })?;
    Ok(file.accounts.into_iter().map(Entry::options).collect())
}

impl Entry {
    fn options(self) -> AccountOptions {
        let usual = AccountOptions::new(&self.key, &self.secret, &[]);
        AccountOptions {
            balances: self.balances,
            futures_balances: self.futures,
            maker_rate: self.maker_rate.unwrap_or(usual.maker_rate),
            taker_rate: self.taker_rate.unwrap_or(usual.taker_rate),
            may_withdraw: self.may_withdraw,
            ..usual
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_and_errors_keep_their_secrets() {
        let text = "[[accounts]]\nkey = \"k\"\nsecret = \"s3cret\"\nmaker_rate = \"0\"\n\
                    balances = { USDT = \"10000.5\" }\nfutures = { USDT = \"7\" }\n";
        let accounts = parse(text).unwrap();
        assert_eq!((&*accounts[0].key, &*accounts[0].secret), ("k", "s3cret"));
        assert_eq!(accounts[0].balances["USDT"], "10000.5".parse().unwrap());
        assert_eq!(accounts[0].futures_balances["USDT"], Decimal::from(7));
        assert_eq!(accounts[0].maker_rate, Decimal::ZERO);
        assert_eq!(accounts[0].taker_rate, Decimal::new(1, 3));
        let json = r#"{ "accounts": [{ "key": "k", "secret": "s" }] }"#;
        assert_eq!(parse(json).unwrap().len(), 1);
        for bad in [
            "[[accounts]]\nkey = \"k\"\nsecret = [\"s3cret\"]\n",
            "[[accounts]]\nkey = \"k\"\nsecret = \"s3cret\"\ncolour = 1\n",
            r#"{ "accounts": [{ "key": "k", "secret": ["s3cret"] }] }"#,
            "{ s3cret",
        ] {
            let error = parse(bad).unwrap_err().to_string();
            assert!(error.contains("line") && !error.contains("s3cret"), "{error}");
        }
    }
}
