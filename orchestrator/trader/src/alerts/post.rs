//! The task that hands alerts to the mail server, one after the other, until it has taken them.

use std::sync::Arc;
use std::time::Duration;

use domain::alert::Alert;
use domain::time::UtcMs;
use exchange::binance::clock::local_now;
use notify::mailer::{Mailer, SendError};
use store::alerts::AlertRow;
use store::error::StoreError;
use store::store::Store;
use telemetry::metrics::Metrics;
use tokio::task::JoinHandle;

use crate::alerts::{found, raise};
use crate::config::settings::Mail;

/// How often the outbox is looked into.
const LOOK: Duration = Duration::from_secs(1);
/// How long a server that was away is left alone: at first, and at most.
const PAUSE: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(300);
/// A server that was away for so long is worth an alert of its own, when it is back.
const LONG_MS: i64 = 900_000;
/// Mails that are read at once.
const PAGE: u32 = 50;
/// What a last attempt may take when the process ends.
const LAST: Duration = Duration::from_secs(2);

/// The task; ends when this is dropped.
#[derive(Debug)]
pub struct Post {
    task: JoinHandle<()>,
    rounds: Option<Rounds>,
}

#[derive(Debug, Clone)]
struct Rounds {
    store: Store,
    mailer: Mailer,
    mode: &'static str,
    metrics: Arc<Metrics>,
}

/// How one round ended.
enum Round {
    /// Nothing is left to send.
    Empty,
    /// The server is away.
    Away(String),
}

impl Post {
    /// Begins to send what waits in the outbox and what comes. Without a mail server it only counts,
    /// and says what is missing. Must be called within a Tokio runtime.
    pub fn begin(store: &Store, mail: &Mail, mode: &'static str, metrics: &Arc<Metrics>) -> Self {
        let (store, metrics) = (store.clone(), Arc::clone(metrics));
        let mailer = match mail {
            // Settings were checked by making one.
            Mail::To(server) => Mailer::new(server).map_err(|error| error.to_string()),
            Mail::Missing(names) => Err(format!("{} not set", names.join(", "))),
        };
        match mailer {
            Ok(mailer) => {
                let rounds = Rounds { store, mailer, mode, metrics };
                Self { task: tokio::spawn(rounds.clone().run()), rounds: Some(rounds) }
            }
            Err(why) => {
                tracing::info!("alerts go nowhere but into the store and the log: {why}");
                Self { task: tokio::spawn(count(store, metrics)), rounds: None }
            }
        }
    }

    /// Tries once more, shortly, and ends. What is left the next start sends.
    pub async fn finish(self) {
        self.task.abort();
        let Some(rounds) = &self.rounds else { return };
        // The task may be in the midst of a mail: the one that is sent twice bears the same id.
        if let Ok(Err(error)) = tokio::time::timeout(LAST, rounds.round()).await {
            tracing::warn!(%error, "the outbox can't be read");
        }
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Rounds {
    async fn run(self) {
        if let Err(error) = self.store.retry_alerts().await {
            tracing::warn!(%error, "the outbox can't be read");
        }
        let mut pause = PAUSE;
        let mut away_since: Option<(UtcMs, String)> = None;
        loop {
            let wait = match self.round().await {
                Ok(Round::Empty) => {
                    if let Some((since, why)) = away_since.take() {
                        self.tell_of_outage(since, &why).await;
                    }
                    pause = PAUSE;
                    LOOK
                }
                Ok(Round::Away(why)) => {
                    tracing::warn!(why, ?pause, "alerts wait for the mail server");
                    let (since, _) = away_since.unwrap_or((local_now(), String::new()));
                    away_since = Some((since, why));
                    let wait = pause;
                    pause = (pause * 2).min(LONGEST);
                    wait
                }
                Err(error) => {
                    tracing::warn!(%error, "the outbox can't be read");
                    PAUSE
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends what waits, oldest first, until nothing does or the server is away.
    async fn round(&self) -> Result<Round, StoreError> {
        loop {
            let waiting = self.store.unsent_alerts(PAGE).await?;
            if waiting.is_empty() {
                show(&self.store, &self.metrics).await?;
                return Ok(Round::Empty);
            }
            for row in waiting {
                let sent = self.mailer.send(&found::mail(self.mode, &row)).await;
                let AlertRow { id, alert } = row;
                match sent {
                    Ok(()) => {
                        self.store.alert_sent(id).await?;
                        tracing::info!(kind = %alert.kind, "an alert was mailed");
                    }
                    Err(SendError::Refused(why)) => {
                        tracing::error!(kind = %alert.kind, why, "the mail server refuses an alert");
                        self.store.alert_refused(id, &why, true).await?;
                    }
                    Err(SendError::Later(why)) => {
                        self.store.alert_refused(id, &why, false).await?;
                        show(&self.store, &self.metrics).await?;
                        return Ok(Round::Away(why));
                    }
                }
            }
        }
    }

    async fn tell_of_outage(&self, since: UtcMs, why: &str) {
        let now = local_now();
        if now.since(since) >= LONG_MS {
            let alert = Alert::mail_down(now, now.since(since), why);
            raise::Alerts::new(&self.store).raise(alert).await;
        }
    }
}

/// Shows how many wait where nobody sends them.
async fn count(store: Store, metrics: Arc<Metrics>) {
    loop {
        if let Err(error) = show(&store, &metrics).await {
            tracing::warn!(%error, "the outbox can't be read");
        }
        tokio::time::sleep(LOOK * 10).await;
    }
}

async fn show(store: &Store, metrics: &Metrics) -> Result<(), StoreError> {
    let unsent = store.alert_counts().await?.unsent;
    metrics.alerts_unsent.set(i64::try_from(unsent).unwrap_or(i64::MAX));
    Ok(())
}

/// Mails past the store, which has failed. At most for a few seconds, and only once.
pub async fn tell_past_the_store(mail: &Mail, mode: &str, why: &str) {
    let alert = Alert::store_down(local_now(), why);
    raise::log(&alert);
    let Mail::To(server) = mail else { return };
    let Ok(mailer) = Mailer::new(server) else { return };
    let mail = found::mail(mode, &found::row_beside(alert));
    match tokio::time::timeout(LAST * 2, mailer.send(&mail)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the store's failure can't be mailed"),
        Err(_) => tracing::error!("the mail server does not answer in time"),
    }
}
