//! Where the store is: an address, its parts, or in the process.

use secrecy::SecretString;
use url::Url;

use super::problem::Warning;
use super::reading::Reading;
use super::settings::StoreChoice;
use super::sources::Sources;
use super::table::{self, Fallback};
use super::values;

const SCHEMES: [&str; 2] = ["postgres", "postgresql"];

/// The parts of an address in PostgreSQL's own variables; those that were not given have their
/// defaults.
struct Parts {
    host: Option<String>,
    port: u16,
    database: String,
    user: String,
    /// And the setting that it came from.
    password: Option<(&'static str, String)>,
}

/// Finds it out; what is wrong is noted in `reading`.
pub(super) fn read(reading: &mut Reading, sources: &Sources) -> StoreChoice {
    let url = reading.secret("DATABASE_URL", "DATABASE_URL_FILE", sources);
    let parts = Parts {
        host: reading.read("POSTGRES_HOST", host),
        port: reading.read_or_default("POSTGRES_PORT", values::whole),
        database: reading.read_or_default("POSTGRES_DB", values::filled),
        user: reading.read_or_default("POSTGRES_USER", values::filled),
        password: reading.secret("POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE", sources),
    };
    if let Some((name, text)) = url {
        if let Some(url) = address(reading, name, &text) {
            contradictions(reading, &url, &parts);
        }
        return StoreChoice::Url(SecretString::from(text.trim()));
    }
    let Some(host) = &parts.host else {
        warn_of_unused(reading);
        return StoreChoice::Embedded;
    };
    let secrets = ["POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE"];
    if parts.password.is_none() && !reading.any_failed(&secrets) {
        let problem = "needs POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE beside it";
        reading.refuse("POSTGRES_HOST", problem);
    }
    // A socket's folder and letters that have a meaning in an address are encoded; an IPv6 address
    // stands in brackets.
    let host = if host.contains(':') { format!("[{host}]") } else { encoded(host) };
    let password = encoded(parts.password.as_ref().map_or("", |(_, text)| text));
    let (user, database) = (encoded(&parts.user), encoded(&parts.database));
    let port = parts.port;
    let url = format!("postgres://{user}:{password}@{host}:{port}/{database}");
    StoreChoice::Url(SecretString::from(url))
}

/// Where the record of trading on paper is: the private store, unless a database is named.
pub(super) fn paper(reading: &mut Reading, sources: &Sources) -> StoreChoice {
    let names = ("SEXTANT_PAPER_DATABASE_URL", "SEXTANT_PAPER_DATABASE_URL_FILE");
    let Some((name, text)) = reading.secret(names.0, names.1, sources) else {
        return StoreChoice::Embedded;
    };
    address(reading, name, &text);
    StoreChoice::Url(SecretString::from(text.trim()))
}

fn address(reading: &mut Reading, name: &'static str, text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok().filter(|url| SCHEMES.contains(&url.scheme()));
    if url.is_none() {
        reading.refuse(name, "is not an address as postgres://user:password@host:port/name");
    }
    url
}

fn host(text: &str) -> Result<String, String> {
    let is_name = text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:".contains(&b));
    let fits = text.starts_with('/') || (is_name && !text.is_empty());
    fits.then(|| text.to_owned()).ok_or_else(|| "is not a host's name or address".to_owned())
}

/// Notes every given part that says something else than the address does.
fn contradictions(reading: &mut Reading, url: &Url, parts: &Parts) {
    let port = parts.port.to_string();
    let (password_name, password) = match &parts.password {
        Some((name, text)) => (*name, Some(text.as_str())),
        None => ("POSTGRES_PASSWORD", None),
    };
    let pairs = [
        ("POSTGRES_HOST", url.host_str().map(decoded), parts.host.as_deref()),
        ("POSTGRES_PORT", Some(url.port().unwrap_or(5432).to_string()), Some(port.as_str())),
        ("POSTGRES_DB", Some(decoded(url.path().trim_start_matches('/'))), Some(&*parts.database)),
        ("POSTGRES_USER", Some(decoded(url.username())), Some(&*parts.user)),
        (password_name, url.password().map(decoded), password),
    ];
    for (name, in_url, part) in pairs {
        let given = reading.given(name).is_some() && !reading.any_failed(&[name]);
        let said = in_url.filter(|text| !text.is_empty());
        if let (true, Some(in_url), Some(part)) = (given, said, part)
            && in_url.trim_matches(['[', ']']) != part
        {
            reading.refuse(name, "contradicts DATABASE_URL: give one of the two");
        }
    }
}

/// `.env` may hold parts for docker compose alone; only what differs from the defaults looks like
/// a store that was meant for this program.
fn warn_of_unused(reading: &mut Reading) {
    let names = [
        "POSTGRES_PORT",
        "POSTGRES_DB",
        "POSTGRES_USER",
        "POSTGRES_PASSWORD",
        "POSTGRES_PASSWORD_FILE",
    ];
    let unused: Vec<_> = names
        .into_iter()
        .filter_map(|name| reading.given(name))
        .filter(|given| {
            let setting = table::find(given.setting.name);
            !matches!(setting.map(|s| s.fallback), Some(Fallback::Text(text)) if text == given.value)
        })
        .collect();
    if let Some(first) = unused.first() {
        let origin = first.origin.clone();
        let names = unused.iter().map(|g| g.setting.name).collect::<Vec<_>>().join(", ");
        reading.warnings.push(Warning::StoreWithoutHost { names, origin });
    }
}

/// Percent-encoded, all but letters, digits and `-._~`: `Url`'s own setters leave a `%` as it is.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).filter(|_| *first == b'%').and_then(|d| hex::decode(d).ok());
        bytes.push(digits.as_ref().map_or(*first, |d| d[0]));
        rest = if digits.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
