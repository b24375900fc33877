//! Messages say what to do and give no secret away.

use std::fs;

use sqlx::{Connection, Executor};
use store::embedded::Embedded;
use store::error::StoreError;
use store::store::Store;

use crate::harness::{Fresh, folder, server};

fn without_secret(error: &StoreError) -> String {
    let text = format!("{error} {error:?}");
    assert!(!text.contains("hunter2"), "{text}");
    text
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    for url in ["", "nonsense", "postgres://me:hunter2@host:port/db", "postgres://me:hunter2@[x/db"]
    {
        let refused = Store::open(url).await.unwrap_err();
        assert!(matches!(refused, StoreError::BadUrl { .. }), "{url}: {refused}");
        without_secret(&refused);
    }
}

#[tokio::test]
async fn a_closed_port_is_named() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("postgres://me:hunter2@127.0.0.1:{port}/trading");
    let refused = Store::open(&url).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unreachable { .. }), "{refused}");
    let text = without_secret(&refused);
    assert!(text.contains(&format!("127.0.0.1:{port}/trading")), "{text}");
}

#[tokio::test]
async fn a_server_that_speaks_something_else_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let garbage = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
    });
    let url = format!("postgres://me:hunter2@127.0.0.1:{port}/trading");
    let refused = Store::open(&url).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unreachable { .. }), "{refused}");
    without_secret(&refused);
    garbage.await.unwrap();
}

#[tokio::test]
async fn a_missing_database_is_named() {
    let url = server().await.url().replace("/sextant?", "/nowhere?");
    let refused = Store::open(&url).await.unwrap_err();
    assert!(matches!(refused, StoreError::NoDatabase { .. }), "{refused}");
    assert!(refused.to_string().contains("nowhere"), "{refused}");
}

#[tokio::test]
async fn a_wrong_password_is_told_from_a_wrong_address() {
    let data = folder("password");
    let server = Embedded::start(&data).await.unwrap();
    let mut superuser = sqlx::PgConnection::connect(&server.url()).await.unwrap();
    superuser.execute("alter role sextant password 'hunter3'").await.unwrap();
    fs::write(data.join("postgres/pg_hba.conf"), "local all all scram-sha-256\n").unwrap();
    superuser.execute("select pg_reload_conf()").await.unwrap();
    // The server takes the new rules when it gets to it.
    let wrong = server.url().replace("sextant@", "sextant:hunter2@");
    let refused = loop {
        match Store::open(&wrong).await {
            Ok(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, StoreError::WrongPassword { .. }), "{refused}");
    without_secret(&refused);
    let right = Store::open(&server.url().replace("sextant@", "sextant:hunter3@")).await.unwrap();
    assert!(!format!("{right:?}").contains("hunter3"));
    right.close().await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_name_can_t_smuggle_sql() {
    let refused = server().await.create_database("x; drop table candles").await.unwrap_err();
    assert!(refused.to_string().contains("no name for a database"), "{refused}");
}

#[tokio::test]
async fn a_moment_beyond_all_calendars_is_refused_and_the_journal_lives_on() {
    use crate::batches::{minutes, portfolio};
    use domain::time::UtcMs;
    use store::journal::Batch;

    let fresh = Fresh::new().await;
    let mut journal = fresh.journal().await;
    let mut far = minutes(0..1);
    far[0].watermark = UtcMs::new(i64::MAX);
    let refused = journal.append(&Batch { released: far, ..Batch::default() }).await.unwrap_err();
    assert!(matches!(refused, StoreError::OutOfRange { .. }), "{refused}");
    let mut nan = portfolio(1, "1");
    nan.heat_ratio = f64::NAN;
    let batch = Batch { portfolio: vec![nan], ..Batch::default() };
    assert!(matches!(journal.append(&batch).await, Err(StoreError::Refused(_))));
    journal.append(&Batch { released: minutes(0..1), ..Batch::default() }).await.unwrap();
}
