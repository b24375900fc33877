//! What fills have moved in and out of each asset, to be held against the venue's balances.

use std::collections::BTreeMap;

use domain::fill::Fill;
use domain::funding::FundingPayment;
use domain::instrument::Asset;
use domain::order::Side;
use rust_decimal::Decimal;

use crate::answer::Balance;

/// What a venue's rounding of profits may come to between two looks, in an asset's units.
const ROUNDING: Decimal = Decimal::from_parts(1, 0, 0, false, 4);

/// Flows since the start, and what the account has beside them. On futures they are a balance only
/// while nothing is held.
#[derive(Debug, Default)]
pub(crate) struct Wallet {
    flows: BTreeMap<Asset, Decimal>,
    /// The venue's balances less the flows, when they were first compared.
    beside: Option<BTreeMap<Asset, Decimal>>,
}

/// An asset of which the venue has another amount than the books say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) asset: Asset,
    pub(crate) ours: Decimal,
    pub(crate) venues: Decimal,
}

impl Wallet {
    pub(crate) fn book(&mut self, fill: &Fill) {
        let (base, quote) = (fill.instrument.base().parse(), fill.instrument.quote().parse());
        let (Ok(base), Ok(quote)) = (base, quote) else { return };
        let units = fill.quantity.to_decimal();
        let worth = fill.price.to_decimal().saturating_mul(units);
        let sign = if fill.side == Side::Buy { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
        self.flow(base, units.saturating_mul(sign));
        self.flow(quote, worth.saturating_mul(sign).saturating_mul(Decimal::NEGATIVE_ONE));
        self.flow(fill.fee_asset, fill.fee.negated().to_decimal());
    }

    /// An amount that no fill tells of.
    pub(crate) fn pay(&mut self, payment: &FundingPayment) {
        if let Ok(quote) = payment.instrument.quote().parse() {
            self.flow(quote, payment.amount_quote.to_decimal());
        }
    }

    fn flow(&mut self, asset: Asset, amount: Decimal) {
        let flow = self.flows.entry(asset).or_default();
        *flow = flow.saturating_add(amount);
    }

    /// Compares, of the assets that fills have moved. The first comparison takes what is beside the
    /// flows for granted, the venue's word being all there is. Where it rounds, so are the next ones by
    /// as little as that.
    pub(crate) fn compare(&mut self, balances: &[Balance], rounds: bool) -> Vec<Difference> {
        let totals: BTreeMap<_, _> = balances.iter().map(|b| (b.asset, b.total)).collect();
        let total = |asset: &Asset| totals.get(asset).copied().unwrap_or_default();
        let Some(beside) = &self.beside else {
            self.take(balances);
            return Vec::new();
        };
        let ours = |asset: &Asset, flow: &Decimal| {
            beside.get(asset).copied().unwrap_or_default().saturating_add(*flow)
        };
        let compared = self.flows.iter().map(|(asset, flow)| Difference {
            asset: *asset,
            ours: ours(asset, flow).normalize(),
            venues: total(asset).normalize(),
        });
        let bound = if rounds { ROUNDING } else { Decimal::ZERO };
        let apart = |d: &Difference| d.ours.saturating_sub(d.venues).abs() > bound;
        let differences: Vec<_> = compared.filter(apart).collect();
        if rounds && differences.is_empty() {
            self.take(balances);
        }
        differences
    }

    /// Takes the venue's balances as they are.
    pub(crate) fn take(&mut self, balances: &[Balance]) {
        let less = |b: &Balance| {
            let flow = self.flows.get(&b.asset).copied().unwrap_or_default();
            (b.asset, b.total.saturating_sub(flow))
        };
        let mut beside: BTreeMap<_, _> = balances.iter().map(less).collect();
        for (asset, flow) in &self.flows {
            let owed = flow.saturating_mul(Decimal::NEGATIVE_ONE);
            beside.entry(*asset).or_insert(owed);
        }
        self.beside = Some(beside);
    }
}
