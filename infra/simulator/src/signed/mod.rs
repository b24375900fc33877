//! What every request with a key passes, whatever market it is for.

pub(crate) mod asker;
pub(crate) mod freshness;
pub(crate) mod keys;
pub(crate) mod placed;
pub(crate) mod rest;
pub(crate) mod sign;
