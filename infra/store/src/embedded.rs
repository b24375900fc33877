//! A private PostgreSQL that the program runs itself, where nobody provides one.
//!
//! It listens on a Unix socket in a folder that only its user can enter, and nowhere else. A small
//! shell between us and the server holds the reading end of a pipe: when this process ends, however
//! it ends, the pipe closes and the shell stops the server. What a killed shell leaves behind is
//! stopped by the next start.

mod databases;

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::owner::Owner;
use crate::programs::Programs;
use crate::system::{PAUSE, ended, remove, run, sync, sync_all, tail};

const DATABASE: &str = "sextant";
/// What the server's folder is called, followed by a number, while it is made.
const UNFINISHED: &str = "postgres.new";
const USER: &str = "sextant";

/// Until a server that was just started listens. Recovery comes after that.
const LISTENS: Duration = Duration::from_secs(10);
/// Until what a dead owner left behind is gone.
const LEFTOVER: Duration = Duration::from_secs(5);
/// Until a server has written everything and ended. Well below the ten seconds in which the
/// program must end.
const SHUTDOWN: Duration = Duration::from_secs(5);
const INITDB: Duration = Duration::from_secs(120);
/// A log that is longer begins anew.
const LOG_BYTES: u64 = 1 << 20;

/// Runs the server given as arguments; asks it to end (SIGINT: roll back, write all, end) once
/// standard input ends; ends with it.
const GUARD: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
( read -r _ <&3; kill -INT "$server" ) &
watch=$!
exec 3<&-
wait "$server"
status=$?
kill "$watch" 2>/dev/null
exit "$status"
"#;

