//! What the venue does with orders and positions of its own accord.

use domain::time::UtcMs;

use super::call::Call;
use super::layer::Layer;
use super::names::{FaultName, Strikes};
use super::plan::{Act, Fault, MarketName};

impl Layer {
    /// The faults of orders that strike a request.
    pub(crate) fn fates(&self, call: &Call, now: UtcMs) -> Vec<Fault> {
        if !self.has(Strikes::Orders) {
            return Vec::new();
        }
        let mut state = self.state();
        let identity = format!("{}|fate", call.identity());
        let attempt = self.attempt(&mut state, &identity);
        let key = format!("{identity}|{attempt}");
        let struck = self
            .of(Strikes::Orders)
            .filter(|(_, fault)| fault.name.is_fate_of(call) && call.is_at(&fault.place));
        let struck = struck.filter(|fault| self.strikes(&mut state, *fault, &key, now));
        struck.map(|(_, fault)| fault.clone()).collect()
    }

    /// The faults that end positions within `(after, until]`, with whom and where they may.
    pub(crate) fn forced(&self, after: UtcMs, until: UtcMs) -> Vec<&Fault> {
        let forced = self.of(Strikes::Orders).filter(|(n, fault)| {
            matches!(fault.name, FaultName::Liquidation | FaultName::Adl)
                && self.begins((*n, fault), MarketName::Usdm, after, until)
        });
        forced.map(|(_, fault)| fault).collect()
    }
}

impl FaultName {
    fn is_fate_of(self, call: &Call) -> bool {
        match self {
            Self::PartialFills | Self::OrderRejectedLater => call.act == Act::Place,
            Self::AlgoRejected => call.act == Act::Place && call.endpoint.contains("algo"),
            Self::PhantomCancel => {
                call.act == Act::Cancel || call.endpoint.ends_with("cancelReplace")
            }
            _ => false,
        }
    }
}

/// The first of these of this name.
pub(crate) fn fate(fates: &[Fault], name: FaultName) -> Option<&Fault> {
    fates.iter().find(|fault| fault.name == name)
}
