//! Alerts that follow from no decision: raised by whoever notices.

use domain::alert::{Alert, AlertSeverity};
use store::store::Store;

use crate::alerts::found;

/// Where alerts are raised. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Alerts(Store);

impl Alerts {
    /// Into this store's outbox.
    pub fn new(store: &Store) -> Self {
        Self(store.clone())
    }

    /// Says it in the log, and keeps it until a mail server has taken it.
    pub async fn raise(&self, alert: Alert) {
        log(&alert);
        if let Err(error) = self.0.raise(&[found::row_beside(alert)]).await {
            tracing::error!(%error, "an alert can't be kept");
        }
    }
}

/// Says it in the log.
pub fn log(alert: &Alert) {
    let Alert { kind, text, .. } = alert;
    match kind.severity() {
        AlertSeverity::Critical => tracing::error!(%kind, "{text}"),
        AlertSeverity::Warning => tracing::warn!(%kind, "{text}"),
    }
}
