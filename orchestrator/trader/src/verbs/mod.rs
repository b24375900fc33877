//! One file per verb, and what several share: `listing` and `output` for those that list,
//! `reading` for those that read a store, `coverage` for those about candles.

pub mod analysis;
pub mod backtest;
pub mod chaos;
pub mod config;
pub mod control;
mod coverage;
pub mod decisions;
pub mod demo;
pub mod doctor;
pub mod download_data;
pub mod hyperopt;
pub mod indicators;
pub mod list_data;
mod listing;
pub mod migrate;
mod monte_carlo;
mod output;
pub mod plot;
mod reading;
pub mod replay;
pub mod run;
mod sequel;
pub mod signals;
pub mod simulate;
pub mod status;
mod story;
pub mod trades;
mod trading;
pub mod verify;
pub mod walk_forward;
