//! Whatever is ordered, nothing is made and nothing is lost.
