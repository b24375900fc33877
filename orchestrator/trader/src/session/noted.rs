//! What of a session is written down for people: that it began, went on, ended.

use decision::record::ConfigurationRecord;
use domain::ids::{Id, RunSeed};
use domain::ledger::Head;
use exchange::binance::clock::local_now;
use serde_json::json;
use store::audit::AuditRow;
use store::runs::RunRow;
use store::store::Store;

use crate::ending::Outcome;
use crate::session::Session;

impl Session {
    /// Writes down that the run begins, or goes on.
    pub(super) async fn note_start(
        &self,
        store: &Store,
        configuration: &ConfigurationRecord,
        recovered: u64,
    ) -> Outcome<Id> {
        let ConfigurationRecord { seed, mode, policy_hash, .. } = configuration;
        let id = Id::of(RunSeed(*seed), 0, "run", mode);
        let (seed, mode, config_hash) = (RunSeed(*seed), mode.clone(), policy_hash.clone());
        let (started_at, finished_at) = (local_now(), None);
        store.begin_run(&RunRow { id, seed, mode, config_hash, started_at, finished_at }).await?;
        let action = if recovered == 0 { "run begun" } else { "run continued" };
        self.audit(store, action, json!({ "run": id, "recovered_events": recovered })).await?;
        Ok(id)
    }

    /// Writes down how the run ended.
    pub(super) async fn note_end(
        &self,
        store: &Store,
        run: Id,
        finished: bool,
        head: Head,
    ) -> Outcome<()> {
        if finished {
            store.finish_run(run, local_now()).await?;
        }
        let action = if finished { "run finished" } else { "run stopped" };
        self.audit(store, action, json!({ "run": run, "ledger_head": head })).await
    }

    async fn audit(&self, store: &Store, action: &str, details: serde_json::Value) -> Outcome<()> {
        let (actor, action) = (format!("sextant {}", self.begin.mode), action.to_owned());
        Ok(store
            .audit(&AuditRow { at: local_now(), actor, action, details, success: true })
            .await?)
    }
}
