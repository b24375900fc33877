//! PostgreSQL's programs: where they are, and as whom they run.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::StoreError;

/// The oldest major version that the queries run on.
const OLDEST: u32 = 15;

/// Where packages put `<major>/bin`.
const FOLDERS: [&str; 2] = ["/usr/lib/postgresql", "/usr/local/lib/postgresql"];

/// A user to run as instead of root.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// One installed PostgreSQL.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    /// None where they are found on the PATH.
    folder: Option<PathBuf>,
    major: u32,
    user: Option<User>,
}

impl Programs {
    /// Those that can serve `data`: of the version that made it, or the newest where there is
    /// none yet.
    pub(crate) fn find(data: &Path) -> Result<Self, StoreError> {
        let made_by = fs::read_to_string(data.join("PG_VERSION"));
        let made_by: Option<u32> = made_by.ok().and_then(|version| version.trim().parse().ok());
        let on_path = version_of("postgres").map(|major| (major, None));
        let fits = |(major, _): &(u32, Option<PathBuf>)| match made_by {
            Some(version) => *major == version,
            None => *major >= OLDEST,
        };
        let best = on_path.filter(&fits);
        let best = best.or_else(|| installed().into_iter().filter(fits).max());
        let Some((major, folder)) = best else {
            let looked_for = match made_by {
                Some(version) => format!(
                    "{} was made by PostgreSQL {version}, whose programs are not installed",
                    data.display()
                ),
                None => format!(
                    "PostgreSQL {OLDEST} or newer is neither on the PATH nor in {}",
                    FOLDERS[0]
                ),
            };
            return Err(StoreError::NoPostgres { looked_for });
        };
        Ok(Self { folder, major, user: user_for(data)? })
    }

    /// The user instead of root, where this is root.
    pub(crate) fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// The major version.
    pub(crate) fn major(&self) -> u32 {
        self.major
    }

    /// Where `program` is.
    pub(crate) fn path(&self, program: &str) -> PathBuf {
        self.folder.as_ref().map_or_else(|| program.into(), |folder| folder.join(program))
    }

    /// Runs `program` as the right user, in a neutral environment.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        // The caller's folder may be closed to that user; its locale and settings are its own.
        command.current_dir("/").env("LC_ALL", "C").env("TZ", "UTC");
        for name in ["PGDATA", "PGPORT", "PGHOST", "PGUSER", "PGDATABASE", "PGOPTIONS"] {
            command.env_remove(name);
        }
        if let Some(user) = &self.user {
            command.uid(user.uid).gid(user.gid);
        }
        command.stdin(Stdio::null());
        command
    }

    /// Whether the user can enter `folder`; asked of the system itself, which knows all rules.
    pub(crate) fn can_enter(&self, folder: &Path) -> bool {
        let status = self.command("test").arg("-x").arg(folder).status();
        status.is_ok_and(|status| status.success())
    }
}

fn installed() -> Vec<(u32, Option<PathBuf>)> {
    let mut found = Vec::new();
    for entry in FOLDERS.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten() {
        let major = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let folder = entry.path().join("bin");
        if let Some(major) = major.filter(|_| folder.join("initdb").exists()) {
            found.push((major, Some(folder)));
        }
    }
    found
}

/// The major version of a `postgres`, from "postgres (PostgreSQL) 15.18 (Debian …)".
fn version_of(program: &str) -> Option<u32> {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(2)?.split('.').next()?.parse().ok()
}

/// None where this process may run PostgreSQL itself. As root: the owner of the data, or the user
/// `postgres` where there is none yet.
fn user_for(data: &Path) -> Result<Option<User>, StoreError> {
    let us = Command::new("id").arg("-u").output().map_err(StoreError::io(Path::new("id")))?;
    if us.stdout.trim_ascii() != b"0" {
        return Ok(None);
    }
    let users = Path::new("/etc/passwd");
    let text = fs::read_to_string(users).map_err(StoreError::io(users))?;
    let owner = fs::metadata(data).ok().map(|found| found.uid()).filter(|uid| *uid != 0);
    let found = text.lines().filter_map(parse_user).find(|user| match owner {
        Some(uid) => user.uid == uid,
        None => user.name == "postgres",
    });
    let looked_for = "PostgreSQL never runs as root, and there is no user 'postgres' to run it as";
    let missing = || StoreError::NoPostgres { looked_for: looked_for.to_owned() };
    found.map(Some).ok_or_else(missing)
}

/// A line of /etc/passwd: name, password, uid, gid, …
fn parse_user(line: &str) -> Option<User> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(User { name, uid, gid })
}
