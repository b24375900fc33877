//! Where a run's store is, and how to open it.

use std::fmt;
use std::path::{Path, PathBuf};

use domain::ledger::SealKey;
use secrecy::{ExposeSecret, SecretString};
use store::embedded::Embedded;
use store::seal::Seals;
use store::store::Store;

use crate::config::settings::Settings;
use crate::ending::Outcome;

/// Where a run's store, key and head are.
#[derive(Debug, Clone)]
pub struct Place {
    /// Another place for the ledger's key than the folder.
    pub key_file: Option<PathBuf>,
    /// Folder of the key and the head, and of the private PostgreSQL where there is no other.
    pub folder: PathBuf,
    /// An external database.
    pub url: Option<SecretString>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.url {
            Some(_) => write!(f, "the store at DATABASE_URL"),
            None => write!(f, "the store in {}", self.folder.display()),
        }
    }
}

/// An open store.
pub struct Opened {
    /// The store.
    pub store: Store,
    embedded: Option<Embedded>,
}

impl Place {
    /// The place of `mode` below the data folder.
    pub fn of(settings: &Settings, mode: &str) -> Self {
        Self {
            folder: settings.data_dir.join(mode),
            key_file: settings.ledger_key_file.clone(),
            url: settings.store.url().cloned(),
        }
    }

    /// The ledger's key and head.
    pub fn seals(&self) -> Outcome<Seals> {
        Ok(match &self.key_file {
            Some(file) => Seals::with_key(&self.folder, SealKey::new(std::fs::read(file)?)),
            None => Seals::in_folder(&self.folder),
        })
    }

    /// Opens the store to own it; starts the private PostgreSQL where there is no other.
    pub async fn open(&self) -> Outcome<Opened> {
        std::fs::create_dir_all(&self.folder)?;
        match &self.url {
            Some(url) => {
                Ok(Opened { store: Store::open(url.expose_secret()).await?, embedded: None })
            }
            None => {
                let embedded = Embedded::start(&self.folder).await?;
                let store = Store::open(&embedded.url()).await?;
                Ok(Opened { store, embedded: Some(embedded) })
            }
        }
    }

    /// Opens the store to read: the one that runs, if one does, else as [`Place::open`].
    pub async fn open_to_read(&self) -> Outcome<Opened> {
        if self.url.is_none()
            && let Some(url) = Embedded::attach(&self.folder)
        {
            return Ok(Opened { store: Store::open(&url).await?, embedded: None });
        }
        self.open().await
    }
}

impl Opened {
    /// Closes the store and stops the private PostgreSQL if this process started it.
    pub async fn close(self) -> Outcome<()> {
        self.store.close().await;
        match self.embedded {
            Some(embedded) => Ok(embedded.stop().await?),
            None => Ok(()),
        }
    }
}

const CURRENT: &str = "current";

/// Notes which run was begun last, so that verbs that read find it.
pub fn remember(data_dir: &Path, mode: &str) -> Outcome<()> {
    std::fs::create_dir_all(data_dir)?;
    Ok(std::fs::write(data_dir.join(CURRENT), mode)?)
}

/// The run that was begun last; `paper` where none was.
pub fn current(data_dir: &Path) -> String {
    let noted = std::fs::read_to_string(data_dir.join(CURRENT)).unwrap_or_default();
    let known = ["demo", "paper", "testnet", "live"].into_iter().find(|mode| *mode == noted.trim());
    known.unwrap_or("paper").to_owned()
}