/// Small, since one writer and a few readers are all there is; durable, since an acknowledged row
/// must survive a power cut (fsync, full_page_writes and synchronous_commit keep their defaults).
const SETTINGS: [(&str, &str); 22] = [
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("port", "5432"),
    ("max_connections", "20"),
    ("shared_buffers", "32MB"),
    ("work_mem", "8MB"),
    ("maintenance_work_mem", "32MB"),
    ("temp_buffers", "4MB"),
    // Nobody replicates from here, so the log holds what recovery needs and no more.
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("max_wal_size", "256MB"),
    ("min_wal_size", "64MB"),
    // No parallel workers, no launcher for replication: fewer processes.
    ("max_worker_processes", "0"),
    ("max_logical_replication_workers", "0"),
    ("max_parallel_workers_per_gather", "0"),
    ("autovacuum_max_workers", "1"),
    ("jit", "off"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("log_line_prefix", "%m [%p] "),
    ("log_checkpoints", "off"),
    // Loading history is what fills the log quickly here, and no reason to worry anybody.
    ("checkpoint_warning", "0"),
];

/// A running server, owned by this process. Dropping it stops the server without waiting.
#[derive(Debug)]
pub struct Embedded {
    guard: Child,
    /// The server runs as long as this is open.
    alive: Option<ChildStdin>,
    place: Place,
    programs: Programs,
    _owner: Owner,
}

/// Where everything is.
#[derive(Debug, Clone)]
struct Place {
    /// The program's data folder, without links.
    folder: PathBuf,
    /// The server's own.
    data: PathBuf,
    log: PathBuf,
    socket_dir: PathBuf,
}

impl Embedded {
    /// Starts the server of `data_dir`, making both where they don't exist.
    ///
    /// # Errors
    /// [`StoreError::Held`] where another process owns the folder, [`StoreError::NoPostgres`],
    /// [`StoreError::Closed`], [`StoreError::Embedded`] with the server's own words.
    pub async fn start(data_dir: &Path) -> Result<Self, StoreError> {
        let mut builder = DirBuilder::new();
        // Another user's server must get through to its own folder, and see nothing on the way.
        builder.recursive(true).mode(0o711);
        builder.create(data_dir).map_err(StoreError::io(data_dir))?;
        let place = Place::of(data_dir)?;
        let owner = Owner::acquire(&place.folder).await?;
        let programs = Programs::find(&place.data)?;
        place.check_way(&programs)?;
        place.make_socket_dir(&programs)?;
        place.end_leftover(&programs).await?;
        if !place.data.exists() {
            place.initialise(&programs).await?;
        }
        let (guard, alive) = place.launch(&programs).await?;
        let server = Self { guard, alive: Some(alive), place, programs, _owner: owner };
        server.ensure_database().await?;
        Ok(server)
    }

    /// The address of the server that runs on `data_dir`, owned by whoever; none where none runs.
    pub fn attach(data_dir: &Path) -> Option<String> {
        let place = Place::of(data_dir).ok()?;
        place.answers().then(|| place.url(DATABASE))
    }

    /// Whether `data_dir` holds a store, running or not.
    pub fn exists(data_dir: &Path) -> bool {
        data_dir.join("postgres").exists()
    }

    /// The address for [`Store::open`].
    pub fn url(&self) -> String {
        self.place.url(DATABASE)
    }

    /// Stops the server: everything is written, then it ends. Close all [`Store`]s before;
    /// connections that are left are cut.
    ///
    /// # Errors
    /// [`StoreError::Embedded`] where it doesn't end in time; nothing acknowledged is lost then.
    pub async fn stop(mut self) -> Result<(), StoreError> {
        self.alive = None;
        if !ended(&mut self.guard, SHUTDOWN).await? {
            self.place.stop_at_once(&self.programs).await?;
            if !ended(&mut self.guard, SHUTDOWN).await? {
                return Err(self.place.failed("does not stop", String::new()));
            }
        }
        // Where the folder had to be under /tmp, nothing stays there. Not worth an error.
        drop(fs::remove_dir(&self.place.socket_dir));
        Ok(())
    }
}

impl Place {
    fn of(data_dir: &Path) -> Result<Self, StoreError> {
        let folder = data_dir.canonicalize().map_err(StoreError::io(data_dir))?;
        let mut socket_dir = folder.join("socket");
        // A socket's path holds 107 bytes; deep folders get a short name under /tmp instead.
        if socket_dir.join(".s.PGSQL.5432").as_os_str().len() > 100 {
            let hash = Sha256::digest(folder.as_os_str().as_encoded_bytes());
            let name: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            socket_dir = Path::new("/tmp").join(format!("sextant-{name}"));
        }
        let (data, log) = (folder.join("postgres"), folder.join("postgres.log"));
        Ok(Self { folder, data, log, socket_dir })
    }

    fn url(&self, database: &str) -> String {
        let socket: String = self
            .socket_dir
            .as_os_str()
            .as_encoded_bytes()
            .iter()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                    char::from(*byte).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect();
        format!("postgres://{USER}@localhost/{database}?host={socket}")
    }

    fn answers(&self) -> bool {
        UnixStream::connect(self.socket_dir.join(".s.PGSQL.5432")).is_ok()
    }

    fn failed(&self, what: &'static str, log: String) -> StoreError {
        StoreError::Embedded { folder: self.folder.clone(), what, log }
    }

    /// Where the server runs as another user, that user must get to the folder.
    fn check_way(&self, programs: &Programs) -> Result<(), StoreError> {
        let Some(user) = programs.user() else { return Ok(()) };
        if programs.can_enter(&self.folder) {
            return Ok(());
        }
        let mut way: Vec<&Path> = self.folder.ancestors().collect();
        way.reverse();
        let closed = way.into_iter().find(|folder| !programs.can_enter(folder));
        let folder = closed.unwrap_or(&self.folder).to_path_buf();
        Err(StoreError::Closed { folder, user: user.name.clone() })
    }

    fn make_socket_dir(&self, programs: &Programs) -> Result<(), StoreError> {
        let dir = &self.socket_dir;
        make_private(dir, programs)?;
        // In /tmp anybody may have been here first.
        let found = fs::symlink_metadata(dir).map_err(StoreError::io(dir))?;
        let ours = fs::metadata(&self.folder).map_err(StoreError::io(&self.folder))?.uid();
        let expected = programs.user().map_or(ours, |user| user.uid);
        if !found.is_dir() || found.uid() != expected || found.permissions().mode() & 0o077 != 0 {
            let log = format!("{} is not a private folder; remove it", dir.display());
            return Err(self.failed("has no place for its socket", log));
        }
        Ok(())
    }

    /// Ends the server that a dead owner left. Its guard is at it already; the lock that we hold
    /// says that nobody else wants it.
    async fn end_leftover(&self, programs: &Programs) -> Result<(), StoreError> {
        let mut waited = Duration::ZERO;
        while self.answers() {
            if waited == LEFTOVER / 5 {
                self.stop_at_once(programs).await?;
            }
            if waited > LEFTOVER {
                return Err(self.failed("is left from another process and stays", String::new()));
            }
            tokio::time::sleep(PAUSE).await;
            waited += PAUSE;
        }
        Ok(())
    }

    /// Recovery makes good what a stop at once leaves undone.
    async fn stop_at_once(&self, programs: &Programs) -> Result<(), StoreError> {
        let mut command = programs.command(programs.path("pg_ctl"));
        command.args(["stop", "-m", "immediate", "-t", "5", "-D"]).arg(&self.data);
        // It may have ended by itself meanwhile; whoever calls looks again.
        run(command, LEFTOVER).await.map(drop)
    }

    /// Makes the server's folder under another name and moves it here once it is complete and on
    /// disk: whoever is killed on the way leaves nothing half-made.
    async fn initialise(&self, programs: &Programs) -> Result<(), StoreError> {
        self.remove_unfinished().await?;
        // A name of its own: what a killed process left running clears its folder when it fails.
        let making = self.folder.join(format!("{UNFINISHED}.{}", std::process::id()));
        make_private(&making, programs)?;
        let mut command = programs.command(programs.path("initdb"));
        command.arg("-D").arg(&making).args(["--username", USER, "--auth=trust", "--no-sync"]);
        command.args(["--encoding=UTF8", "--locale=C", "--no-instructions"]);
        let (success, said) = run(command, INITDB).await?;
        if !success {
            return Err(self.failed("could not be made", said));
        }
        let (folder, data) = (self.folder.clone(), self.data.clone());
        let moved = tokio::task::spawn_blocking(move || {
            sync_all(&making)?;
            fs::rename(&making, &data).map_err(StoreError::io(&data))?;
            sync(&folder)
        });
        moved.await.map_err(|error| self.failed("could not be made", error.to_string()))?
    }

    /// Removes what killed processes were making. One's `initdb` may still be at it; it fails once
    /// its folder is gone.
    async fn remove_unfinished(&self) -> Result<(), StoreError> {
        let entries = fs::read_dir(&self.folder).map_err(StoreError::io(&self.folder))?;
        let named = |name: &OsStr| name.to_str().is_some_and(|name| name.starts_with(UNFINISHED));
        for entry in entries.flatten().filter(|entry| named(&entry.file_name())) {
            remove(&entry.path(), LEFTOVER).await?;
        }
        Ok(())
    }

    /// Starts the server and waits until it listens. Right after a kill the old lock may still
    /// stand in the way, so that reason is tried again for a while.
    async fn launch(&self, programs: &Programs) -> Result<(Child, ChildStdin), StoreError> {
        let mut waited = Duration::ZERO;
        loop {
            let mut log = OpenOptions::new()
                .read(true)
                .create(true)
                .append(true)
                .open(&self.log)
                .map_err(StoreError::io(&self.log))?;
            let mut before = log.metadata().map_err(StoreError::io(&self.log))?.len();
            if before > LOG_BYTES {
                log.set_len(0).map_err(StoreError::io(&self.log))?;
                before = 0;
            }
            let (mut guard, alive) = self.spawn(programs, &log)?;
            while !self.answers() {
                if let Some(_status) = guard.try_wait().map_err(StoreError::io(&self.data))? {
                    break;
                }
                if waited > LISTENS {
                    return Err(self.failed("does not start", tail(&mut log, before)));
                }
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
            if guard.try_wait().map_err(StoreError::io(&self.data))?.is_none() {
                return Ok((guard, alive));
            }
            let said = tail(&mut log, before);
            if !said.contains("postmaster.pid") || waited > LEFTOVER {
                return Err(self.failed("could not be started", said));
            }
            tokio::time::sleep(10 * PAUSE).await;
            waited += 10 * PAUSE;
        }
    }

    fn spawn(&self, programs: &Programs, log: &File) -> Result<(Child, ChildStdin), StoreError> {
        let failed = |source| StoreError::Io { path: self.log.clone(), source };
        let mut command = programs.command("sh");
        command.args(["-c", GUARD, "sextant-postgres"]).arg(programs.path("postgres"));
        command.arg("-D").arg(&self.data).arg("-k").arg(&self.socket_dir);
        for (name, value) in SETTINGS {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        command.stdin(Stdio::piped());
        command.stdout(log.try_clone().map_err(failed)?).stderr(log.try_clone().map_err(failed)?);
        // Ctrl-C at the terminal is for the program, which stops the server when it has settled.
        command.process_group(0);
        let mut guard = command.spawn().map_err(failed)?;
        let alive = guard.stdin.take().expect("standard input is piped");
        tracing::debug!(major = programs.major(), folder = %self.data.display(), "starting PostgreSQL");
        Ok((guard, alive))
    }
}

/// A folder that only the server's user can enter.
fn make_private(dir: &Path, programs: &Programs) -> Result<(), StoreError> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        made => made.map_err(StoreError::io(dir))?,
    }
    match programs.user() {
        Some(user) => chown(dir, Some(user.uid), Some(user.gid)).map_err(StoreError::io(dir)),
        None => Ok(()),
    }
}
