//! The client against venues on loopback that misbehave in every way that venues do.

#[cfg(test)]
mod rest;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod venue;
