//! What a ledger's run heard between two watermarks, read back from its entries.
//!
//! An entry is either made by the run or says what came from outside. The first kind comes out again
//! when the stored watermarks are lived through once more. The second is fed in again: after all that
//! its watermark gave, in the ledger's order, when the next entry to be made is this one.

use decision::record::{ConfigurationRecord, OrderRecord, OrderStep};
use domain::canonical::{self, CanonicalError};
use domain::funding::FundingPayment;
use domain::intervention::Intervention;
use domain::ledger::{Entry, EntryKind};
use domain::order::{OrderEvent, OrderReport};

/// What came from outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// What a real venue said of an order.
    Report(OrderReport),
    /// What a real venue took or paid for funding.
    Funding(FundingPayment),
    /// A person's word, or what only a person can settle.
    Intervention(Intervention),
}

impl Input {
    /// What an entry of such a run says came from outside; none where the run makes it again. A
    /// fill's report keeps the fill's time, any other report the entry's: nothing rests on it.
    pub fn of(
        entry: &Entry,
        configuration: &ConfigurationRecord,
    ) -> Result<Option<Self>, CanonicalError> {
        Ok(match entry.kind {
            EntryKind::Intervention => Some(Self::Intervention(canonical::decode(&entry.payload)?)),
            EntryKind::Funding if configuration.is_live() => {
                Some(Self::Funding(canonical::decode(&entry.payload)?))
            }
            EntryKind::Order if configuration.is_live() => {
                let OrderRecord { step, order } = canonical::decode(&entry.payload)?;
                let OrderStep::Reported(event) = step else { return Ok(None) };
                let time_exchange = match &event {
                    OrderEvent::Filled(fill) => fill.time_exchange,
                    _ => entry.at,
                };
                let client_order_id = order.ticket.client_order_id;
                Some(Self::Report(OrderReport { client_order_id, time_exchange, event }))
            }
            EntryKind::Configuration
            | EntryKind::Decision
            | EntryKind::Order
            | EntryKind::Fill
            | EntryKind::Funding => None,
        })
    }
}
