//! `signals`: what the agents said.

use domain::signal::{Feature, RiskWord};
use domain::time::UtcMs;
use serde::Serialize;
use store::signals::SignalRow;

use crate::cli::Listing;
use crate::config::settings::Settings;
use crate::ending::Outcome;
use crate::verbs::listing::Asked;
use crate::verbs::output::{Column, moment, or_empty, span};
use crate::verbs::reading;

/// What an agent said: an opinion, or the risk agent's word.
#[derive(Serialize)]
#[serde(untagged)]
enum Said {
    Signal(SignalRow),
    Risk {
        agent: &'static str,
        #[serde(flatten)]
        word: RiskWord,
    },
}

type Col = Column<Said>;

const COLUMNS: [Col; 13] = [
    Col::text("issued_at", |s| s.issued_at().to_string())
        .headed("issued (UTC)")
        .shown(|s| moment(s.issued_at())),
    Col::text("pair", |s| match s {
        Said::Signal(row) => row.signal.instrument.to_string(),
        Said::Risk { word, .. } => word.instrument.to_string(),
    }),
    Col::text("agent", |s| match s {
        Said::Signal(row) => row.signal.agent.to_string(),
        Said::Risk { agent, .. } => (*agent).to_owned(),
    }),
    Col::text("direction", |s| or_empty(s.signal().map(|r| r.signal.direction))),
    Col::number("score", |s| or_empty(s.signal().map(|r| r.signal.score)))
        .shown(|s| or_empty(s.signal().map(|r| format!("{:+.1}", r.signal.score)))),
    Col::number("confidence", |s| or_empty(s.signal().map(|r| r.signal.confidence)))
        .shown(|s| or_empty(s.signal().map(|r| format!("{:.3}", r.signal.confidence)))),
    Col::number("expected_return_ratio", |s| {
        or_empty(s.signal().map(|r| r.signal.expected_return_ratio))
    })
    .headed("expected %")
    .shown(|s| {
        or_empty(s.signal().map(|r| format!("{:+.2}", r.signal.expected_return_ratio * 100.0)))
    }),
    Col::number("horizon_ms", |s| or_empty(s.signal().map(|r| r.signal.horizon_ms)))
        .headed("horizon")
        .shown(|s| or_empty(s.signal().map(|r| span(r.signal.horizon_ms)))),
    Col::text("entries_allowed", |s| or_empty(s.word().map(|w| w.entries_allowed)))
        .headed("entries")
        .shown(|s| or_empty(s.word().map(|w| if w.entries_allowed { "yes" } else { "no" }))),
    Col::number("size_ratio", |s| or_empty(s.word().map(|w| w.size_ratio)))
        .headed("size")
        .shown(|s| or_empty(s.word().map(|w| format!("{:.2}", w.size_ratio)))),
    Col::text("expires_at", |s| s.expires_at().to_string())
        .headed("expires")
        .shown(|s| moment(s.expires_at())),
    Col::text("id", |s| or_empty(s.signal().map(|r| r.id)))
        .shown(|s| or_empty(s.signal().map(|r| format!("{:.12}", r.id.to_string())))),
    Col::text("basis", |s| features(s.basis())).hidden(),
];

/// Lists opinions and the risk agent's words together, by when they were issued.
pub(crate) fn list(listing: &Listing, settings: &Settings, json: bool) -> Outcome<()> {
    let asked = Asked::of(listing, json)?;
    let filter = asked.of_store();
    let said = reading::read(settings, async |store, _| {
        let signals = store.signals(&filter).await?.into_iter().map(Said::Signal);
        let words = store.risk_words(&filter).await?.into_iter();
        let words = words.map(|word| Said::Risk { agent: "risk", word });
        let mut said: Vec<_> = signals.chain(words).collect();
        said.sort_by_key(Said::issued_at);
        Ok(said)
    })?;
    asked.print("signals", &COLUMNS, &said, &["issued_at", "expires_at"])
}

fn features(basis: &[Feature]) -> String {
    let features = basis.iter().map(|feature| format!("{}={}", feature.name, feature.value));
    features.collect::<Vec<_>>().join(" ")
}

impl Said {
    fn signal(&self) -> Option<&SignalRow> {
        match self {
            Self::Signal(row) => Some(row),
            Self::Risk { .. } => None,
        }
    }

    fn word(&self) -> Option<&RiskWord> {
        match self {
            Self::Signal(_) => None,
            Self::Risk { word, .. } => Some(word),
        }
    }

    fn issued_at(&self) -> UtcMs {
        match self {
            Self::Signal(row) => row.signal.issued_at,
            Self::Risk { word, .. } => word.issued_at,
        }
    }

    fn expires_at(&self) -> UtcMs {
        match self {
            Self::Signal(row) => row.signal.expires_at,
            Self::Risk { word, .. } => word.expires_at,
        }
    }

    fn basis(&self) -> &[Feature] {
        match self {
            Self::Signal(row) => &row.signal.basis,
            Self::Risk { word, .. } => &word.basis,
        }
    }
}
