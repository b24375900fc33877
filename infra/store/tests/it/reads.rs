//! What was written is listed as it was.

use domain::ids::RunSeed;
use domain::time::UtcMs;
use store::audit::AuditRow;
use store::rows::Filter;
use store::runs::RunRow;

use crate::batches::{everything, id, minute, minutes, pair, signal};
use crate::harness::Fresh;

#[tokio::test]
async fn every_row_comes_back_as_it_was() {
    let fresh = Fresh::new().await;
    let batch = everything();
    fresh.journal().await.append(&batch).await.unwrap();
    let (store, all) = (&fresh.store, Filter::default());
    assert_eq!(store.holes(&all).await.unwrap(), batch.holes);
    assert_eq!(store.corrections(&all).await.unwrap(), batch.corrections);
    assert_eq!(store.ledger_entries(1, u64::MAX).await.unwrap(), batch.entries);
    assert_eq!(store.ledger_entries(3, 4).await.unwrap(), batch.entries[2..4]);
    assert_eq!(store.signals(&all).await.unwrap(), batch.signals);
    assert_eq!(store.risk_words(&all).await.unwrap(), batch.risk_words);
    assert_eq!(store.decisions(&all).await.unwrap(), batch.decisions);
    assert_eq!(store.orders(&all).await.unwrap(), batch.orders);
    assert_eq!(store.fills(&all).await.unwrap(), batch.fills);
    assert_eq!(store.trades(&all).await.unwrap(), batch.trades);
    assert_eq!(store.portfolio_states(None, None).await.unwrap(), batch.portfolio);
    assert_eq!(store.portfolio_states(Some(minute(2)), None).await.unwrap(), batch.portfolio[1..]);
    assert_eq!(store.latest_portfolio().await.unwrap().as_ref(), batch.portfolio.last());
    assert_eq!(store.risk_events(&all).await.unwrap(), batch.risk_events);
    let executions = store.executions(10).await.unwrap();
    assert_eq!(executions[0].error.as_deref(), Some("a venue's words may hold \u{fffd}"));
    let decision = &batch.decisions[1];
    assert_eq!(store.decision(decision.id).await.unwrap().as_ref(), Some(decision));
    assert_eq!(store.decision(id("none", 0)).await.unwrap(), None);
    // −0 equals 0, so its bits are asked for.
    let back = &store.signals(&all).await.unwrap()[0].signal;
    let (expected, odd) = (back.expected_return_ratio, back.basis[1].value);
    assert!(expected.is_sign_negative() && odd.is_sign_negative());
}

#[tokio::test]
async fn filters_take_the_latest_of_a_span() {
    let fresh = Fresh::new().await;
    let mut batch = everything();
    batch.signals = (0..10).map(signal).collect();
    fresh.journal().await.append(&batch).await.unwrap();
    let numbers = |filter: Filter| {
        let store = fresh.store.clone();
        async move {
            let found = store.signals(&filter).await.unwrap();
            found.into_iter().map(|row| row.signal.input_seq).collect::<Vec<_>>()
        }
    };
    let span = Filter { from: Some(minute(2)), to: Some(minute(8)), ..Filter::default() };
    assert_eq!(numbers(span).await, [2, 3, 4, 5, 6, 7]);
    assert_eq!(numbers(Filter { limit: Some(2), ..span }).await, [6, 7]);
    assert_eq!(numbers(Filter { limit: Some(0), ..span }).await, [0; 0]);
    let eth = Some(pair("ETH/USDT"));
    assert_eq!(numbers(Filter { instrument: eth, ..span }).await.len(), 6);
    let btc = Some(pair("BTC/USDT"));
    assert_eq!(numbers(Filter { instrument: btc, ..span }).await.len(), 0);
}

#[tokio::test]
async fn runs_and_deeds_are_written_down() {
    let fresh = Fresh::new().await;
    let run = RunRow {
        id: id("run", 1),
        seed: RunSeed(u64::MAX),
        mode: "demo".into(),
        config_hash: "abc".into(),
        started_at: minute(0),
        finished_at: None,
    };
    fresh.store.begin_run(&run).await.unwrap();
    fresh.store.begin_run(&run).await.unwrap();
    assert_eq!(fresh.store.runs().await.unwrap(), std::slice::from_ref(&run));
    fresh.store.finish_run(run.id, minute(9)).await.unwrap();
    let finished = RunRow { finished_at: Some(minute(9)), ..run };
    assert_eq!(fresh.store.runs().await.unwrap(), [finished]);

    let deed = AuditRow {
        at: UtcMs::new(-1),
        actor: "operator".into(),
        action: "halt".into(),
        details: serde_json::json!({"why": "drill"}),
        success: true,
    };
    fresh.store.audit(&deed).await.unwrap();
    fresh.store.audit(&deed).await.unwrap();
    assert_eq!(fresh.store.audit_log(10).await.unwrap(), [deed.clone(), deed]);
}

#[tokio::test]
async fn moments_survive_to_the_millisecond() {
    let fresh = Fresh::new().await;
    let mut superuser = fresh.superuser().await;
    let bad: i64 = sqlx::query_scalar(
        "select count(*) from (
             select s * 977777777777 + g as ms
             from generate_series(-60, 260) s, generate_series(-999, 999, 37) g
         ) m where ms_of(utc_of(ms)) <> ms or utc_of(ms) <> utc_of(ms_of(utc_of(ms)))",
    )
    .fetch_one(&mut superuser)
    .await
    .unwrap();
    assert_eq!(bad, 0);
}

#[tokio::test]
async fn views_show_the_present() {
    let fresh = Fresh::new().await;
    let mut batch = everything();
    batch.released = minutes(0..1);
    // Decisions 0 and 1 became trades; the entry of decision 2 was filled and is open.
    fresh.journal().await.append(&batch).await.unwrap();
    let mut superuser = fresh.superuser().await;
    let open: Vec<(String, String, String)> = sqlx::query_as(
        "select decision_id, direction, entry_price::numeric(20, 4)::text from open_trades",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    assert_eq!(open, [(id("decision", 2).to_string(), "long".into(), "58000.5000".into())]);
    let days: Vec<(i64, i64, String)> =
        sqlx::query_as("select trades, wins, pnl_quote::text from recent_performance")
            .fetch_all(&mut superuser)
            .await
            .unwrap();
    assert_eq!(days, [(2, 0, "-1.50".into())]);
}
