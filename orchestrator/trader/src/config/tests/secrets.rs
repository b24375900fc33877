//! Whatever is printed of what holds a key, for people or in a panic, shows none.

use std::fmt::Debug;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use exchange::binance::signed::client::SignedOptions;
use exchange::binance::signed::keys::Keys;
use exchange::binance::spot::client::SpotClient;
use exchange::binance::usdm::client::UsdmClient;
use exchange::binance::user_stream::stream::UserStreamOptions;
use execution::terms::{Market, Terms};
use notify::mailer::Mailer;

use super::super::settings::Mail;
use super::*;
use crate::gateway::account::Account;
use crate::gateway::open::Venue;
use crate::place::Place;

/// RFC 8410's example.
const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";
/// The same bytes as numbers and in hexadecimal digits.
const PEM_BYTES: [&str; 3] = ["212, 238, 114, 219", "d4ee72db", "D4EE72DB"];
const SECRETS: [(&str, &str); 6] = [
    ("BINANCE_API_KEY", "hushTheKey"),
    ("BINANCE_API_SECRET", "hush-the-secret"),
    ("DATABASE_URL", "postgres://ann:hush-the-store@db:5432/sextant"),
    ("REDIS_URL", "redis://:hush-the-state@redis:6379/0"),
    ("SMTP_PASSWORD", "hush-the-mail"),
    ("SMTP_USER", "bot"),
];
const SERVER: [(&str, &str); 2] =
    [("SMTP_HOST", "mail.example.org"), ("NOTIFICATION_EMAIL", "me@example.org")];

fn assert_silent(told: &str) {
    let words = ["hush", "MC4CAQ", "INTuctv5"].iter().chain(&PEM_BYTES);
    for word in words {
        assert!(!told.contains(word), "{word}: {told}");
    }
}

/// In every form that a thing is printed in, a panic's message among them.
fn silent(thing: &impl Debug) {
    assert_silent(&format!("{thing:?}"));
    assert_silent(&format!("{thing:#?}"));
    assert_silent(&format!("{thing:x?}"));
    let failed: Result<(), _> = black_box(Err(thing));
    let panicked = catch_unwind(AssertUnwindSafe(|| failed.expect("no failure")));
    let told = panicked.unwrap_err();
    assert_silent(told.downcast_ref::<String>().unwrap());
}

fn keys(key: &str, secret: &str) -> Keys {
    Keys::new(key.into(), &secret.into()).unwrap()
}

#[test]
fn nothing_that_holds_a_key_shows_it() {
    // One provider for all; installed twice it stays the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sources = with_environment(&[&SECRETS[..], &SERVER].concat());
    let found = loaded(&sources);
    assert!(found.settings.live.keys.is_some() && found.settings.redis.is_some());
    silent(&found);
    silent(&found.settings);
    silent(&found.settings.live);
    silent(&found.settings.store);
    silent(&Place::of(&found.settings, "live"));
    let Mail::To(server) = &found.settings.mail else { panic!("there is a server") };
    silent(server);
    silent(&Mailer::new(server).unwrap());
    for (key, secret) in [("hushTheKey", "hush-the-secret"), ("hushTheKey", PEM)] {
        silent(&keys(key, secret));
        let (url, options) = ("http://127.0.0.1:1", SignedOptions::default());
        let spot = SpotClient::new(url, keys(key, secret), options.clone()).unwrap();
        let usdm = UsdmClient::new(url, keys(key, secret), options).unwrap();
        silent(&spot);
        silent(&usdm);
        for account in [Account::Spot(spot), Account::Usdm(usdm)] {
            silent(&account);
            silent(&Venue {
                account,
                stream_url: "ws://127.0.0.1:1".to_owned(),
                stream: UserStreamOptions::default(),
                terms: Terms::usual(Market::Spot),
                in_turns: false,
            });
        }
    }
}

#[test]
fn a_private_key_in_a_file_shows_nowhere() {
    let file = ("BINANCE_ED25519_KEY_FILE", "/run/key.pem");
    let mut sources = with_environment(&[SECRETS[0], file]);
    sources.files.insert("/run/key.pem".into(), Ok(PEM.to_owned()));
    let found = loaded(&sources);
    assert!(found.settings.live.keys.is_some());
    silent(&found);
}
