//! The server's process and its certificate.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use notify::mailer::{Encryption, Settings};
use secrecy::SecretString;
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) struct Server {
    child: Child,
    lines: BufReader<ChildStdout>,
    pub(crate) port: u16,
    pub(crate) root_pem: Vec<u8>,
    _folder: TempDir,
}

impl Server {
    /// None, with the reason printed, where the server can't be had.
    pub(crate) fn start(moods: &[&str]) -> Option<Self> {
        let mut probe = Command::new("python3");
        probe.args(["-c", "import aiosmtpd"]).stdout(Stdio::null()).stderr(Stdio::null());
        if !probe.status().is_ok_and(|status| status.success()) {
            eprintln!("skipped: python3 with aiosmtpd is not here (make python)");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/server.py");
        let mut command = Command::new("python3");
        command.arg(script).args([&certificate, &key]).args(["sextant", PASSWORD]).args(moods);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        let root_pem = made.cert.pem().into_bytes();
        Some(Self { child, lines, port: digits.parse().unwrap(), root_pem, _folder: folder })
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            host: "localhost".to_owned(),
            port: self.port,
            encryption: Encryption::StartTls,
            login: Some(("sextant".to_owned(), SecretString::from(PASSWORD))),
            extra_roots_pem: Some(self.root_pem.clone()),
            patience: Duration::from_secs(20),
            from: "Sextant <sextant@example.org>".parse().unwrap(),
            to: vec!["me@example.org".parse().unwrap(), "You <you@example.org>".parse().unwrap()],
        }
    }

    /// The next mail that the server took, as its line of JSON.
    pub(crate) fn next(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
