//! The life of orders at a real venue: between the core's commands and a venue that loses, doubles
//! and overtakes what it is asked and what it says.
//!
//! Hears commands, answers to its numbered requests, the account's events, and time. Says requests
//! for the venue, one canonical story per order for the core, interventions and facts. Keeps no
//! memory of its own: a start makes it anew from what the core believes, and from the venue.

pub mod answer;
mod answers;
pub mod ask;
mod booking;
mod compare;
mod desk;
mod drive;
pub mod executor;
pub mod fact;
mod guard;
mod hearing;
mod leg;
pub mod memory;
mod payments;
mod protect;
mod question;
mod resume;
mod story;
pub mod terms;
mod trail;
mod wallet;
