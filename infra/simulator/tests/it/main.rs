//! The simulator as its clients see it: real sockets on loopback.

mod aggregation;
mod ccxt;
mod errors;
mod faults;
mod limits;
mod pace;
mod rest;
mod shapes;
mod stream;
mod support;
