//! Unmodified clients in Python, told only where the venue is, and what they parsed.

use std::process::Stdio;

use exchange::binance::order::{VenueOrder, VenueTrade};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::Venue;
use crate::trading::{KEY, SECRET};

/// A Python that has a package.
pub(crate) struct Python(String);

impl Python {
    /// The one in the path, or the one of the project's environment. None (said once on stderr)
    /// where neither has the package.
    pub(crate) async fn with(package: &str) -> Option<Self> {
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.venv/bin/python");
        for python in ["python3", own] {
            let mut probe = Command::new(python);
            probe.args(["-c", &format!("import {package}")]);
            probe.stdout(Stdio::null()).stderr(Stdio::null());
            if probe.status().await.is_ok_and(|status| status.success()) {
                return Some(Self(python.to_owned()));
            }
        }
        eprintln!("skipped: no python3 with {package} is here (pip install {package})");
        None
    }

    /// What a script prints. Its arguments are the venue's address, the account's key and secret,
    /// and one more.
    pub(crate) async fn trades(&self, script: &str, venue: &Venue, what: &str) -> Value {
        self.tells(script, &[&format!("http://{}", venue.address()), KEY, SECRET, what]).await
    }

    /// The same with any arguments.
    pub(crate) async fn tells(&self, script: &str, arguments: &[&str]) -> Value {
        let mut command = Command::new(&self.0);
        let output = command.args(["-c", script]).args(arguments).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// A number of ours as Python's clients have it.
pub(crate) fn number(text: impl ToString) -> f64 {
    text.to_string().parse().unwrap()
}

/// That ccxt's orders are the venue's.
pub(crate) fn equal_orders(parsed: &Value, orders: &[VenueOrder]) {
    let parsed = parsed.as_array().unwrap();
    assert_eq!(parsed.len(), orders.len());
    for (parsed, order) in parsed.iter().zip(orders) {
        assert_eq!(parsed["id"], order.order_id.to_string());
        assert_eq!(parsed["clientOrderId"], order.client_order_id);
        let status = match order.status.as_ref().unwrap().as_str() {
            "NEW" => "open",
            "FILLED" => "closed",
            "CANCELED" => "canceled",
            "EXPIRED" => "expired",
            other => panic!("{other}"),
        };
        assert_eq!(parsed["status"], status, "{parsed}");
        assert_eq!(parsed["filled"], number(order.filled.unwrap()));
        assert_eq!(parsed["amount"], number(order.quantity.unwrap()));
        assert_eq!(parsed["cost"], number(order.filled_quote.unwrap().to_decimal()));
        assert_eq!(parsed["timestamp"], order.created.unwrap().ms());
    }
}

/// That ccxt's trades are the venue's: id, order, price, amount, cost, fee, its currency, maker or
/// taker, side, time.
pub(crate) fn equal_trades(parsed: &Value, trades: &[VenueTrade]) {
    let parsed = parsed.as_array().unwrap();
    assert_eq!(parsed.len(), trades.len());
    for (parsed, trade) in parsed.iter().zip(trades) {
        assert_eq!(parsed[0], trade.id.to_string());
        assert_eq!(parsed[1], trade.order_id.to_string());
        assert_eq!(parsed[2], number(trade.price));
        assert_eq!(parsed[3], number(trade.quantity));
        assert_eq!(parsed[5], number(trade.commission.to_decimal()));
        assert_eq!(parsed[6], trade.commission_asset);
        assert_eq!(parsed[7], if trade.is_maker { "maker" } else { "taker" });
        assert_eq!(parsed[8], if trade.is_buyer { "buy" } else { "sell" });
        assert_eq!(parsed[9], trade.time.ms());
    }
}

/// An order as the scripts of python-binance print it.
pub(crate) fn order_row(order: &VenueOrder) -> Value {
    let (status, kind) = (order.status.as_ref().unwrap(), order.kind.as_ref().unwrap());
    json!([order.order_id, order.client_order_id, status.as_str(), kind.as_str()])
}

/// Trades as they print them.
pub(crate) fn trade_rows(trades: &[VenueTrade]) -> Value {
    let row = |t: &VenueTrade| json!([t.id, t.order_id, t.price.to_f64(), t.quantity.to_f64()]);
    trades.iter().map(row).collect()
}
