//! The technical agent on made and on real candles.

#[cfg(test)]
mod made;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod real;
