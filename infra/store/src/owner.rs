//! One owner per data folder.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use crate::error::StoreError;

/// A verb that reads may hold the folder for a moment.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// Proof that this process owns a data folder. The system takes the lock back when the process
/// ends, however it ends.
#[derive(Debug)]
pub struct Owner {
    _file: File,
}

impl Owner {
    /// Takes the folder, waiting up to two seconds for whoever holds it.
    ///
    /// # Errors
    /// [`StoreError::Held`] names who holds it.
    pub async fn acquire(data_dir: &Path) -> Result<Self, StoreError> {
        let path = data_dir.join("owner");
        let failed = |source| StoreError::Io { path: path.clone(), source };
        let mut options = fs::OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if waited < PATIENCE => {
                    tokio::time::sleep(PAUSE).await;
                    waited += PAUSE;
                }
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    file.read_to_string(&mut holder).map_err(failed)?;
                    let pid = holder.trim().parse().unwrap_or(0);
                    return Err(StoreError::Held { pid, place: data_dir.display().to_string() });
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}
