//! What the core leaves behind: records, of which some become entries of the ledger.

use domain::canonical::{self, CanonicalError};
use domain::fill::Fill;
use domain::funding::FundingPayment;
use domain::gateway::Protection;
use domain::ids::Id;
use domain::instrument::{Asset, InstrumentId};
use domain::intent::Intent;
use domain::intervention::Intervention;
use domain::ledger::{Entry, EntryKind, Head};
use domain::money::{Money, Price};
use domain::order::{Order, OrderEvent};
use domain::signal::{RiskWord, Signal};
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use domain::trade::Trade;
use serde::{Deserialize, Serialize};

use crate::account::StateChanged;
use crate::kernel::Verdict;
use crate::policy::Policy;
use crate::snapshot::{AccountView, Snapshot};

/// Under what a run decides: the ledger's first entry, and one more with every change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigurationRecord {
    /// The run's seed.
    pub seed: u64,
    /// `demo`, `paper`, `testnet` or `live`.
    pub mode: String,
    /// The venue's clock when the run began.
    pub began_at: UtcMs,
    /// Cash at the start.
    pub capital_quote: Money,
    /// The asset that the account counts in.
    pub quote: Asset,
    /// What is traded.
    pub instruments: Vec<InstrumentId>,
    /// Which candles are heard, fine to coarse.
    pub timeframes: Vec<Timeframe>,
    /// Profile, weights, costs.
    pub policy: Policy,
    /// SHA-256 of the policy.
    pub policy_hash: String,
    /// The agents' numbers.
    pub agents: AgentConfigs,
}

impl ConfigurationRecord {
    /// Whether orders go to a real venue, so that what it reports is read back from the ledger; at
    /// the simulated one it comes out again by itself.
    pub fn is_live(&self) -> bool {
        matches!(self.mode.as_str(), "live" | "testnet")
    }
}

/// The numbers of every agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentConfigs {
    /// Of the technical agent.
    pub technical: technical::config::Config,
    /// Of the risk agent.
    pub risk: risk::config::Config,
}

/// A decision with all that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// Its id.
    pub id: Id,
    /// Hash of the policy that it was made under.
    pub policy_hash: String,
    /// Version of the weights.
    pub weights_version: u32,
    /// Ids of the signals in the snapshot, in its order.
    pub signal_ids: Vec<Id>,
    /// What it saw.
    pub snapshot: Snapshot,
    /// What the signals wanted.
    pub intent: Intent,
    /// What the kernel said.
    pub verdict: Verdict,
}

/// A step of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStep {
    /// Written down before it is sent.
    Intended {
        /// What goes out with it.
        protection: Option<Protection>,
    },
    /// A move of its trigger, written down before it is sent.
    MoveIntended {
        /// Where to.
        trigger: Price,
    },
    /// A cancel, written down before it is sent.
    CancelIntended,
    /// What the venue said.
    Reported(OrderEvent),
}

/// A transition of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// What happened.
    pub step: OrderStep,
    /// The order after it.
    pub order: Order,
}

/// The account after a watermark.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountMark {
    /// The account in numbers.
    pub view: AccountView,
    /// Profit of closed positions, net of fees.
    pub realised_quote: Money,
    /// Fees so far.
    pub fees_quote: Money,
}

/// One thing that happened, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// Of the ledger: a configuration.
    Configuration(Box<ConfigurationRecord>),
    /// Of the ledger: a decision.
    Decision(Box<DecisionRecord>),
    /// Of the ledger: a transition of an order.
    Order(OrderRecord),
    /// Of the ledger: a fill.
    Fill(Fill),
    /// Of the ledger: what a position paid or got for funding.
    Funding(FundingPayment),
    /// Of the ledger: a person's word, or what only a person can settle.
    Intervention(Intervention),
    /// An agent's opinion.
    Signal(Id, Signal),
    /// The risk agent's word.
    RiskWord(RiskWord),
    /// A closed round trip.
    Trade(Trade),
    /// The account's value.
    Marked(Box<AccountMark>),
    /// The trading state changed.
    StateChanged(StateChanged),
}

/// A record with its event time and the last event before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Dated {
    /// Event time: the watermark.
    pub at: UtcMs,
    /// The last event before it.
    pub input_seq: u64,
    /// What happened.
    pub record: Record,
}

impl Dated {
    /// The next entry of the ledger, if this record is one of its kinds.
    pub fn chained(&self, head: &mut Head) -> Result<Option<Entry>, CanonicalError> {
        let (kind, payload) = match &self.record {
            Record::Configuration(record) => (EntryKind::Configuration, canonical::encode(record)?),
            Record::Decision(record) => (EntryKind::Decision, canonical::encode(record)?),
            Record::Order(record) => (EntryKind::Order, canonical::encode(record)?),
            Record::Fill(record) => (EntryKind::Fill, canonical::encode(record)?),
            Record::Funding(record) => (EntryKind::Funding, canonical::encode(record)?),
            Record::Intervention(record) => (EntryKind::Intervention, canonical::encode(record)?),
            Record::Signal(..)
            | Record::RiskWord(_)
            | Record::Trade(_)
            | Record::Marked(_)
            | Record::StateChanged(_) => return Ok(None),
        };
        Ok(Some(head.append(kind, self.at, self.input_seq, payload)))
    }
}
