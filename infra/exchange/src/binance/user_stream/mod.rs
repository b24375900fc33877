//! What the venue tells an account as it happens.

pub mod account_event;
pub mod algo_event;
pub mod event;
pub mod message;
pub mod order_event;
mod session;
pub mod stream;
