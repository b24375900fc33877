//! The parameters of a request, in the one spelling that is both signed and sent.

use std::fmt::Write;

use domain::instrument::InstrumentId;

/// Parameters in the order in which they are sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    pairs: Vec<(&'static str, String)>,
    instrument: Option<InstrumentId>,
}

impl Params {
    /// None yet.
    pub const fn new() -> Self {
        Self { pairs: Vec::new(), instrument: None }
    }

    /// With `instrument` as the venue spells it. Spot and futures spell alike, so which one was
    /// meant is kept, and checked when the request is sent.
    pub fn of(instrument: InstrumentId) -> Self {
        Self { pairs: vec![("symbol", instrument.symbol())], instrument: Some(instrument) }
    }

    /// The instrument that was meant.
    pub const fn instrument(&self) -> Option<InstrumentId> {
        self.instrument
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.pairs.push((name, value.to_string()));
        self
    }

    /// With one more where there is a value.
    #[must_use]
    pub fn with_some(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With one more where it is wanted; the venue's word for yes is `true`.
    #[must_use]
    pub fn with_flag(self, name: &'static str, wanted: bool) -> Self {
        if wanted { self.with(name, "true") } else { self }
    }

    /// Names and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.pairs.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// As a query or a form's body, percent-encoded: since 2026 the venue signs what is sent, not
    /// what it means.
    pub fn encoded(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.pairs {
            if !text.is_empty() {
                text.push('&');
            }
            text.push_str(name);
            text.push('=');
            encode(value, &mut text);
        }
        text
    }

    /// As the WebSocket API signs it: by name, as it is.
    pub fn sorted(&self) -> String {
        let mut pairs: Vec<_> = self.pairs().collect();
        pairs.sort_unstable();
        let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("&")
    }
}

/// Appends `value` with everything but RFC 3986's unreserved characters encoded.
pub(crate) fn encode(value: &str, text: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("a string takes whatever is written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_plain_characters_is_encoded() {
        let params = Params::new()
            .with("symbols", r#"["BTCUSDT","LTCUSDT"]"#)
            .with("name", "１２ a+b/c=~._-")
            .with_some("none", None::<u8>)
            .with_flag("reduceOnly", true)
            .with_flag("closePosition", false);
        assert_eq!(
            params.encoded(),
            "symbols=%5B%22BTCUSDT%22%2C%22LTCUSDT%22%5D\
             &name=%EF%BC%91%EF%BC%92%20a%2Bb%2Fc%3D~._-&reduceOnly=true"
        );
        let sorted = Params::new().with("b", 2).with("apiKey", "k").sorted();
        assert_eq!(sorted, "apiKey=k&b=2");
    }
}
