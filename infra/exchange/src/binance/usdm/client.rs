//! The account on USD-M futures as one thing to ask and to order from.

use std::sync::Arc;

use domain::instrument::InstrumentId;
use domain::money::{Price, Quantity};
use domain::order::Side;
use domain::time::UtcMs;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::account::{self, UsdmAccount, UsdmBalance, UsdmCommission, UsdmConfig, UsdmPosition};
use super::algo::{self, AlgoCancelled, AlgoOrder, VenueAlgoOrder};
use super::listen::{self, ListenKey};
use super::order::{self, Countdown, Done, UsdmOrder};
use super::query::{self, Income};
use super::setting::{
    self, Brackets, Leverage, LeverageSet, NO_CHANGE, PositionMode, SymbolConfig,
};
use crate::binance::clock::ClockReading;
use crate::binance::error::VenueError;
use crate::binance::listing::Listing;
use crate::binance::number::read;
use crate::binance::order::{VenueOrder, VenueTrade};
use crate::binance::signed::call::Call;
use crate::binance::signed::client::{Signed, SignedOptions};
use crate::binance::signed::error::CallError;
use crate::binance::signed::keys::Keys;
use crate::binance::signed::paging::Page;
use crate::binance::signed::params::Params;
use crate::binance::signed::verdict::Market;
use crate::binance::words::MarginType;

/// The live venue.
pub const LIVE_REST_URL: &str = "https://fapi.binance.com";
/// The venue's test network, with money that is none.
pub const TESTNET_REST_URL: &str = "https://demo-fapi.binance.com";

/// An account on USD-M futures. Calls may run side by side.
///
/// Orders leave once: a call that returns [`CallError::Ambiguous`] may have been done.
#[derive(Debug, Clone)]
pub struct UsdmClient {
    pub(crate) signed: Arc<Signed>,
}

