//! The mail server that alerts go through, and to whom.

use std::time::Duration;

use notify::mail::Address;
use notify::mailer::{Encryption, Mailer, Settings as MailServer};
use secrecy::SecretString;

use super::reading::Reading;
use super::settings::Mail;
use super::sources::Sources;
use super::values;

/// A server that says nothing for so long is away.
const PATIENCE: Duration = Duration::from_secs(20);

/// Finds it out; what is wrong is noted in `reading`.
pub(super) fn read(reading: &mut Reading, sources: &Sources) -> Mail {
    let host = reading.read("SMTP_HOST", values::filled);
    let port = reading.read_or_default("SMTP_PORT", values::whole);
    let encryption = reading.read_or_default("SMTP_TLS", encryption);
    let (user_name, user) = user(reading);
    let password = reading.secret("SMTP_PASSWORD", "SMTP_PASSWORD_FILE", sources);
    let from = reading.read("SMTP_FROM_EMAIL", address);
    let to = reading.read("NOTIFICATION_EMAIL", addresses);
    let (Some(host), Some(to)) = (host, to) else {
        let given = |name| reading.given(name).is_some();
        let needed = ["SMTP_HOST", "NOTIFICATION_EMAIL"].into_iter();
        return Mail::Missing(needed.filter(|name| !given(name)).collect());
    };
    let login = match (user, password) {
        (Some(user), Some((_, password))) => Some((user, SecretString::from(password))),
        (None, None) => None,
        (Some(_), None) => {
            if !reading.any_failed(&["SMTP_PASSWORD", "SMTP_PASSWORD_FILE"]) {
                reading.refuse(user_name, "needs SMTP_PASSWORD or SMTP_PASSWORD_FILE beside it");
            }
            None
        }
        (None, Some((name, _))) => {
            reading.refuse(name, "needs SMTP_USER beside it");
            None
        }
    };
    // Whoever logs in with an address mostly sends from it too.
    let own = login.as_ref().and_then(|(user, _)| user.parse().ok());
    let Some(from) = from.or(own).or_else(|| to.first().cloned()) else {
        return Mail::Missing(vec!["SMTP_FROM_EMAIL"]);
    };
    let server = MailServer {
        host,
        port,
        encryption,
        login,
        extra_roots_pem: None,
        patience: PATIENCE,
        from,
        to,
    };
    if let Err(error) = Mailer::new(&server) {
        reading.refuse("SMTP_TLS", format!("can't be: {error}"));
    }
    Mail::To(Box::new(server))
}

/// Who logs in: by one of two names, which files from elsewhere use.
fn user(reading: &mut Reading) -> (&'static str, Option<String>) {
    let (user, username) =
        (reading.read("SMTP_USER", values::filled), reading.read("SMTP_USERNAME", values::filled));
    if user.is_some() && username.is_some() && user != username {
        reading.refuse("SMTP_USERNAME", "contradicts SMTP_USER: give one of the two");
    }
    let name = if user.is_some() { "SMTP_USER" } else { "SMTP_USERNAME" };
    (name, user.or(username))
}

fn encryption(text: &str) -> Result<Encryption, String> {
    match text.to_ascii_lowercase().as_str() {
        "starttls" => Ok(Encryption::StartTls),
        "tls" => Ok(Encryption::Tls),
        "none" => Ok(Encryption::None),
        _ => Err("is none of starttls, tls, none".to_owned()),
    }
}

fn address(text: &str) -> Result<Address, String> {
    text.trim().parse().map_err(|_| "is no e-mail address, as me@example.org".to_owned())
}

fn addresses(text: &str) -> Result<Vec<Address>, String> {
    text.split(',').map(address).collect()
}
