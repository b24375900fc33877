//! How a session ends: nothing new, and what is under way is settled.

use actix::Addr;
use collector::counters::Counters;
use domain::ledger::Head;
use domain::time::UtcMs;
use shell::post::post;
use tokio::sync::mpsc;

use crate::desk::orchestrator::{Orchestrator, Settle};
use crate::desk::tally::Tally;
use crate::ending::{Code, Ending, Failure, Outcome};
use crate::gateway::open::Way;
use crate::market::actor::{Ask, Close, Market};
use crate::session::{Session, send};

impl Session {
    /// Lets nothing new begin and waits for what is under way.
    pub(super) async fn settle(
        &self,
        market: &Addr<Market>,
        orchestrator: &Addr<Orchestrator>,
        way: Option<&Way>,
        ended: &mut mpsc::UnboundedReceiver<Ending>,
    ) -> Outcome<(Counters, Tally, Head)> {
        post(market, Close).map_err(|refused| {
            self.metrics.mailbox_refusals.of("collector").inc();
            Failure::new(Code::Failed, format!("the collector can't be closed: {refused}"))
        })?;
        let state = send(market.send(Ask { settled_to: UtcMs::default() }).await)?;
        // What is not quiet by then, the next start asks the venue for.
        if let Some(way) = way
            && !way.quiet(self.patience.farewell).await
        {
            tracing::warn!("orders are still under way; the next start asks the venue for them");
        }
        let settled = send(orchestrator.send(Settle).await)?;
        while let Ok(ending) = ended.try_recv() {
            if let Ending::Failed(failure) = ending {
                return Err(failure);
            }
        }
        let (tally, head) = settled
            .ok_or_else(|| Failure::new(Code::Failed, "the orchestrator has failed before"))?;
        Ok((state.counters, tally, head))
    }
}
