//! How the system shows what it does: logs, Prometheus metrics, and whether it is alive and ready.
//!
//! It hears numbers and states from the parts, and says them over stderr and HTTP. It decides
//! nothing, and nothing that it shows is read back: money is a float here because it is display.

mod clock;
pub mod collectors;
pub mod logging;
pub mod metrics;
pub mod readiness;
pub mod server;
