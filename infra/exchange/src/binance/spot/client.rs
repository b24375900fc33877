//! The account on spot as one thing to ask and to order from.

use std::sync::Arc;

use domain::instrument::InstrumentId;
use domain::money::{Price, Quantity};
use domain::time::UtcMs;
use domain::venue_name::VenueName;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::account::{self, KeyRights, SpotAccount, SpotCommission};
use super::list::{self, Cancelled, Oco, OrderList};
use super::order::{self, SpotOrder};
use super::query;
use crate::binance::clock::ClockReading;
use crate::binance::error::VenueError;
use crate::binance::listing::Listing;
use crate::binance::number::read;
use crate::binance::order::{VenueOrder, VenueTrade};
use crate::binance::rest::symbols;
use crate::binance::signed::call::Call;
use crate::binance::signed::client::{Signed, SignedOptions};
use crate::binance::signed::error::CallError;
use crate::binance::signed::keys::Keys;
use crate::binance::signed::paging::Page;
use crate::binance::signed::params::Params;
use crate::binance::signed::verdict::Market;

/// The live venue.
pub const LIVE_REST_URL: &str = "https://api.binance.com";
/// The venue's test network, with money that is none.
pub const TESTNET_REST_URL: &str = "https://testnet.binance.vision";

/// An account on spot. Calls may run side by side.
///
/// Orders leave once: a call that returns [`CallError::Ambiguous`] may have been done. Spot has no
/// dead man's switch; on futures there is one.
#[derive(Debug, Clone)]
pub struct SpotClient {
    pub(crate) signed: Arc<Signed>,
}

impl SpotClient {
    /// A client of the venue at `rest_url`; nothing is sent yet.
    pub fn new(rest_url: &str, keys: Keys, options: SignedOptions) -> Result<Self, VenueError> {
        let signed = Signed::new(Market::Spot, rest_url, keys, options)?;
        Ok(Self { signed: Arc::new(signed) })
    }

    async fn ask<T: DeserializeOwned>(
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

    /// What the venue lists of these instruments. Its limits are kept from then on.
    pub async fn instruments(&self, asked: &[InstrumentId]) -> Result<Listing, CallError> {
        let names = symbols(asked).map_err(CallError::NotSent)?;
        let params = Params::new().with("symbols", names);
        let call = Call::ask_public("api/v3/exchangeInfo", params, 20);
        let listing = self.signed.call(&call, |body| Listing::read(body, asked)).await?;
        self.signed.set_limits(&listing);
        Ok(listing)
    }

    /// What the key may do. The test network doesn't tell.
    pub async fn key_rights(&self) -> Result<KeyRights, CallError> {
        self.ask(&account::key_rights(), "the key's rights").await
    }

    /// The account and its balances.
    pub async fn account(&self) -> Result<SpotAccount, CallError> {
        self.ask(&account::account(), "the account").await
    }

    /// What trading an instrument costs.
    pub async fn commission(&self, instrument: InstrumentId) -> Result<SpotCommission, CallError> {
        self.ask(&account::commission(instrument), "the commission").await
    }

    /// Places an order. It is sent once.
    pub async fn place(&self, order: &SpotOrder) -> Result<VenueOrder, CallError> {
        self.ask(&order::place(order), "a new order").await
    }

    /// Has the venue check an order without placing it.
    pub async fn test(&self, order: &SpotOrder) -> Result<(), CallError> {
        let done = self.ask::<serde::de::IgnoredAny>(&order::test(order), "a test order").await;
        done.map(|_| ())
    }

    /// Places a stop and a target of which one cancels the other. Sent once.
    pub async fn place_oco(
        &self,
        instrument: InstrumentId,
        quantity: Quantity,
        oco: &Oco,
    ) -> Result<OrderList, CallError> {
        self.ask(&list::place_oco(instrument, quantity, oco), "a new order list").await
    }

    /// Places a limit order with its stop and its target behind it. Sent once.
    pub async fn place_bracket(
        &self,
        instrument: InstrumentId,
        entry_id: VenueName,
        entry: Price,
        quantity: Quantity,
        oco: &Oco,
    ) -> Result<OrderList, CallError> {
        let call = list::place_bracket(instrument, entry_id, entry, quantity, oco);
        self.ask(&call, "a new order list").await
    }

    /// Cancels an order by its name, and with it the list that it belongs to.
    pub async fn cancel(
        &self,
        instrument: InstrumentId,
        name: &str,
    ) -> Result<Cancelled, CallError> {
        self.ask(&order::cancel(instrument, name), "a cancel").await
    }

    /// Cancels a list by its name.
    pub async fn cancel_list(
        &self,
        instrument: InstrumentId,
        name: &str,
    ) -> Result<OrderList, CallError> {
        self.ask(&list::cancel_list(instrument, name), "a list's cancel").await
    }

    /// Cancels every order of an instrument; none is no failure.
    pub async fn cancel_all(&self, instrument: InstrumentId) -> Result<Vec<Cancelled>, CallError> {
        match self.ask(&order::cancel_all(instrument), "a cancel of all orders").await {
            Err(CallError::NoSuchOrder { .. }) => Ok(Vec::new()),
            cancelled => cancelled,
        }
    }

    /// Makes an order smaller. Sent once.
    pub async fn amend(
        &self,
        instrument: InstrumentId,
        name: &str,
        new_name: VenueName,
        quantity: Quantity,
    ) -> Result<Amended, CallError> {
        self.ask(&order::amend(instrument, name, new_name, quantity), "an amendment").await
    }

    /// One order by its name.
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

    /// The open orders of an instrument, or of all.
    pub async fn open_orders(
        &self,
        instrument: Option<InstrumentId>,
    ) -> Result<Vec<VenueOrder>, CallError> {
        self.ask(&query::open_orders(instrument), "the open orders").await
    }

    /// A page of all orders of an instrument, oldest first.
    pub async fn all_orders(
        &self,
        instrument: InstrumentId,
        page: Page,
        limit: Option<u32>,
    ) -> Result<Vec<VenueOrder>, CallError> {
        self.ask(&query::all_orders(instrument, page, limit), "all orders").await
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

    /// A list by its name.
    pub async fn list(&self, name: &str) -> Result<OrderList, CallError> {
        self.ask(&list::list(name), "an order list").await
    }

    /// Every list that has an open order.
    pub async fn open_lists(&self) -> Result<Vec<OrderList>, CallError> {
        self.ask(&list::open_lists(), "the open order lists").await
    }
}

/// What an amendment came to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Amended {
    /// The order as it is now.
    pub amended_order: VenueOrder,
}
