//! The market: a simulator that is a process of its own and survives what is done to the trader.

use serde_json::Value;

use crate::database::block_on;
use crate::harness::{Folder, Launch, PATIENCE, Process, wait_until};

/// Three pairs, long enough that stops, targets and trailing stops end trades.
pub(crate) const PAIRS: &str = "BTC/USDT,ETH/USDT,SOL/USDT";
pub(crate) const DAYS: &str = "21";

pub(crate) struct Market {
    process: Process,
    pub(crate) rest: String,
    pub(crate) stream: String,
}

impl Market {
    /// Generated candles of [`PAIRS`] over [`DAYS`], at full speed.
    pub(crate) fn start(folder: &Folder, more: &[&str]) -> Self {
        Self::serve(folder, &[&["--days", DAYS, "--pairs", PAIRS], more].concat())
    }

    /// What the arguments say.
    pub(crate) fn serve(folder: &Folder, arguments: &[&str]) -> Self {
        let fixed = ["simulate", "--json", "--listen", "127.0.0.1:0"];
        let mut process = Launch::sextant(folder, &[&fixed, arguments].concat()).start();
        let up = wait_until(PATIENCE, || process.printed().contains('\n') || !process.is_running());
        assert!(up && process.is_running(), "no market: {}", process.said());
        let addresses: Value = serde_json::from_str(&process.printed()).unwrap();
        let address = |name: &str| addresses[name].as_str().unwrap().to_owned();
        Self { rest: address("rest"), stream: address("stream"), process }
    }

    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it says of itself.
    pub(crate) fn status(&self) -> Value {
        self.tells("/sim/status")
    }

    /// What it says at this path.
    pub(crate) fn tells(&self, path: &str) -> Value {
        // Installed twice it stays the first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = format!("{}{path}", self.rest);
        block_on(async { reqwest::get(url).await.unwrap().json().await.unwrap() })
    }
}
