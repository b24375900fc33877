//! One server per test process, one database per test.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::Connection;
use sqlx::postgres::PgConnection;
use store::embedded::Embedded;
use store::journal::Journal;
use store::seal::Seals;
use store::store::Store;
use tokio::sync::OnceCell;

static SERVER: OnceCell<Embedded> = OnceCell::const_new();
static COUNT: AtomicU32 = AtomicU32::new(0);
const PREFIX: &str = "sextant-store-test-";

/// A folder of its own for each caller, removed by a later run once this process is gone: a
/// server may still be writing its last page when a test ends.
pub(crate) fn folder(name: &str) -> PathBuf {
    let root = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = root.join(format!("{name}{number}"));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn sweep() {
    for entry in fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            // Another test process may be sweeping too.
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

/// The server that all tests share.
pub(crate) async fn server() -> &'static Embedded {
    let start = || async {
        sweep();
        let server = Embedded::start(&folder("shared")).await.unwrap();
        // New databases are copies of this one, so the tables need to be made only once.
        let template =
            Store::open(&server.url().replace("/sextant?", "/template1?")).await.unwrap();
        template.migrate().await.unwrap();
        template.close().await;
        server
    };
    SERVER.get_or_init(start).await
}

/// A database with its folder for key and head.
pub(crate) struct Fresh {
    pub(crate) store: Store,
    pub(crate) seals: Seals,
    pub(crate) url: String,
}

impl Fresh {
    pub(crate) async fn new() -> Self {
        let folder = folder("seals");
        let name = format!("test{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let url = server().await.create_database(&name).await.unwrap();
        let store = Store::open(&url).await.unwrap();
        Self { store, seals: Seals::in_folder(&folder), url }
    }

    pub(crate) async fn journal(&self) -> Journal {
        Journal::open(&self.store, self.seals.clone()).await.unwrap()
    }

    /// A connection beside the store, as the database's superuser: what an intruder would have.
    pub(crate) async fn superuser(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// Every row of every table, in an order of its own.
    pub(crate) async fn dump(&self) -> Vec<String> {
        let tables = [
            "candles",
            "inputs",
            "candle_holes",
            "candle_corrections",
            "ledger",
            "signals",
            "risk_words",
            "decisions",
            "orders",
            "fills",
            "trades",
            "portfolio_states",
            "risk_events",
            "agent_executions",
            "alerts",
        ];
        let mut connection = self.superuser().await;
        let mut rows = Vec::new();
        for table in tables {
            let statement =
                format!("select '{table} ' || to_json(t)::text from {table} t order by 1");
            let found: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
                .fetch_all(&mut connection)
                .await
                .unwrap();
            assert!(!found.is_empty(), "{table} is empty");
            rows.extend(found);
        }
        rows
    }
}
