//! Processes that can't outlive their test, in folders and environments of their own.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Nothing here takes a quarter as long, even where the machine has other work.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(5);
const PREFIX: &str = "sextant-it-";

#[expect(clippy::disallowed_methods, reason = "waiting for processes has bounds")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits until `done`; false where it takes longer than `limit`.
pub(crate) fn wait_until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let started = now();
    while !done() {
        if started.elapsed() > limit {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
    true
}

/// A folder of its own, in which another user's server gets through. Kept where the test failed,
/// until a later run of the tests.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = root().join(format!("{name}{number}"));
        make(&folder);
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A file in it.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        make(path.parent().unwrap());
        fs::write(&path, text).unwrap();
        path
    }

    /// Panics where a process that was started for this folder, or by one that was, still runs.
    pub(crate) fn assert_deserted(&self) {
        self.assert_deserted_but(&[]);
    }

    /// The same, but for these processes.
    pub(crate) fn assert_deserted_but(&self, known: &[u32]) {
        let mut left = Vec::new();
        let gone = wait_until(Duration::from_secs(10), || {
            left = processes_of(&self.0);
            left.retain(|(id, _)| !known.contains(id));
            left.is_empty()
        });
        assert!(gone, "left behind: {left:#?}");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // A server that was told to end may still write its last page; a later run sweeps.
            drop(fs::remove_dir_all(&self.0));
        }
    }
}

fn make(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
}

/// This process's folder, swept clean of what earlier runs left.
fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        for entry in fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
            let name = entry.file_name();
            let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
            if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
                // Another test process may be sweeping too.
                drop(fs::remove_dir_all(entry.path()));
            }
        }
        let root = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
        make(&root);
        root
    })
}

/// The binary, copied once: what is built while the tests run must not change under them.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let copy = root().join("sextant");
        fs::copy(env!("CARGO_BIN_EXE_sextant"), &copy).unwrap();
        copy
    })
}

/// Processes in whose command line or environment the folder is named.
fn processes_of(folder: &Path) -> Vec<(u32, String)> {
    let named = folder.to_str().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let name = entry.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        let read = |name| fs::read(entry.path().join(name)).unwrap_or_default();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace('\0', " ");
        let (line, environment) = (text(read("cmdline")), text(read("environ")));
        if line.contains(named) || environment.contains(named) {
            found.push((id, line));
        }
    }
    found
}

/// A process about to be started.
pub(crate) struct Launch {
    command: Command,
    outputs: PathBuf,
}

impl Launch {
    /// The binary, with nothing of this process's environment but where programs are, in a
    /// working folder in which no configuration lies.
    pub(crate) fn sextant(folder: &Folder, arguments: &[&str]) -> Self {
        let work = folder.path().join("work");
        make(&work);
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(work).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", folder.path());
        command.env("SEXTANT_DATA_DIR", folder.path().join("data"));
        command.env("SEXTANT_METRICS_ADDR", "127.0.0.1:0");
        command.env("LOG_FORMAT", "human");
        Self { command, outputs: folder.path().join("outputs") }
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn start(mut self) -> Process {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        make(&self.outputs);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let out = self.outputs.join(format!("{number}.out"));
        let err = self.outputs.join(format!("{number}.err"));
        self.command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        let described = format!("{:?}", self.command.get_args().collect::<Vec<_>>());
        Process { child: self.command.spawn().unwrap(), described, out, err }
    }

    /// Starts it and waits for its end.
    pub(crate) fn end(self) -> Ended {
        self.start().end(PATIENCE)
    }
}

/// A running process; killed with its guard.
pub(crate) struct Process {
    child: Child,
    described: String,
    out: PathBuf,
    err: PathBuf,
}

impl Process {
    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    pub(crate) fn printed(&self) -> String {
        fs::read_to_string(&self.out).unwrap()
    }

    /// What it has said on standard error so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.err).unwrap()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Asks it to do something: `TERM`, `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Kills it without a word.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    pub(crate) fn end(mut self, limit: Duration) -> Ended {
        if !wait_until(limit, || !self.is_running()) {
            let (described, said) = (&self.described, tail(&self.said()));
            panic!("{described} still runs after {limit:?}; it said last:\n{said}");
        }
        let status = self.child.wait().unwrap();
        let (described, out, err) = (self.described.clone(), self.printed(), self.said());
        Ended { code: status.code(), signal: status.signal(), described, out, err }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

/// How a process ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// What killed it.
    pub(crate) signal: Option<i32>,
    described: String,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    fn told(&self) -> String {
        format!(
            "{} ended with {:?}\n--- output\n{}\n--- its last words\n{}",
            self.described,
            self.code,
            tail(&self.out),
            tail(&self.err)
        )
    }

    /// Its JSON; panics where it didn't end with 0.
    pub(crate) fn json(&self) -> Value {
        self.json_after(0)
    }

    /// Its JSON; panics where it ended otherwise than with `code`.
    pub(crate) fn json_after(&self, code: i32) -> Value {
        assert_eq!(self.code, Some(code), "{}", self.told());
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.told()))
    }

    /// That it ended with `code` and one message on standard error that holds all `words`, and
    /// neither panicked nor showed its insides.
    pub(crate) fn assert_refused(&self, code: i32, words: &[&str]) {
        let told = self.told();
        assert_eq!(self.code, Some(code), "{told}");
        let messages: Vec<_> =
            self.err.lines().filter(|line| line.starts_with("error: ")).collect();
        assert!(!messages.is_empty(), "no message: {told}");
        for word in words {
            assert!(self.err.contains(word), "'{word}' is missing: {told}");
        }
        for word in ["panicked", "RUST_BACKTRACE", "stack backtrace", "unwrap()"] {
            assert!(!self.err.contains(word), "{told}");
        }
    }
}
