//! The ledger made again from candles, the stored ones or those of files: agents, core and simulated
//! venue live through them as they did, and every entry must come out with the stored hash. What came
//! from outside between two watermarks is in the ledger alone: it is heard again at its place.

use std::iter::Peekable;

use backtest::engine::{Engine, NoTimeframes};
use backtest::history::History;
use backtest::input::Input;
use backtest::tape::Tape;
use decision::outbox::Outbox;
use decision::record::{ConfigurationRecord, Dated, Record};
use domain::canonical;
use domain::event::{Released, Watermark};
use domain::instrument::{Instrument, InstrumentId};
use domain::ledger::{Entry, EntryKind, Head};
use domain::time::UtcMs;
use exchange::candle_file::{self, Named};
use exchange::observed;
use store::store::Store;

use crate::ending::{Code, Failure, Outcome};
use crate::verbs::replay::Compared;
use crate::verbs::replay::difference::fields;

/// Entries that are read at once.
const PAGE: u64 = 5_000;

/// Makes the ledger again from the stored events, up to its entry `until`, or all of it.
pub(crate) async fn replay(store: &Store, until: Option<u64>) -> Outcome<Compared> {
    let Some((mut engine, mut chain)) = begin(store, until).await? else {
        return Ok(Compared::default());
    };
    let mut inputs = store.inputs(0).await?;
    let (mut heard, mut out) = (0, Outbox::default());
    'inputs: while let Some(page) = inputs.next().await? {
        for released in page {
            if chain.is_done() {
                break 'inputs;
            }
            heard = without_gap(heard, &released)?;
            chain.live(&mut engine, released.view(), &mut out).await?;
        }
    }
    chain.finish().await
}

/// Makes the ledger again as a backtest of these files would: nothing but the configuration and what
/// came from outside is taken from the store.
pub(crate) async fn backtest(store: &Store, files: &[Named]) -> Outcome<Compared> {
    let Some((mut engine, mut chain)) = begin(store, None).await? else {
        return Ok(Compared::default());
    };
    let history = history(&chain.configuration, files)?;
    let (mut tape, mut out) = (Tape::new(&history), Outbox::default());
    while let Some(watermark) = tape.next() {
        chain.live(&mut engine, watermark, &mut out).await?;
    }
    chain.finish().await
}

/// What the configured instruments and timeframes have in these files.
fn history(configuration: &ConfigurationRecord, files: &[Named]) -> Outcome<History> {
    let base = configuration.timeframes.first().copied().ok_or(NoTimeframes)?;
    let traded = |id| configuration.instruments.contains(&id);
    let wanted = files.iter().filter(|f| f.timeframe == base && traded(f.instrument)).cloned();
    let candles = candle_file::read_named(&wanted.collect::<Vec<_>>())?.into_iter().map(|file| {
        let filters = observed::filters(&file.candles);
        (Instrument { id: file.instrument, filters }, file.candles)
    });
    let candles: Vec<_> = candles.collect();
    let here = |id: &InstrumentId| candles.iter().any(|(instrument, _)| instrument.id == *id);
    if let Some(absent) = configuration.instruments.iter().find(|id| !here(id)) {
        let message = format!("the run traded {absent}, of which the files have no {base} candles");
        return Err(Failure::new(Code::Usage, message));
    }
    Ok(History::new(candles, &configuration.timeframes)?)
}

/// The engine before the first event, and the chain after the configuration; none for an empty
/// ledger.
async fn begin(store: &Store, until: Option<u64>) -> Outcome<Option<(Engine, Chain<'_>)>> {
    // The head first: what is written from here on comes on top of it.
    let last = store.ledger_head().await?.seq;
    let last = until.map_or(last, |until| until.min(last));
    if last == 0 {
        return Ok(None);
    }
    let first = store.ledger_entries(1, 1).await?.into_iter().next();
    let first = first.filter(|entry| entry.kind == EntryKind::Configuration);
    let first = first.ok_or_else(|| {
        Failure::new(
            Code::Store,
            "the ledger does not begin with a configuration; run `sextant verify`",
        )
    })?;
    let configuration: ConfigurationRecord = canonical::decode(&first.payload)?;
    let mut engine = Engine::of(&configuration)?;
    let record = Record::Configuration(Box::new(configuration.clone()));
    let mut chain = Chain {
        store,
        configuration,
        last,
        page: Vec::new().into_iter().peekable(),
        read: 0,
        head: Head::GENESIS,
        compared: Compared::default(),
    };
    chain.take(Dated { at: UtcMs::default(), input_seq: 0, record }).await?;
    chain.hear_again(&mut engine, &mut Outbox::default()).await?;
    Ok(Some((engine, chain)))
}

/// The last number of `released`, if it goes on from `heard`.
fn without_gap(mut heard: u64, released: &Released) -> Outcome<u64> {
    for sequenced in released.events.iter() {
        if sequenced.input_seq != heard + 1 {
            let message = format!(
                "events {} to {} are not stored any more (pruned by retention, or removed): the \
                 ledger can't be made again from candles; without --from-candles decisions can",
                heard + 1,
                sequenced.input_seq - 1
            );
            return Err(Failure::new(Code::Failed, message));
        }
        heard = sequenced.input_seq;
    }
    Ok(heard)
}

