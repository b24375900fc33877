//! A mail server to hand mails to: SMTP with STARTTLS or TLS from the start, and AUTH.

use std::fmt;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::response::Severity;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};

use crate::mail::{Address, Mail};

/// How the connection is kept from listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Begins in the clear and must turn to TLS before anything is said: port 587.
    StartTls,
    /// TLS from the first byte: port 465.
    Tls,
    /// None. Only to this very machine: the server's name must be a loopback address.
    None,
}

/// Where mails are handed over.
#[derive(Clone)]
pub struct Settings {
    /// The server's name; its certificate must bear it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept from listeners.
    pub encryption: Encryption,
    /// Who logs in, if anybody.
    pub login: Option<(String, SecretString)>,
    /// PEM certificates that are trusted beside the well-known ones.
    pub extra_roots_pem: Option<Vec<u8>>,
    /// A server that says nothing for so long is away.
    pub patience: Duration,
    /// Sender.
    pub from: Address,
    /// Readers; at least one.
    pub to: Vec<Address>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The password's type hides itself; the login name is nobody's business either.
        f.debug_struct("Settings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("encryption", &self.encryption)
            .field("login", &self.login.is_some())
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

/// Settings that can't work.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Nobody to write to.
    #[error("no reader is named: set NOTIFICATION_EMAIL")]
    NoReader,
    /// A password would travel in the clear.
    #[error(
        "without encryption mails only go to this very machine, not to {host}; use starttls or tls"
    )]
    InTheClear {
        /// The server asked for.
        host: String,
    },
    /// The trusted certificates can't be read.
    #[error("the extra certificates are not PEM: {0}")]
    Roots(lettre::transport::smtp::Error),
}

/// Why a mail was not handed over.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It can't be: the mail itself or the account is refused. To try again changes nothing until a
    /// person changes the settings.
    #[error("the mail server refuses: {0}")]
    Refused(String),
    /// Not now: the server is away, too slow, or asks to come again.
    #[error("the mail server can't take it now: {0}")]
    Later(String),
}

/// Hands mails to one server.
#[derive(Debug, Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    patience: Duration,
    from: Address,
    to: Vec<Address>,
}

impl Mailer {
    /// A mailer that has not connected yet.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        if settings.to.is_empty() {
            return Err(SettingsError::NoReader);
        }
        let host = settings.host.as_str();
        let parameters = || {
            let mut parameters = TlsParameters::builder(host.to_owned());
            for root in settings.extra_roots_pem.iter() {
                let root = Certificate::from_pem(root).map_err(SettingsError::Roots)?;
                parameters = parameters.add_root_certificate(root);
            }
            parameters.build_rustls().map_err(SettingsError::Roots)
        };
        let tls = match settings.encryption {
            Encryption::StartTls => Tls::Required(parameters()?),
            Encryption::Tls => Tls::Wrapper(parameters()?),
            Encryption::None if is_this_machine(host) => Tls::None,
            Encryption::None => return Err(SettingsError::InTheClear { host: host.to_owned() }),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(settings.patience));
        if let Some((name, password)) = &settings.login {
            let password = password.expose_secret().to_owned();
            transport = transport.credentials(Credentials::new(name.clone(), password));
        }
        let (from, to) = (settings.from.clone(), settings.to.clone());
        Ok(Self { transport: transport.build(), patience: settings.patience, from, to })
    }

    /// Hands a mail over. Only after `Ok` has the server taken it.
    pub async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        let message = mail.message(&self.from, &self.to);
        let message = message.map_err(|error| SendError::Refused(error.to_string()))?;
        let sent = self.in_time(self.transport.send(message)).await?;
        sent.map(|_| ()).map_err(classified)
    }

    /// The transport's own time-out ends with the connection; a server may fall silent later.
    async fn in_time<T>(&self, doing: impl Future<Output = T>) -> Result<T, SendError> {
        let late = |_| SendError::Later(format!("no answer within {:?}", self.patience));
        tokio::time::timeout(self.patience, doing).await.map_err(late)
    }

    /// Connects and logs in without sending anything: for a check before it matters.
    pub async fn check(&self) -> Result<(), SendError> {
        match self.in_time(self.transport.test_connection()).await? {
            Ok(true) => Ok(()),
            Ok(false) => Err(SendError::Later("it answers, but is not ready".to_owned())),
            Err(error) => Err(classified(error)),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn classified(error: lettre::transport::smtp::Error) -> SendError {
    let permanent =
        error.status().is_some_and(|code| code.severity == Severity::PermanentNegativeCompletion);
    // A certificate of somebody else's doesn't mend itself, but a person may mend it meanwhile.
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    if permanent { SendError::Refused(text) } else { SendError::Later(text) }
}
