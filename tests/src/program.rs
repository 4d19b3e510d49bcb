//! The programs as they are shipped: processes with nothing but the settings they are given.
//!
//! Cargo builds the programs of the package under test only, so those of the other packages must be there already: a
//! missing one, or one older than its sources, is a failure with an instruction. Each [`Program`] has an empty folder to
//! run in, where it finds no `.env` and nobody else's database.

mod running;

use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tokio::process::Command;

pub use running::Running;

/// Longer than any command takes on a busy machine; a program that hangs is killed then.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A program and its settings; it may be run many times.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    env: Vec<(String, String)>,
    folder: TempDir,
    memory_max_kb: Option<u32>,
    in_terminal: bool,
}

/// How a process ended and what it said.
#[derive(Clone, Debug)]
pub struct Said {
    /// The exit code, or minus the signal that ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error, where the log goes too.
    pub stderr: String,
}

impl Program {
    /// `refrain-ingest`, with no settings.
    ///
    /// # Panics
    /// When it was not built, or its sources have changed since; so do all functions here, since a test can do nothing
    /// about it.
    pub fn ingest() -> Self {
        Self::new("refrain-ingest", &["ingest", "entity", "migration"])
    }

    /// `refrain-api`, with no settings.
    pub fn api() -> Self {
        Self::new("refrain-api", &["api", "entity", "migration"])
    }

    /// `migration`, with no settings.
    pub fn migration() -> Self {
        Self::new("migration", &["migration"])
    }

    fn new(name: &str, crates: &[&str]) -> Self {
        let tests = std::env::current_exe().expect("the path of the tests' own program");
        // target/debug/deps/it-0123456789abcdef
        let folder = tests.ancestors().nth(2).expect("the tests' program lies in target/<profile>/deps");
        let path = folder.join(name);
        let built = path.metadata().and_then(|file| file.modified());
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace around this package");
        let changed = crates.iter().filter_map(|name| newest(&workspace.join(name).join("src"))).max();
        match (built, changed) {
            (Ok(built), Some(changed)) if built >= changed => {}
            (Ok(_), _) => panic!("{} is older than its sources: cargo build --workspace --bins", path.display()),
            (Err(_), _) => panic!("{} was not built: cargo build --workspace --bins", path.display()),
        }
        let folder = tempfile::Builder::new().prefix("refrain-program-").tempdir().expect("a temporary folder");
        Self { path, env: Vec::new(), folder, memory_max_kb: None, in_terminal: false }
    }

    /// With this environment variable.
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// With these environment variables.
    pub fn envs(mut self, env: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.env.extend(env.into_iter().map(|(name, value)| (name.to_owned(), value)));
        self
    }

    /// With so many kilobytes of memory for its data at most: it fails where it wants more.
    pub fn memory_max_kb(self, kilobytes: u32) -> Self {
        Self { memory_max_kb: Some(kilobytes), ..self }
    }

    /// In a terminal, which shows standard output and standard error together: [`Said::stdout`].
    pub fn in_terminal(self) -> Self {
        Self { in_terminal: true, ..self }
    }

    /// The folder it runs in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into that folder; its name.
    pub fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.folder.path().join(name), text).expect("a file in the program's folder");
        name.to_owned()
    }

    /// With another value of this environment variable than before.
    pub fn set_env(&mut self, name: &str, value: &str) {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
    }

    /// Without this environment variable.
    pub fn unset_env(&mut self, name: &str) {
        self.env.retain(|(known, _)| known != name);
    }

    /// Runs it to its end.
    pub async fn run(&self, arguments: &[impl AsRef<OsStr>]) -> Said {
        let output =
            tokio::time::timeout(TIMEOUT, self.command(arguments).output()).await.expect("a program that ends");
        let output = output.expect("a program that starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("a program that speaks UTF-8");
        let signal = || output.status.signal().expect("a program ends by itself or by a signal");
        let code = output.status.code().unwrap_or_else(|| -signal());
        Said { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Starts it, for a program that goes on until it is told to stop.
    pub fn start(&self, arguments: &[impl AsRef<OsStr>]) -> Running {
        Running::start(self.command(arguments))
    }

    fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        if self.in_terminal {
            return self.command_in_terminal(arguments);
        }
        let mut command = match self.memory_max_kb {
            None => Command::new(&self.path),
            Some(kilobytes) => {
                let mut shell = Command::new("/bin/sh");
                shell.arg("-c").arg(format!("ulimit -d {kilobytes} && exec \"$0\" \"$@\"")).arg(&self.path);
                shell
            }
        };
        command.args(arguments);
        self.settle(command)
    }

    /// `script`, a part of every Debian, is the terminal.
    fn command_in_terminal(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let words = std::iter::once(self.path.as_os_str()).chain(arguments.iter().map(AsRef::as_ref));
        let words: Vec<String> = words.map(|word| format!("'{}'", word.to_str().expect("a word"))).collect();
        let mut command = Command::new("/usr/bin/script");
        command.args(["--quiet", "--return", "--command", &words.join(" "), "/dev/null"]);
        self.settle(command)
    }

    fn settle(&self, mut command: Command) -> Command {
        command.env_clear().envs(self.env.iter().map(|(name, value)| (name, value)));
        command.current_dir(&self.folder).stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

impl Said {
    /// The one line that tells why it failed, after `error: `.
    ///
    /// # Panics
    /// When it did not fail with exit code 1 and exactly that line.
    pub fn one_error(&self) -> &str {
        assert_eq!(self.code, 1, "{self:?}");
        let lines: Vec<&str> = self.stderr.lines().collect();
        let [line] = lines.as_slice() else { panic!("more than one line: {}", self.stderr) };
        line.strip_prefix("error: ").unwrap_or_else(|| panic!("no error: {line}"))
    }
}

/// When the newest file below a folder was changed.
fn newest(folder: &Path) -> Option<SystemTime> {
    let changed = std::fs::read_dir(folder).ok()?.filter_map(|entry| {
        let path = entry.ok()?.path();
        if path.is_dir() { newest(&path) } else { path.metadata().ok()?.modified().ok() }
    });
    changed.max()
}
