//! Alerts on their way out.

use domain::alert::Alert;
use store::alerts::{AlertCounts, AlertRow};

use crate::batches::{alert, everything, id, minute, pair};
use crate::harness::Fresh;

#[tokio::test]
async fn an_alert_goes_with_what_it_follows_from_and_is_told_once() {
    let fresh = Fresh::new().await;
    let batch = everything();
    let mut journal = fresh.journal().await;
    journal.append(&batch).await.unwrap();
    journal.append(&batch).await.unwrap();
    let unsent = fresh.store.unsent_alerts(10).await.unwrap();
    assert_eq!(unsent, batch.alerts);

    fresh.store.alert_refused(unsent[0].id, "450 come again", false).await.unwrap();
    fresh.store.alert_refused(unsent[1].id, "550 \0 no", true).await.unwrap();
    assert_eq!(fresh.store.unsent_alerts(10).await.unwrap(), batch.alerts[..1]);
    fresh.store.alert_sent(unsent[0].id).await.unwrap();
    let counts = fresh.store.alert_counts().await.unwrap();
    assert_eq!(counts, AlertCounts { unsent: 1, failed: 1 });
    // Written again, as recovery does, it is not told again.
    journal.append(&batch).await.unwrap();
    assert_eq!(fresh.store.unsent_alerts(10).await.unwrap(), []);
    fresh.store.retry_alerts().await.unwrap();
    assert_eq!(fresh.store.unsent_alerts(10).await.unwrap(), batch.alerts[1..]);

    let all = fresh.store.alerts(10).await.unwrap();
    assert_eq!(all.len(), 2);
    assert!(all[0].sent_at.is_some() && all[0].attempts == 2 && !all[0].failed, "{all:?}");
    assert!(all[1].sent_at.is_none() && all[1].attempts == 1, "{all:?}");
    assert_eq!(all[1].last_error.as_deref(), Some("550 \u{fffd} no"));
}

#[tokio::test]
async fn the_same_is_not_told_again_at_once_but_a_halt_is() {
    let fresh = Fresh::new().await;
    let row = |number, alert| AlertRow { id: id("alert", number), alert };
    let (btc, eth) = (pair("BTC/USDT"), pair("ETH/USDT"));
    let missing = |instrument| Alert::position_without_stop(minute(1), instrument, "refused");
    let raise = async |rows: &[AlertRow]| fresh.store.raise(rows).await.unwrap();
    raise(&[row(1, missing(btc)), row(2, Alert::venue_down(minute(1), 60_000, "silent"))]).await;
    raise(&[row(3, missing(btc))]).await;
    raise(&[row(4, missing(eth))]).await;
    raise(&[row(5, Alert::venue_down(minute(2), 120_000, "silent"))]).await;
    raise(&[alert(6, "one")]).await;
    raise(&[alert(7, "two")]).await;
    let told: Vec<_> = fresh.store.unsent_alerts(10).await.unwrap();
    let ids: Vec<_> = told.iter().map(|row| row.id).collect();
    assert_eq!(ids, [1, 2, 4, 6, 7].map(|number| id("alert", number)));
    assert_eq!(fresh.store.unsent_alerts(2).await.unwrap(), told[..2]);
}
