//! The private server: made once, found again, owned by one.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use sqlx::Connection;
use sqlx::postgres::PgConnection;
use store::embedded::Embedded;
use store::error::StoreError;
use store::store::Store;

use crate::batches::minutes;
use crate::harness::{folder, server};
use crate::journal::read_all;

#[tokio::test]
async fn what_was_written_is_there_after_a_stop() {
    let data = folder("stop %20&");
    assert!(!Embedded::exists(&data));
    assert_eq!(Embedded::attach(&data), None);
    // Somebody was killed while making it.
    fs::create_dir(data.join("postgres.new")).unwrap();
    fs::write(data.join("postgres.new/PG_VERSION"), "15\n").unwrap();
    let server = Embedded::start(&data).await.unwrap();
    assert!(!data.join("postgres.new").exists());
    let store = Store::open(&server.url()).await.unwrap();
    store.migrate().await.unwrap();
    let seals = store::seal::Seals::in_folder(&data);
    let mut journal = store::journal::Journal::open(&store, seals.clone()).await.unwrap();
    let batch = store::journal::Batch { released: minutes(0..9), ..Default::default() };
    journal.append(&batch).await.unwrap();
    journal.close().await.unwrap();
    store.close().await;

    // Whoever reads meanwhile finds the server, and the key is the owner's alone.
    let url = Embedded::attach(&data).unwrap();
    let reader = Store::open(&url).await.unwrap();
    assert_eq!(reader.last_input_seq().await.unwrap(), 9);
    reader.close().await;
    assert_eq!(fs::metadata(seals.key_file()).unwrap().permissions().mode() & 0o777, 0o600);

    server.stop().await.unwrap();
    assert!(Embedded::exists(&data));
    assert_eq!(Embedded::attach(&data), None);
    let server = Embedded::start(&data).await.unwrap();
    let store = Store::open(&server.url()).await.unwrap();
    store.migrate().await.unwrap();
    assert_eq!(read_all(&store, 0).await, minutes(0..9));
    assert_eq!(store.verify(&seals).await.unwrap().fault, None);
    store.close().await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_owner_is_told_who_owns_it() {
    let data = folder("owner");
    let server = Embedded::start(&data).await.unwrap();
    let refused = Embedded::start(&data).await.unwrap_err();
    let StoreError::Held { pid, place } = &refused else { panic!("{refused}") };
    assert_eq!(*pid, std::process::id());
    assert!(place.contains("owner"), "{place}");
    // The first one never noticed.
    Store::open(&server.url()).await.unwrap().close().await;
    drop(server);
    // Dropped, not stopped: it is on its way down, and the next start waits for that.
    Embedded::start(&data).await.unwrap().stop().await.unwrap();

    // One that can't start says why.
    fs::write(data.join("postgres/postgresql.conf"), "no_such_setting = 1\n").unwrap();
    let refused = Embedded::start(&data).await.unwrap_err();
    assert!(refused.to_string().contains("no_such_setting"), "{refused}");
}

#[tokio::test]
async fn a_dropped_database_is_gone_though_somebody_is_connected() {
    let server = crate::harness::server().await;
    let url = server.create_database("short_lived").await.unwrap();
    let connected = Store::open(&url).await.unwrap();
    server.drop_database("short_lived").await.unwrap();
    assert!(matches!(Store::open(&url).await, Err(StoreError::NoDatabase { .. })));
    let gone = server.drop_database("short_lived").await.unwrap_err();
    assert!(gone.to_string().contains("short_lived"), "{gone}");
    connected.close().await;
}

#[tokio::test]
async fn nobody_else_gets_in() {
    let mut connection = PgConnection::connect(&server().await.url()).await.unwrap();
    let show = |name: &'static str| format!("show {name}");
    let mut setting = async |name| -> String {
        sqlx::query_scalar(sqlx::AssertSqlSafe(show(name)))
            .fetch_one(&mut connection)
            .await
            .unwrap()
    };
    assert_eq!(setting("listen_addresses").await, "");
    assert_eq!(setting("fsync").await, "on");
    assert_eq!(setting("full_page_writes").await, "on");
    assert_eq!(setting("synchronous_commit").await, "on");
    assert_eq!(setting("unix_socket_permissions").await, "0700");
    let sockets = PathBuf::from(setting("unix_socket_directories").await);
    let data = fs::metadata(sockets.parent().unwrap().join("postgres")).unwrap();
    let found = fs::metadata(&sockets).unwrap();
    assert_eq!(found.permissions().mode() & 0o777, 0o700);
    assert_eq!(found.uid(), data.uid());
    assert_ne!(data.uid(), 0);
}

#[tokio::test]
async fn a_deep_folder_works() {
    let data = folder("deep").join("a rather long name".repeat(5)).join("ünïcode %20");
    let server = Embedded::start(&data).await.unwrap();
    assert!(server.url().contains("/tmp/sextant-"), "{}", server.url());
    assert_eq!(Embedded::attach(&data), Some(server.url()));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_the_server_s_user_can_t_enter_is_named() {
    let parent = folder("closed");
    if fs::metadata(&parent).unwrap().uid() != 0 {
        eprintln!("skipped: only root runs the server as another user");
        return;
    }
    fs::set_permissions(&parent, fs::Permissions::from_mode(0o700)).unwrap();
    let refused = Embedded::start(&parent.join("data")).await.unwrap_err();
    let StoreError::Closed { folder, user } = &refused else { panic!("{refused}") };
    assert_eq!((folder, user.as_str()), (&parent, "postgres"));
}

#[tokio::test]
async fn data_of_a_version_that_is_gone_is_named() {
    let data = folder("version");
    fs::create_dir(data.join("postgres")).unwrap();
    fs::write(data.join("postgres/PG_VERSION"), "9\n").unwrap();
    let refused = Embedded::start(&data).await.unwrap_err();
    assert!(matches!(refused, StoreError::NoPostgres { .. }), "{refused}");
    assert!(refused.to_string().contains("PostgreSQL 9"), "{refused}");
}
