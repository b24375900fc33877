//! What the operating system is asked: to run a program to its end, to put files on disk.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::error::StoreError;

/// Between two looks at something that is about to happen.
pub(crate) const PAUSE: Duration = Duration::from_millis(5);

/// Whether it succeeded, and what it said on standard error.
pub(crate) async fn run(
    mut command: Command,
    limit: Duration,
) -> Result<(bool, String), StoreError> {
    let program = PathBuf::from(command.get_program());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(StoreError::io(&program))?;
    if !ended(&mut child, limit).await? {
        child.kill().map_err(StoreError::io(&program))?;
    }
    let output = child.wait_with_output().map_err(StoreError::io(&program))?;
    Ok((output.status.success(), String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

/// Whether it ended within `limit`.
pub(crate) async fn ended(child: &mut Child, limit: Duration) -> Result<bool, StoreError> {
    let mut waited = Duration::ZERO;
    while child.try_wait().map_err(StoreError::io(Path::new("a child process")))?.is_none() {
        if waited > limit {
            return Ok(false);
        }
        tokio::time::sleep(PAUSE).await;
        waited += PAUSE;
    }
    Ok(true)
}

/// Removes a folder into which another process may still be writing, for up to `limit`.
pub(crate) async fn remove(folder: &Path, limit: Duration) -> Result<(), StoreError> {
    let mut waited = Duration::ZERO;
    while let Err(error) = fs::remove_dir_all(folder) {
        if error.kind() == std::io::ErrorKind::NotFound {
            break;
        }
        if waited > limit {
            return Err(StoreError::io(folder)(error));
        }
        tokio::time::sleep(PAUSE).await;
        waited += PAUSE;
    }
    Ok(())
}

/// The last lines of what the log got since `from`.
pub(crate) fn tail(log: &mut File, from: u64) -> String {
    let mut text = String::new();
    let read = log.seek(SeekFrom::Start(from)).and_then(|_| log.read_to_string(&mut text));
    if let Err(error) = read {
        return error.to_string();
    }
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("; ")
}

/// Writes a folder and all that is in it to disk. Several at once, since the file system then
/// writes its journal once for all of them.
pub(crate) fn sync_all(root: &Path) -> Result<(), StoreError> {
    let mut paths = vec![root.to_path_buf()];
    let mut next = 0;
    while next < paths.len() {
        if paths[next].is_dir() {
            let entries = fs::read_dir(&paths[next]).map_err(StoreError::io(&paths[next]))?;
            paths.extend(entries.flatten().map(|entry| entry.path()));
        }
        next += 1;
    }
    std::thread::scope(|scope| {
        let share = paths.len().div_ceil(8);
        let threads: Vec<_> = paths
            .chunks(share)
            .map(|some| scope.spawn(|| some.iter().try_for_each(|path| sync(path))))
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("syncing does not panic"))
    })
}

/// Writes a file, or a folder's list of names, to disk.
pub(crate) fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(StoreError::io(path))
}
