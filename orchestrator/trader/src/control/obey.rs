//! From the switch to the orchestrator: each word goes into the ledger, in its order, and what came
//! of it back to whoever asked.

use std::path::Path;
use std::sync::Arc;

use actix::Addr;
use domain::intervention::OperatorCommand;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::control::brake::Brake;
use crate::control::switch::{Asked, Switch};
use crate::desk::orchestrator::{Intervene, Orchestrator};
use crate::ending::{Code, Failure, Outcome};

/// Begins to listen. What was left for this start, and the file that halts, are obeyed before it
/// returns: before anything is decided.
pub async fn begin(
    data_dir: &Path,
    mode: &str,
    brake: Arc<Brake>,
    orchestrator: &Addr<Orchestrator>,
) -> Outcome<Switch> {
    let Some((switch, mut asked)) = Switch::start(data_dir, mode, brake)? else {
        let folder = data_dir.display();
        let message = format!("another process obeys the commands to {mode} in {folder}");
        return Err(Failure::new(Code::Refused, message));
    };
    while let Ok(waiting) = asked.try_recv() {
        obey(waiting, orchestrator).await;
    }
    actix::spawn(obey_all(asked, orchestrator.clone()));
    Ok(switch)
}

/// Obeys until the switch is gone.
async fn obey_all(mut asked: UnboundedReceiver<Asked>, orchestrator: Addr<Orchestrator>) {
    while let Some(asked) = asked.recv().await {
        obey(asked, &orchestrator).await;
    }
}

async fn obey(asked: Asked, orchestrator: &Addr<Orchestrator>) {
    let closes = matches!(asked.command, OperatorCommand::Close { .. });
    // No answer means that the process ends; the word waits for the next start.
    if let Ok(Some(mut told)) = orchestrator.send(Intervene(asked.intervention())).await {
        if closes && told.orders.is_empty() {
            told.note = Some("there is nothing to close".to_owned());
        }
        asked.answer.give(&told);
    }
}
