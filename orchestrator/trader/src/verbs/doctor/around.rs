//! What a run leans on beside the venue: Redis and the mail server.

use std::time::Duration;

use exchange::binance::clock::local_now;
use notify::mail::Mail as Letter;
use notify::mailer::{Mailer, SendError};
use secrecy::ExposeSecret;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use url::Url;

use super::finding::{Check, Finding};
use crate::config::settings::{Mail, Settings};

const PATIENCE: Duration = Duration::from_secs(3);

/// Asks Redis whether it is there, if one is configured.
pub(super) async fn redis(settings: &Settings) -> Option<Finding> {
    let check = Check::here("redis");
    let url = Url::parse(settings.redis.as_ref()?.expose_secret()).ok()?;
    let to_do = "check REDIS_URL and that Redis runs; nothing is lost without it";
    Some(match tokio::time::timeout(PATIENCE, ping(&url)).await {
        Ok(Ok(())) => check.ok("answers"),
        Ok(Err(error)) => check.fail(error, to_do),
        Err(_) => check.fail(format!("no answer within {PATIENCE:?}"), to_do),
    })
}

/// AUTH, where there is a password, and PING, by the protocol of Redis (RESP 2).
async fn ping(url: &Url) -> Result<(), String> {
    let host = url.host_str().unwrap_or("localhost").trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, url.port().unwrap_or(6379))).await;
    let mut stream = BufReader::new(stream.map_err(|error| error.to_string())?);
    let decoded = |text: &str| percent(text);
    let password = url.password().map(decoded);
    let user = Some(url.username()).filter(|user| !user.is_empty()).map(decoded);
    if let Some(password) = password {
        let words: Vec<_> = ["AUTH".to_owned()].into_iter().chain(user).chain([password]).collect();
        let answer = ask(&mut stream, &words).await?;
        if answer != "+OK" {
            // An answer never repeats what it was given, but nothing of it is needed here.
            return Err("it refuses the password in REDIS_URL".to_owned());
        }
    }
    match ask(&mut stream, &["PING".to_owned()]).await?.as_str() {
        "+PONG" => Ok(()),
        answer => Err(format!("it says {}", answer.chars().take(80).collect::<String>())),
    }
}

async fn ask(stream: &mut BufReader<TcpStream>, words: &[String]) -> Result<String, String> {
    let bulk = |word: &String| format!("${}\r\n{word}\r\n", word.len());
    let text = format!("*{}\r\n{}", words.len(), words.iter().map(bulk).collect::<String>());
    stream.write_all(text.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut line = String::new();
    stream.read_line(&mut line).await.map_err(|error| error.to_string())?;
    Ok(line.trim_end().to_owned())
}

/// What stands percent-encoded in an address.
fn percent(text: &str) -> String {
    // A query decodes the same, but for the plus sign, which means itself before a host.
    let text = text.replace('+', "%2B");
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    pairs.next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

/// Connects and logs in; sends a mail only where that is asked for.
pub(super) async fn mail(settings: &Settings, send: bool) -> Finding {
    let check = Check::here("mail");
    let server = match &settings.mail {
        Mail::To(server) => server,
        Mail::Missing(names) => {
            let what = format!("{} not set: alerts go nowhere", names.join(", "));
            return check.warn(what, "see \"Alerts by mail\" in .env.template");
        }
    };
    let mailer = match Mailer::new(server) {
        Ok(mailer) => mailer,
        Err(error) => return check.fail(error.to_string(), "correct the settings"),
    };
    let to: Vec<_> = server.to.iter().map(ToString::to_string).collect();
    let place = format!("{}:{}", server.host, server.port);
    let done = match send {
        true => mailer.send(&letter()).await,
        false => mailer.check().await,
    };
    match done {
        Ok(()) if send => check.ok(format!("{place} took a mail to {}", to.join(", "))),
        Ok(()) => check.ok(format!("{place} is ready for mails to {}", to.join(", "))),
        Err(SendError::Refused(why)) => check.fail(
            format!("{place} refuses: {why}"),
            "check SMTP_USER, SMTP_PASSWORD and who is told",
        ),
        Err(SendError::Later(why)) => {
            let to_do = "check SMTP_HOST, SMTP_PORT, SMTP_TLS and the network";
            Check::remote("mail").fail(format!("{place}: {why}"), to_do)
        }
    }
}

fn letter() -> Letter {
    let now = local_now();
    Letter {
        id: format!("doctor-{}", now.ms()),
        subject: "[sextant] a test".to_owned(),
        text: format!(
            "This is the mail that `sextant doctor --send-test-mail` sent at {now}. Alerts will \
             reach you the same way.\n"
        ),
        html: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_an_address_is_decoded() {
        for (text, plain) in [("a%40b", "a@b"), ("a+b", "a+b"), ("%26=x", "&"), ("", "")] {
            assert_eq!(percent(text), plain, "{text}");
        }
    }
}
