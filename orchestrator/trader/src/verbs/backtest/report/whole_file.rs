//! Files that are there whole or not at all.

use std::fs::Permissions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// As a file that is created in the common way: what the process's mask leaves of it.
const MODE: u32 = 0o666;

/// Puts `content` at `path`, in place of what was there.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    written(path, content)?.persist(path).map(drop).map_err(|failed| failed.error)
}

/// Puts `content` at the first of `paths` where there is no file yet, and says at which.
pub(crate) fn create(
    paths: impl IntoIterator<Item = PathBuf>,
    mut content: impl FnMut(&Path) -> io::Result<Vec<u8>>,
) -> io::Result<PathBuf> {
    for path in paths {
        match written(&path, &content(&path)?)?.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(failed) => return Err(failed.error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// A file beside `path`, on the disk; it goes with its owner.
fn written(path: &Path, content: &[u8]) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = Builder::new();
    let builder = builder.prefix(".sextant-").permissions(Permissions::from_mode(MODE));
    let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    let mut buffered = BufWriter::new(&mut file);
    buffered.write_all(content)?;
    buffered.flush()?;
    drop(buffered);
    file.as_file().sync_all()?;
    Ok(file)
}
