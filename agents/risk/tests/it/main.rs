//! The risk agent's word.

#[cfg(test)]
mod word;
