//! USD-M futures: accounts that hold positions in the replayed perpetuals.
//!
//! Pure but for `rest` and `socket`: time, candles and requests are handed in. The mark price and the
//! index are the candles' own prices, so that both working types of a conditional order watch the
//! same. Orders are met by candles as on spot (`spot::fills`): what goes against an account comes
//! first.

mod account;
mod algo;
mod algos;
pub(crate) mod books;
mod check;
mod conditional;
mod crowd;
mod desk;
mod endpoints;
mod events;
mod fates;
mod forced;
mod funding;
mod info;
mod listen;
mod margin;
pub(crate) mod market;
mod order;
mod position;
mod public;
mod queries;
mod reach;
mod render;
mod request;
pub(crate) mod rest;
mod settings;
mod snapshot;
pub(crate) mod socket;
mod tiers;
mod trading;
mod wallet;
