//! The simulator as its clients see it: real sockets on loopback.

fn main() {}