impl UsdmClient {
    /// A client of the venue at `rest_url`; nothing is sent yet.
    pub fn new(rest_url: &str, keys: Keys, options: SignedOptions) -> Result<Self, VenueError> {
        let signed = Signed::new(Market::Usdm, rest_url, keys, options)?;
        Ok(Self { signed: Arc::new(signed) })
    }

    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        call: &Call,
        what: &'static str,
    ) -> Result<T, CallError> {
        self.signed.call(call, |body| read(what, body)).await
    }

    /// Compares the clocks; requests are signed by the venue's from then on.
    pub async fn compare_clocks(&self) -> Result<ClockReading, VenueError> {
        self.signed.compare_clocks().await
    }

    /// The venue's clock, as far as the last comparison knows it.
    pub fn venue_now(&self) -> UtcMs {
        self.signed.venue_now()
    }

    /// How much of the venue's request weight is used, 0…1, as far as its limits are known.
    pub fn used_weight_ratio(&self) -> f64 {
        self.signed.used_weight_ratio()
    }

    /// What the venue lists of these perpetuals. Its limits are kept from then on.
    pub async fn instruments(&self, asked: &[InstrumentId]) -> Result<Listing, CallError> {
        if let Some(instrument) = asked.iter().find(|id| !id.is_perpetual()) {
            return Err(CallError::NotSent(VenueError::NotPerpetual { instrument: *instrument }));
        }
        let call = Call::ask_public("fapi/v1/exchangeInfo", Params::new(), 1);
        let listing = self.signed.call(&call, |body| Listing::read(body, asked)).await?;
        self.signed.set_limits(&listing);
        Ok(listing)
    }

    /// The account's sums, assets and positions.
    pub async fn account(&self) -> Result<UsdmAccount, CallError> {
        self.ask(&account::account(), "the account").await
    }

    /// The assets alone.
    pub async fn balances(&self) -> Result<Vec<UsdmBalance>, CallError> {
        self.ask(&account::balances(), "the balances").await
    }

    /// The account's rights and modes.
    pub async fn config(&self) -> Result<UsdmConfig, CallError> {
        self.ask(&account::config(), "the account's configuration").await
    }

    /// The positions of an instrument, or all.
    pub async fn positions(
        &self,
        instrument: Option<InstrumentId>,
    ) -> Result<Vec<UsdmPosition>, CallError> {
        self.ask(&account::positions(instrument), "the positions").await
    }

    /// What trading an instrument costs.
    pub async fn commission(&self, instrument: InstrumentId) -> Result<UsdmCommission, CallError> {
        self.ask(&account::commission(instrument), "the commission").await
    }

    /// Sets the leverage of an instrument.
    pub async fn set_leverage(
        &self,
        instrument: InstrumentId,
        leverage: Leverage,
    ) -> Result<LeverageSet, CallError> {
        self.ask(&setting::leverage(instrument, leverage), "a leverage").await
    }

    /// Sets how an instrument's margin is kept; done where it is so already.
    pub async fn set_margin_type(
        &self,
        instrument: InstrumentId,
        margin: &MarginType,
    ) -> Result<(), CallError> {
        self.change(&setting::margin_type(instrument, margin), "a margin type").await
    }

    /// Sets hedge or one-way mode for the whole account; done where it is so already.
    pub async fn set_position_mode(&self, hedge: bool) -> Result<(), CallError> {
        self.change(&setting::position_mode(hedge), "a position mode").await
    }

    async fn change(&self, call: &Call, what: &'static str) -> Result<(), CallError> {
        match self.ask::<Done>(call, what).await {
            Err(CallError::Rejected { code, .. }) if NO_CHANGE.contains(&code) => Ok(()),
            done => done.map(|_| ()),
        }
    }

    /// Whether long and short positions stand side by side.
    pub async fn hedge_mode(&self) -> Result<bool, CallError> {
        let mode: PositionMode = self.ask(&setting::get_position_mode(), "the mode").await?;
        Ok(mode.dual_side_position)
    }

    /// The leverage that positions of some size may have, and what they must be backed with.
    pub async fn brackets(&self, instrument: InstrumentId) -> Result<Vec<Brackets>, CallError> {
        self.ask(&setting::brackets(instrument), "the brackets").await
    }

    /// What is set for an instrument.
    pub async fn symbol_config(
        &self,
        instrument: InstrumentId,
    ) -> Result<Vec<SymbolConfig>, CallError> {
        self.ask(&setting::symbol_config(instrument), "an instrument's configuration").await
    }

    /// Places a plain order. It is sent once.
    pub async fn place(&self, order: &UsdmOrder) -> Result<VenueOrder, CallError> {
        self.ask(&order::place(order), "a new order").await
    }

    /// Has the venue check an order without placing it.
    pub async fn test(&self, order: &UsdmOrder) -> Result<(), CallError> {
        self.ask::<IgnoredAny>(&order::test(order), "a test order").await.map(|_| ())
    }

    /// Places a conditional order. It is sent once.
    pub async fn place_algo(&self, order: &AlgoOrder) -> Result<VenueAlgoOrder, CallError> {
        self.ask(&algo::place(order), "a new conditional order").await
    }

    /// Changes the price and the quantity of a limit order. Sent once.
    pub async fn amend(
        &self,
        instrument: InstrumentId,
        name: &str,
        side: Side,
        quantity: Quantity,
        price: Price,
    ) -> Result<VenueOrder, CallError> {
        self.ask(&order::amend(instrument, name, side, quantity, price), "an amendment").await
    }

    /// Cancels a plain order by its name.
    pub async fn cancel(
        &self,
        instrument: InstrumentId,
        name: &str,
    ) -> Result<VenueOrder, CallError> {
        self.ask(&order::cancel(instrument, name), "a cancel").await
    }

    /// Cancels a conditional order by its name.
    pub async fn cancel_algo(&self, name: &str) -> Result<AlgoCancelled, CallError> {
        self.ask(&algo::cancel(name), "a conditional order's cancel").await
    }

    /// Cancels every order of an instrument, plain ones and conditional ones. Both are tried,
    /// whatever becomes of the first.
    pub async fn cancel_all(&self, instrument: InstrumentId) -> Result<(), CallError> {
        let plain = self.ask::<Done>(&order::cancel_all(instrument), "a cancel of all").await;
        let waiting = self.ask::<Done>(&algo::cancel_all(instrument), "a cancel of all").await;
        plain.and(waiting).map(|_| ())
    }

    /// The dead man's switch; nought stops it.
    pub async fn countdown_cancel_all(
        &self,
        instrument: InstrumentId,
        countdown_ms: u64,
    ) -> Result<Countdown, CallError> {
        self.ask(&order::countdown_cancel_all(instrument, countdown_ms), "a countdown").await
    }

    /// One plain order by its name.
    pub async fn order(
        &self,
        instrument: InstrumentId,
        name: &str,
    ) -> Result<VenueOrder, CallError> {
        self.ask(&query::order(instrument, name), "an order").await
    }

    /// One order by the venue's number.
    pub async fn order_by_number(
        &self,
        instrument: InstrumentId,
        order_id: u64,
    ) -> Result<VenueOrder, CallError> {
        self.ask(&query::order_by_number(instrument, order_id), "an order").await
    }

    /// One conditional order by its name.
    pub async fn algo_order(&self, name: &str) -> Result<VenueAlgoOrder, CallError> {
        self.ask(&algo::order(name), "a conditional order").await
    }

    /// The open plain orders of an instrument, or of all.
    pub async fn open_orders(
        &self,
        instrument: Option<InstrumentId>,
    ) -> Result<Vec<VenueOrder>, CallError> {
        self.ask(&query::open_orders(instrument), "the open orders").await
    }

    /// The open conditional orders of an instrument, or of all.
    pub async fn open_algo_orders(
        &self,
        instrument: Option<InstrumentId>,
    ) -> Result<Vec<VenueAlgoOrder>, CallError> {
        self.ask(&algo::open_orders(instrument), "the open conditional orders").await
    }

    /// A page of all plain orders of an instrument, oldest first.
    pub async fn all_orders(
        &self,
        instrument: InstrumentId,
        page: Page,
        limit: Option<u32>,
    ) -> Result<Vec<VenueOrder>, CallError> {
        self.ask(&query::all_orders(instrument, page, limit), "all orders").await
    }

    /// A page of all conditional orders of an instrument.
    pub async fn all_algo_orders(
        &self,
        instrument: InstrumentId,
        page: Page,
    ) -> Result<Vec<VenueAlgoOrder>, CallError> {
        self.ask(&algo::all_orders(instrument, page), "all conditional orders").await
    }

    /// A page of the account's executions in an instrument, oldest first.
    pub async fn trades(
        &self,
        instrument: InstrumentId,
        page: Page,
        limit: Option<u32>,
    ) -> Result<Vec<VenueTrade>, CallError> {
        self.ask(&query::trades(instrument, page, limit), "the trades").await
    }

    /// The executions of one order.
    pub async fn trades_of_order(
        &self,
        instrument: InstrumentId,
        order_id: u64,
    ) -> Result<Vec<VenueTrade>, CallError> {
        self.ask(&query::trades_of_order(instrument, order_id), "an order's trades").await
    }

    /// The orders with which the venue liquidated or deleveraged the account, lately or in a span.
    pub async fn forced_orders(
        &self,
        span: Option<(UtcMs, UtcMs)>,
    ) -> Result<Vec<VenueOrder>, CallError> {
        self.ask(&query::forced_orders(span), "the forced orders").await
    }

    /// Opens the account's stream, or lengthens its life by an hour, and tells its key.
    pub(crate) async fn open_stream(&self) -> Result<ListenKey, CallError> {
        self.ask(&listen::open(), "a listen key").await
    }

    /// Lengthens the stream's life by an hour.
    pub(crate) async fn renew_stream(&self) -> Result<(), CallError> {
        self.ask::<IgnoredAny>(&listen::renew(), "a listen key").await.map(|_| ())
    }

    /// A page, counted from one, of what came and went, of all kinds or of one.
    pub async fn income(
        &self,
        kind: Option<&str>,
        from: UtcMs,
        to: UtcMs,
        page: u32,
    ) -> Result<Vec<Income>, CallError> {
        self.ask(&query::income(kind, from, to, page), "the income").await
    }
}
