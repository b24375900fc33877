//! What a person is told by mail, through kills and a mail server that is away.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use crate::control::{market, say, status};
use crate::harness::{Launch, PATIENCE, Process, wait_until};
use crate::market::Market;
use crate::site::Site;

/// A real mail server.
pub(crate) struct MailServer {
    child: Child,
    pub(crate) mails: Receiver<Value>,
}

impl MailServer {
    pub(crate) fn is_here() -> bool {
        let mut probe = Command::new("python3");
        probe.args(["-c", "import aiosmtpd"]).stdout(Stdio::null()).stderr(Stdio::null());
        let here = probe.status().is_ok_and(|status| status.success());
        if !here {
            eprintln!("skipped: python3 with aiosmtpd is not here (make python)");
        }
        here
    }

    pub(crate) fn start(port: u16) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/mail.py");
        let mut command = Command::new("python3");
        command.args([script, &port.to_string()]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (told, mails) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = told.send(serde_json::from_str(&line).unwrap());
            }
        });
        let server = Self { child, mails };
        // Its first line says that it listens.
        server.next();
        server
    }

    pub(crate) fn next(&self) -> Value {
        self.mails.recv_timeout(PATIENCE).unwrap()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A run that goes on until it is stopped, with a mail server at `port`.
fn running(site: &Site, market: &Market, port: u16) -> Process {
    let launch: Launch = site.trade(market, &["run", "--json"]).env("SMTP_HOST", "127.0.0.1");
    let launch = launch.env("SMTP_TLS", "none").env("SMTP_PORT", port.to_string());
    let mut process = launch.env("NOTIFICATION_EMAIL", "me@example.org").start();
    let listens = || crate::control::process_listens(site);
    let up = wait_until(PATIENCE, || listens() || !process.is_running());
    assert!(up && process.is_running(), "{}", process.said());
    process
}

#[test]
fn a_halt_is_mailed_once_whatever_happens_meanwhile() {
    if !MailServer::is_here() {
        return;
    }
    let site = Site::embedded("mail");
    let market = market(&site);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let process = running(&site, &market, port);
    say(&site, &["halt"]).end().json();
    let unsent = || status(&site)["alerts"]["unsent"].as_u64().unwrap();
    assert_eq!(unsent(), 1);
    process.kill();

    // Without settings it waits, and says what is missing.
    let waiting = status(&site);
    assert_eq!(waiting["mail_missing"], serde_json::json!(["SMTP_HOST", "NOTIFICATION_EMAIL"]));
    let subject = waiting["unsent_alerts"][0]["subject"].as_str().unwrap();
    assert!(subject.starts_with("trading is halted: halt by `sextant halt`"), "{subject}");

    // The server is still away: it is tried again and again.
    let process = running(&site, &market, port);
    let tried = || status(&site)["unsent_alerts"][0]["attempts"].as_u64() >= Some(2);
    assert!(wait_until(PATIENCE, tried), "{}", process.said());
    let server = MailServer::start(port);
    let first = server.next();
    assert!(first["subject"].as_str().unwrap().starts_with("[sextant paper] trading is halted"));
    assert_eq!(first["readers"], serde_json::json!(["me@example.org"]));
    assert!(first["text"].as_str().unwrap().contains("`sextant resume` lifts it"), "{first}");
    assert!(wait_until(PATIENCE, || unsent() == 0));

    // Another halt is told at once, though it is of the same kind.
    say(&site, &["resume", "--yes"]).end().json();
    say(&site, &["halt"]).end().json();
    let second = server.next();
    assert_ne!(second["id"], first["id"]);
    assert!(wait_until(PATIENCE, || unsent() == 0));
    process.signal("TERM");
    process.end(PATIENCE).json();
    assert!(server.mails.try_recv().is_err(), "told twice");
    assert_eq!(site.verify().json()["holds"], true);
    site.folder.assert_deserted_but(&[market.id()]);
}
