//! What arrives, and what is refused.

use std::time::Duration;

use notify::mail::{Address, Mail};
use notify::mailer::{Encryption, Mailer, SendError, Settings, SettingsError};
use secrecy::SecretString;

use crate::server::{PASSWORD, Server};

fn mail() -> Mail {
    Mail {
        id: "halt-0123 <evil>\r\n".to_owned(),
        subject: "Trading is halted: drawdown 25.3 %\r\nBcc: spy@example.org".to_owned(),
        text: "Größe → 12.5 USDT\n.\nA line with a single dot above.\n".to_owned(),
        html: Some("<p>Größe</p>".to_owned()),
    }
}

#[tokio::test]
async fn a_mail_arrives_whole_over_starttls_and_auth() {
    let Some(mut server) = Server::start(&[]) else { return };
    let mailer = Mailer::new(&server.settings()).unwrap();
    mailer.check().await.unwrap();
    mailer.send(&mail()).await.unwrap();
    let arrived = server.next();
    for part in [
        r#""sender": "sextant@example.org""#,
        r#""readers": ["me@example.org", "you@example.org"]"#,
        r#""subject": "Trading is halted: drawdown 25.3 %  Bcc: spy@example.org""#,
        r#""id": "<halt-0123evil@example.org>""#,
        r#""tls": true"#,
        r"Gr\u00f6\u00dfe \u2192 12.5 USDT\r\n.\r\nA line",
        r#""text/html": "<p>Gr\u00f6\u00dfe</p>"#,
    ] {
        assert!(arrived.contains(part), "{part} is not in {arrived}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_never_shown() {
    let Some(server) = Server::start(&[]) else { return };
    let login = Some(("sextant".to_owned(), SecretString::from("hunter2-wrong")));
    let settings = Settings { login, ..server.settings() };
    let error = Mailer::new(&settings).unwrap().send(&mail()).await.unwrap_err();
    assert!(matches!(error, SendError::Refused(_)), "{error}");
    for text in [format!("{error} {error:?}"), format!("{settings:?}")] {
        assert!(!text.contains("hunter2") && !text.contains(PASSWORD), "{text}");
    }
}

#[tokio::test]
async fn a_busy_or_absent_server_is_for_later() {
    let Some(server) = Server::start(&["busy"]) else { return };
    let settings = server.settings();
    let error = Mailer::new(&settings).unwrap().send(&mail()).await.unwrap_err();
    assert!(matches!(&error, SendError::Later(text) if text.contains("come again")), "{error}");
    drop(server);
    let error = Mailer::new(&settings).unwrap().send(&mail()).await.unwrap_err();
    assert!(matches!(error, SendError::Later(_)), "{error}");
}

#[tokio::test]
async fn a_mute_server_costs_some_patience_and_no_more() {
    let Some(server) = Server::start(&["mute"]) else { return };
    let login = Some(("sextant".to_owned(), SecretString::from("hunter2-wrong")));
    let settings = Settings { login, patience: Duration::from_millis(500), ..server.settings() };
    let error = Mailer::new(&settings).unwrap().send(&mail()).await.unwrap_err();
    assert!(matches!(&error, SendError::Later(_)), "{error}");
}

#[tokio::test]
async fn nothing_is_said_to_a_server_that_proves_nothing() {
    let Some(server) = Server::start(&[]) else { return };
    // Its certificate is nobody's we trust.
    let settings = Settings { extra_roots_pem: None, ..server.settings() };
    let error = Mailer::new(&settings).unwrap().send(&mail()).await.unwrap_err();
    assert!(matches!(error, SendError::Later(_)), "{error}");
    let settings = Settings { encryption: Encryption::None, ..server.settings() };
    let error = Mailer::new(&settings).unwrap().send(&mail()).await.unwrap_err();
    assert!(matches!(error, SendError::Refused(_) | SendError::Later(_)), "{error}");
}

#[test]
fn settings_that_cannot_work_are_named() {
    let settings = Settings {
        host: "mail.example.org".to_owned(),
        port: 25,
        encryption: Encryption::None,
        login: None,
        patience: Duration::from_secs(20),
        extra_roots_pem: None,
        from: "sextant@example.org".parse().unwrap(),
        to: vec!["me@example.org".parse().unwrap()],
    };
    assert!(matches!(Mailer::new(&settings), Err(SettingsError::InTheClear { .. })));
    let nobody = Settings { to: vec![], ..settings.clone() };
    assert!(matches!(Mailer::new(&nobody), Err(SettingsError::NoReader)));
    let roots = Some(b"no certificate".to_vec());
    let settings = Settings { encryption: Encryption::Tls, extra_roots_pem: roots, ..settings };
    let made = Mailer::new(&settings);
    assert!(matches!(made, Ok(_) | Err(SettingsError::Roots(_))));
    for text in ["", "me", "me@", "@example.org", "a b@example.org", "me@example.org\r\nBcc: x@y.z"]
    {
        assert!(text.parse::<Address>().is_err(), "{text}");
    }
}
