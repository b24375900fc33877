//! The binary `sextant`.

fn main() {}
