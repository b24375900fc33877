//! `simulate`: the market as a process of its own.

use std::io;
use std::num::NonZeroU64;
use std::path::Path;

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use serde_json::json;
use simulator::accounts;
use simulator::faults::names::{Described, FAULTS};
use simulator::faults::plan::FaultPlan;
use simulator::options::{Faults, Options, Source, Trading};

use crate::cli::{Replayed, Simulate};
use crate::ending::{Code, Failure, Outcome};
use crate::signals::Stop;
use crate::verbs::output;

/// Generated candles begin here: a Monday, so that weeks are whole.
const GENERATED_FROM: UtcMs = UtcMs::new(1_704_067_200_000);

/// Serves until a person stops it.
pub fn simulate(asked: &Simulate, json: bool) -> Outcome<()> {
    if asked.list_faults {
        return list_faults(json);
    }
    let options = options(asked)?;
    actix::System::new().block_on(async {
        let server = simulator::server::serve(options).await?;
        let address = server.address();
        if json {
            let (rest, stream) = (format!("http://{address}"), format!("ws://{address}"));
            output::print(&format!("{}\n", json!({ "rest": rest, "stream": stream })))?;
        } else {
            output::print(&format!(
                "serving Binance's market data protocol on http://{address} and ws://{address}\n\
                 how far it is: http://{address}/sim/status; stop it with Ctrl-C\n"
            ))?;
        }
        let stop = Stop::listen()?;
        tokio::select! {
            () = stop.asked() => {}
            () = parent_gone(), if asked.with_parent => {}
        }
        Ok(server.stop().await?)
    })
}

fn list_faults(json: bool) -> Outcome<()> {
    if json {
        return output::print(&format!("{}\n", json!(FAULTS)));
    }
    let line = |Described { name, text, .. }: &Described| format!("{:<22} {text}\n", name.word());
    output::print(&FAULTS.iter().map(line).collect::<String>())
}

/// A file's text.
fn read(file: &Path) -> Outcome<String> {
    std::fs::read_to_string(file).map_err(|error| {
        Failure::new(Code::Usage, format!("{} can't be read: {error}", file.display()))
    })
}

/// Waits until whoever holds the other end of standard input is gone.
async fn parent_gone() {
    let (gone, waits) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // A failure to read means the same as the end, and so does nobody who waits for it.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        let _ = gone.send(());
    });
    let _ = waits.await;
}

fn options(asked: &Simulate) -> Outcome<Options> {
    let Replayed { candles, speed, drop, duplicate, disconnect_every, sim_seed, days } =
        &asked.replayed;
    let pairs = asked.pairs.split(',').map(str::parse).collect::<Result<Vec<InstrumentId>, _>>();
    let pairs = pairs.map_err(|error| Failure::new(Code::Usage, error))?;
    let source = match candles {
        Some(folder) => Source::Folder(folder.clone()),
        None => Source::Generated { pairs, start: GENERATED_FROM, days: *days },
    };
    let plan = asked.faults.as_deref().map(read).transpose()?;
    let plan = plan.map(|text| FaultPlan::parse(&text)).transpose()?.unwrap_or_default();
    let accounts = asked.account.as_deref().map(read).transpose()?;
    let accounts = accounts.map(|text| accounts::parse(&text)).transpose()?.unwrap_or_default();
    Ok(Options {
        listen: asked.listen,
        speed: speed.parse()?,
        faults: Faults {
            drop_ratio: *drop,
            duplicate_ratio: *duplicate,
            disconnect_every: disconnect_every.and_then(NonZeroU64::new),
        },
        plan,
        accounts,
        trading: Trading { latency_ms: asked.latency_ms, volume_share: asked.volume_share },
        seed: *sim_seed,
        start_at: asked.start_at.map(UtcMs::new),
        ..Options::new(source)
    })
}
