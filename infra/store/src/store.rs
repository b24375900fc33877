//! The way into a database: to read from, and to migrate.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};

use crate::error::{StoreError, is_starting};
use crate::timescale;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// How long a server may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How long a server may say that it is starting up.
const STARTUP: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);
/// Connections for reading. The writer has one of its own.
const READERS: u32 = 4;

/// A database that answers. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Store {
    pub(crate) pool: PgPool,
    options: PgConnectOptions,
}

impl Store {
    /// Connects to `postgres://user:password@host:port/database`. A server that is starting up is
    /// waited for.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`], [`StoreError::Unreachable`], [`StoreError::WrongPassword`],
    /// [`StoreError::NoDatabase`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|error| StoreError::BadUrl { reason: without_url(&error, url) })?
            .application_name(&format!("sextant {}", std::process::id()))
            // The planner's just-in-time compiler costs more than our queries do.
            // Notices, such as that something exists already, are for people at a console.
            .options([("jit", "off"), ("timezone", "UTC"), ("client_min_messages", "warning")])
            .disable_statement_logging();
        connect(&options).await?.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ANSWER)
            .connect_lazy_with(options.clone());
        Ok(Self { pool, options })
    }

    /// Brings the tables up to date. Does nothing where they are.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] where a newer program was here, [`StoreError::OtherSchema`]
    /// where another one was.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let mut connection = self.connect().await?;
        MIGRATIONS.run(&mut connection).await?;
        timescale::apply(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// The last migration that this program knows.
    pub fn newest_schema() -> i64 {
        MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
    }

    /// Where it is, without a password: for messages.
    pub fn place(&self) -> String {
        place(&self.options)
    }

    /// Closes the connections. Reads that are under way end first.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// One connection of its own.
    pub(crate) async fn connect(&self) -> Result<PgConnection, StoreError> {
        connect(&self.options).await
    }
}

/// The options hold the password, so they are not shown.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.place())
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let place = place(options);
    let attempts = STARTUP.as_millis() / PAUSE.as_millis();
    for _ in 0..attempts {
        let error = match tokio::time::timeout(ANSWER, PgConnection::connect_with(options)).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => error,
            Err(_) => {
                let reason = format!("no answer within {} s", ANSWER.as_secs());
                return Err(StoreError::Unreachable { place, reason });
            }
        };
        match &error {
            sqlx::Error::Database(refusal) if is_starting(refusal.as_ref()) => {}
            sqlx::Error::Database(refusal) => {
                let reason = refusal.message().to_owned();
                return Err(match refusal.code().as_deref() {
                    // invalid_password, invalid_authorization_specification
                    Some("28P01" | "28000") => {
                        let user = options.get_username().to_owned();
                        StoreError::WrongPassword { place, user, reason }
                    }
                    // invalid_catalog_name
                    Some("3D000") => StoreError::NoDatabase { place, reason },
                    _ => StoreError::Unreachable { place, reason },
                });
            }
            _ => return Err(StoreError::Unreachable { place, reason: error.to_string() }),
        }
        tokio::time::sleep(PAUSE).await;
    }
    let reason = format!("still starting up after {} s", STARTUP.as_secs());
    Err(StoreError::Unreachable { place, reason })
}

fn place(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or("");
    match options.get_socket() {
        Some(socket) => format!("{}/{database}", socket.display()),
        None => format!("{}:{}/{database}", options.get_host(), options.get_port()),
    }
}

/// The parser's complaint. Should it ever quote the URL, which may hold a password, it is left out.
fn without_url(error: &sqlx::Error, url: &str) -> String {
    let reason = match error {
        sqlx::Error::Configuration(source) => source.to_string(),
        other => other.to_string(),
    };
    if !url.is_empty() && reason.contains(url) { "it is no URL".to_owned() } else { reason }
}
