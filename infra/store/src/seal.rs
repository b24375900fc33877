//! What lives outside the database: the key that seals the ledger, and the file that says where
//! the ledger ends. Whoever can write to the database alone can neither forge an entry nor cut
//! the tail unseen.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use domain::ledger::{EntryHash, Head, SealKey};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

const KEY_BYTES: usize = 32;

/// The folder of `ledger.key` and `ledger.head`.
#[derive(Debug, Clone)]
pub struct Seals {
    folder: PathBuf,
    given: Option<SealKey>,
}

/// One record of `ledger.head`.
#[derive(Serialize, Deserialize)]
struct Record {
    seq: u64,
    hash: EntryHash,
    seal: EntryHash,
}

/// Bytes of a record in the file, which holds two: a disk's sector, written whole or not at all.
const SLOT: usize = 512;

fn slots(content: &[u8]) -> [Option<Record>; 2] {
    let slot = |from: usize| serde_json::from_slice(content.get(from..from + SLOT)?).ok();
    [slot(0), slot(SLOT)]
}

impl Seals {
    /// With the key in `folder`, which is made with the first ledger.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), given: None }
    }

    /// With a key from elsewhere; `folder` holds the head only.
    pub fn with_key(folder: &Path, key: SealKey) -> Self {
        Self { folder: folder.to_path_buf(), given: Some(key) }
    }

    /// Where the key is, unless it was given.
    pub fn key_file(&self) -> PathBuf {
        self.folder.join("ledger.key")
    }

    /// Where the head is.
    pub fn head_file(&self) -> PathBuf {
        self.folder.join("ledger.head")
    }

    /// The key; none where there is none yet.
    pub(crate) fn key(&self) -> Result<Option<SealKey>, StoreError> {
        if let Some(given) = &self.given {
            return Ok(Some(given.clone()));
        }
        let path = self.key_file();
        match fs::read(&path) {
            Ok(bytes) if bytes.len() == KEY_BYTES => Ok(Some(SealKey::new(bytes))),
            Ok(bytes) => {
                let what = format!("{} holds {} bytes, not 32", path.display(), bytes.len());
                Err(StoreError::Corrupt { what })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::Io { path, source }),
        }
    }

    /// Makes a key from the system's random numbers.
    pub(crate) fn make_key(&self) -> Result<SealKey, StoreError> {
        let mut bytes = vec![0; KEY_BYTES];
        let random = Path::new("/dev/urandom");
        let read = File::open(random).and_then(|mut file| file.read_exact(&mut bytes));
        read.map_err(StoreError::io(random))?;
        self.replace(&self.key_file(), &bytes)?;
        Ok(SealKey::new(bytes))
    }

    /// The head that was written last; none where there is none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where the file is no head or its seal isn't `key`'s.
    pub(crate) fn head(&self, key: &SealKey) -> Result<Option<Head>, StoreError> {
        let path = self.head_file();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StoreError::Io { path, source }),
        };
        let corrupt = |why: &str| StoreError::corrupt(format!("{} {why}", path.display()));
        // A record that is torn was about to say more than the whole one, which is old but true.
        let last = slots(&text).into_iter().flatten().max_by_key(|record| record.seq);
        let record = last.ok_or_else(|| corrupt("is no head of a ledger"))?;
        if record.seal != key.seal(record.hash) {
            return Err(corrupt("was not sealed with the ledger's key"));
        }
        Ok(Some(Head { seq: record.seq, hash: record.hash }))
    }

    /// Writes the head, to disk before it returns: over the older of two records, so that the
    /// other one is whole whatever happens. (A new file under the old name would do as well, but
    /// costs three writes to disk, before each of which an order waits, instead of one.)
    pub(crate) fn write_head(&self, key: &SealKey, head: Head) -> Result<(), StoreError> {
        let path = self.head_file();
        let record = Record { seq: head.seq, hash: head.hash, seal: key.seal(head.hash) };
        let text = serde_json::to_string(&record).expect("a number and two texts are JSON");
        let line = format!("{text:<width$}\n", width = SLOT - 1);
        let mut file = match OpenOptions::new().read(true).write(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return self.replace(&path, line.repeat(2).as_bytes());
            }
            opened => opened.map_err(StoreError::io(&path))?,
        };
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(StoreError::io(&path))?;
        let seqs = slots(&content).map(|slot| slot.map_or(0, |record| record.seq));
        let offset = if seqs[0] <= seqs[1] { 0 } else { SLOT as u64 };
        let written = file.write_all_at(line.as_bytes(), offset).and_then(|()| file.sync_data());
        written.map_err(StoreError::io(&path))
    }

    /// Puts a file in place of another so that either the old or the new one is there, whole,
    /// whatever happens.
    fn replace(&self, path: &Path, content: &[u8]) -> Result<(), StoreError> {
        let new = path.with_extension("new");
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)
            .map_err(StoreError::io(&new))?;
        file.write_all(content).and_then(|()| file.sync_all()).map_err(StoreError::io(&new))?;
        fs::rename(&new, path).map_err(StoreError::io(path))?;
        let folder = File::open(&self.folder).and_then(|folder| folder.sync_all());
        folder.map_err(StoreError::io(&self.folder))
    }
}
