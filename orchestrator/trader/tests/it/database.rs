//! What is in a store, read and changed past the program.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
use store::embedded::Embedded;
use tokio::runtime::Runtime;

use crate::harness::Folder;

/// Runs to the end what must not run in an actor's thread.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap()).block_on(work)
}

/// The address of a new database on a PostgreSQL that all tests share.
pub(crate) fn fresh() -> String {
    static SERVER: OnceLock<(Embedded, Folder)> = OnceLock::new();
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let (server, _) = SERVER.get_or_init(|| {
        let folder = Folder::new("server");
        (block_on(Embedded::start(folder.path())).unwrap(), folder)
    });
    let name = format!("test{}", COUNT.fetch_add(1, Ordering::Relaxed));
    block_on(server.create_database(&name)).unwrap()
}

/// Lets `work` use the embedded store in `folder`, which nobody else runs.
pub(crate) fn embedded<T>(folder: &Path, work: impl FnOnce(&str) -> T) -> T {
    let server = block_on(Embedded::start(folder)).unwrap();
    let done = work(&server.url());
    block_on(server.stop()).unwrap();
    done
}

/// Runs statements as the database's superuser.
pub(crate) fn execute(url: &str, sql: &str) {
    block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        connection.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await.unwrap();
        connection.close().await.unwrap();
    });
}

/// How many rows a table has, and a hash of them all.
pub(crate) type Content = (i64, String);

/// What a run leaves behind, but for wall times and seals, which are each folder's own.
pub(crate) fn content(url: &str) -> BTreeMap<&'static str, Content> {
    let tables = [
        ("candles", "t::text"),
        ("inputs", "t::text"),
        ("candle_holes", "t::text"),
        ("ledger", "seq || hash"),
        ("signals", "t::text"),
        ("risk_words", "t::text"),
        ("decisions", "t::text"),
        ("orders", "t::text"),
        ("fills", "t::text"),
        ("trades", "t::text"),
        ("portfolio_states", "t::text"),
        ("risk_events", "t::text"),
    ];
    block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let mut content = BTreeMap::new();
        for (table, row) in tables {
            let statement = format!(
                "select count(*), md5(coalesce(string_agg({row}, ';' order by {row}), '')) \
                 from {table} t"
            );
            let found = sqlx::query_as(AssertSqlSafe(statement));
            content.insert(table, found.fetch_one(&mut connection).await.unwrap());
        }
        connection.close().await.unwrap();
        content
    })
}
