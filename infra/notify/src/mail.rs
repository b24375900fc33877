//! What to say, and to whom.

use std::fmt;
use std::str::FromStr;

use lettre::Message;
use lettre::message::{Mailbox, MultiPart};

/// Somebody's address, such as `me@example.org` or `Sextant <sextant@example.org>`.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Mailbox);

/// Text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no e-mail address ({reason}); write it like me@example.org")]
pub struct ParseAddressError {
    text: String,
    reason: String,
}

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|error: lettre::address::AddressError| ParseAddressError {
            text: text.chars().take(80).collect(),
            reason: error.to_string(),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The same mail always has the same one, so that a mailbox shows it once however often it had
    /// to be handed over. Letters, digits, `-`, `_` and `.`; anything else is left out.
    pub id: String,
    /// One line.
    pub subject: String,
    /// For every reader.
    pub text: String,
    /// For readers that show pages.
    pub html: Option<String>,
}

impl Mail {
    /// As the mail server takes it.
    pub(crate) fn message(
        &self,
        from: &Address,
        to: &[Address],
    ) -> Result<Message, lettre::error::Error> {
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let id: String = self.id.chars().filter(plain).take(120).collect();
        // A line break would begin a header of somebody else's choosing.
        let subject: String =
            self.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut message = Message::builder()
            .from(from.0.clone())
            .message_id(Some(format!("<{id}@{}>", from.0.email.domain())))
            .subject(subject);
        for address in to {
            message = message.to(address.0.clone());
        }
        match &self.html {
            Some(html) => message
                .multipart(MultiPart::alternative_plain_html(self.text.clone(), html.clone())),
            None => message
                .header(lettre::message::header::ContentType::TEXT_PLAIN)
                .body(self.text.clone()),
        }
    }
}
