//! What keeps a stream running.

use tokio::task::JoinHandle;

use super::catch_up::CatchUp;

/// Keeps the stream running; dropping it ends the stream.
#[derive(Debug)]
pub struct StreamHandle {
    task: JoinHandle<()>,
    catch_up: CatchUp,
}

impl StreamHandle {
    pub(crate) const fn new(task: JoinHandle<()>, catch_up: CatchUp) -> Self {
        Self { task, catch_up }
    }

    /// The way to have it catch up.
    pub fn catch_up(&self) -> CatchUp {
        self.catch_up.clone()
    }
}

impl Drop for StreamHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}