/// The stored chain beside the one that comes out.
struct Chain<'a> {
    store: &'a Store,
    configuration: ConfigurationRecord,
    /// The last entry to compare.
    last: u64,
    page: Peekable<std::vec::IntoIter<Entry>>,
    /// The last entry that was read.
    read: u64,
    head: Head,
    compared: Compared,
}

impl Chain<'_> {
    fn is_done(&self) -> bool {
        self.head.seq >= self.last
    }

    async fn read_on(&mut self) -> Outcome<()> {
        if self.page.len() == 0 && self.read < self.last {
            let to = self.last.min(self.read + PAGE);
            self.page = self.store.ledger_entries(self.read + 1, to).await?.into_iter().peekable();
            self.read = to;
        }
        Ok(())
    }

    async fn next(&mut self) -> Outcome<Option<Entry>> {
        self.read_on().await?;
        Ok(self.page.next())
    }

    /// What the next stored entry says came from outside after event `input_seq`.
    async fn input(&mut self, input_seq: u64) -> Outcome<Option<Input>> {
        self.read_on().await?;
        let next = self.page.peek().filter(|entry| entry.input_seq == input_seq);
        Ok(next.map(|entry| Input::of(entry, &self.configuration)).transpose()?.flatten())
    }

    async fn live(
        &mut self,
        engine: &mut Engine,
        watermark: Watermark<'_>,
        out: &mut Outbox,
    ) -> Outcome<()> {
        self.compared.events += watermark.events.len() as u64;
        engine.step(watermark, out)?;
        self.keep(out).await?;
        self.hear_again(engine, out).await
    }

    async fn keep(&mut self, out: &mut Outbox) -> Outcome<()> {
        out.commands.clear();
        for dated in out.records.drain(..) {
            self.take(dated).await?;
        }
        Ok(())
    }

    /// Hears again what came from outside after the last watermark.
    async fn hear_again(&mut self, engine: &mut Engine, out: &mut Outbox) -> Outcome<()> {
        let input_seq = engine.floor().core().input_seq();
        while !self.is_done()
            && let Some(input) = self.input(input_seq).await?
        {
            let made = self.head.seq;
            engine.hear_again(&input, out)?;
            self.keep(out).await?;
            if self.head.seq == made {
                // It gave no entry, so that the stored one is one too many.
                let stored = self.next().await?;
                let nothing = "none: it was heard before".to_owned();
                if let Some(entry) = stored {
                    let found = vec![("entry".to_owned(), entry.kind.to_string(), nothing)];
                    self.compared.found(entry.seq, entry.kind.to_string(), entry.at, found);
                }
            }
        }
        Ok(())
    }

    async fn take(&mut self, dated: Dated) -> Outcome<()> {
        if self.is_done() {
            return Ok(());
        }
        let what = match &dated.record {
            Record::Decision(record) => format!("decision {}", record.id),
            Record::Order(record) => format!("order {}", record.order.ticket.client_order_id),
            Record::Fill(fill) => format!("fill {}", fill.venue_fill_id),
            Record::Funding(payment) => format!("funding of {}", payment.instrument),
            Record::Intervention(intervention) => format!("intervention '{intervention}'"),
            _ => "configuration".to_owned(),
        };
        let Some(made) = dated.chained(&mut self.head)? else { return Ok(()) };
        let stored = self.next().await?;
        self.compared.entries += 1;
        let found = match &stored {
            None => vec![("entry".to_owned(), "none".to_owned(), made.kind.to_string())],
            // Once one has differed, all later hashes do: then what they say is compared.
            Some(stored) if self.compared.differences.is_empty() => {
                let mut found = differing(stored, &made);
                if found.is_empty() && stored.hash != made.hash {
                    let (a, b) = (stored.hash.to_string(), made.hash.to_string());
                    found.push(("hash".to_owned(), a, b));
                }
                found
            }
            Some(stored) => differing(stored, &made),
        };
        let is_decision = |entry: &Entry| entry.kind == EntryKind::Decision;
        if is_decision(&made) || stored.as_ref().is_some_and(is_decision) {
            self.compared.decision(&made, what, found);
        } else {
            self.compared.found(made.seq, what, made.at, found);
        }
        Ok(())
    }

    async fn finish(mut self) -> Outcome<Compared> {
        let made = self.head.seq;
        while let Some(entry) = self.next().await? {
            let nothing = format!("none: the candles give {made} entries");
            let found = vec![("entry".to_owned(), entry.kind.to_string(), nothing)];
            if entry.kind == EntryKind::Decision {
                self.compared.decision(&entry, "decision".to_owned(), found);
            } else {
                self.compared.found(entry.seq, entry.kind.to_string(), entry.at, found);
            }
        }
        self.compared.head = Some(self.head);
        Ok(self.compared)
    }
}

fn differing(stored: &Entry, made: &Entry) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let mut compare = |name: &str, a: String, b: String| {
        if a != b {
            found.push((name.to_owned(), a, b));
        }
    };
    compare("seq", stored.seq.to_string(), made.seq.to_string());
    compare("kind", stored.kind.to_string(), made.kind.to_string());
    compare("at", stored.at.to_string(), made.at.to_string());
    compare("input_seq", stored.input_seq.to_string(), made.input_seq.to_string());
    if stored.kind == made.kind {
        found.extend(fields(&stored.payload, &made.payload));
    }
    found
}
