//! What a person or the system tells the process.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for Ctrl-C or SIGTERM.
pub async fn stop_asked() {
    let term = signal(SignalKind::terminate());
    let Ok(mut term) = term else {
        // Without a handler for SIGTERM, Ctrl-C still works.
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
    }
}
