//! What can go wrong with the store, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;

/// Every message says what to do. None holds a password: places are written without them.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no database.
    #[error(
        "the store's address can't be used: {reason}; \
         write it as postgres://user:password@host:5432/database"
    )]
    BadUrl {
        /// What is wrong, without the URL.
        reason: String,
    },
    /// Nobody answers.
    #[error(
        "can't reach the store at {place}: {reason}; \
         check that PostgreSQL runs there and that DATABASE_URL is right"
    )]
    Unreachable {
        /// Host, port and database.
        place: String,
        /// What the network said.
        reason: String,
    },
    /// The user or the password is wrong.
    #[error(
        "the store at {place} refuses user '{user}': {reason}; check the user and the password \
         in DATABASE_URL"
    )]
    WrongPassword {
        /// Host, port and database.
        place: String,
        /// Who was refused.
        user: String,
        /// In the server's words.
        reason: String,
    },
    /// The server has no such database.
    #[error("{reason} at {place}; create it (createdb) or correct DATABASE_URL")]
    NoDatabase {
        /// Host, port and database.
        place: String,
        /// In the server's words.
        reason: String,
    },
    /// Another process owns the store.
    #[error("{place} is held by process {pid}; stop that one first, or use another store")]
    Held {
        /// Which process.
        pid: u32,
        /// The data folder or the database.
        place: String,
    },
    /// The tables are not there.
    #[error("the store has no tables yet; run `sextant migrate`")]
    NotMigrated,
    /// The tables were made by a newer program.
    #[error(
        "the store was migrated to version {version}, which this program doesn't know; \
         use the newer program, or restore a backup from before"
    )]
    NewerSchema {
        /// The first version that is not known.
        version: i64,
    },
    /// A migration differs from the one that was run.
    #[error(
        "migration {version} differs from the one that made these tables; \
         use the program that made them, or a new database"
    )]
    OtherSchema {
        /// Which one.
        version: i64,
    },
    /// What is stored makes no sense.
    #[error("the store is corrupt: {what}; run `sextant verify`, and restore a backup")]
    Corrupt {
        /// What was found, and where.
        what: String,
    },
    /// An entry of the ledger is stored already, with other content.
    #[error(
        "ledger entry {seq} is stored with other content than was computed now; \
         nothing was written: find out what differs with `sextant replay` before going on"
    )]
    Diverged {
        /// Which entry.
        seq: u64,
    },
    /// The ledger has entries, but the key that sealed them is gone.
    #[error(
        "the ledger's key {} is missing; restore it, or start with a new database: \
         a new key can't prove old entries", file.display()
    )]
    KeyMissing {
        /// Where it should be.
        file: PathBuf,
    },
    /// The ledger has entries, but the file that says how many is gone.
    #[error(
        "the ledger has entries, but {} is missing, so a cut tail could not be noticed; \
         restore it from a backup", file.display()
    )]
    HeadMissing {
        /// Where it should be.
        file: PathBuf,
    },
    /// The ledger ends before the entry that was last acknowledged.
    #[error(
        "the ledger ends at entry {found_seq}, but entry {expected_seq} was acknowledged; \
         its tail was cut: restore a backup"
    )]
    CutTail {
        /// The last entry that was acknowledged.
        expected_seq: u64,
        /// The last entry that is there.
        found_seq: u64,
    },
    /// A number or a moment that no column holds.
    #[error("{what} is beyond what the store can hold")]
    OutOfRange {
        /// Which.
        what: String,
    },
    /// PostgreSQL's programs are not there.
    #[error("{looked_for}; install Debian's postgresql package, or set DATABASE_URL to a server")]
    NoPostgres {
        /// What was looked for.
        looked_for: String,
    },
    /// The user that the server runs as can't enter a folder.
    #[error(
        "PostgreSQL never runs as root, and user '{user}' can't enter {}; \
         run `chmod o+x {}`, or choose another data folder", folder.display(), folder.display()
    )]
    Closed {
        /// The folder.
        folder: PathBuf,
        /// As whom the server would run.
        user: String,
    },
    /// The embedded server could not be made or started.
    #[error("the embedded PostgreSQL in {} {what}: {log}", folder.display())]
    Embedded {
        /// Its data folder.
        folder: PathBuf,
        /// What failed.
        what: &'static str,
        /// The server's own words.
        log: String,
    },
    /// The file system refused.
    #[error("{}: {source}; check the folder's permissions and the free space", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The connection broke, or the server is shutting down. Nothing is known of the statement in
    /// flight: write the same batch again.
    #[error("lost the store: {reason}; whether the last write arrived shows when it is repeated")]
    Lost {
        /// In the network's or the server's words.
        reason: String,
    },
    /// The server has no room left. What was written down before is whole.
    #[error("the store's disk is full: {reason}; make room and start again, nothing is lost")]
    Full {
        /// In the server's words.
        reason: String,
    },
    /// The server refused a statement.
    #[error("the store refused a statement: {0}")]
    Refused(#[source] sqlx::Error),
}

impl StoreError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    /// Whether a unique key refused a row.
    pub(crate) fn is_taken(&self) -> bool {
        matches!(self, Self::Refused(sqlx::Error::Database(e)) if e.is_unique_violation())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refusal) => match refusal.code().as_deref() {
                // undefined_table
                Some("42P01") => Self::NotMigrated,
                // disk_full
                Some("53100") => Self::Full { reason: refusal.message().to_owned() },
                Some(code) if is_shutdown(code) => {
                    Self::Lost { reason: refusal.message().to_owned() }
                }
                _ => Self::Refused(error),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Lost { reason: error.to_string() },
            _ => Self::Refused(error),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::NewerSchema { version },
            MigrateError::VersionMismatch(version) => Self::OtherSchema { version },
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            other => Self::Refused(sqlx::Error::Migrate(Box::new(other))),
        }
    }
}

/// Whether a server refuses because it goes down or comes up: admin_shutdown, crash_shutdown,
/// cannot_connect_now.
fn is_shutdown(code: &str) -> bool {
    matches!(code, "57P01" | "57P02" | "57P03")
}

/// Whether a server is there and asks to come back in a moment.
pub(crate) fn is_starting(refusal: &dyn DatabaseError) -> bool {
    refusal.code().as_deref().is_some_and(is_shutdown)
}
