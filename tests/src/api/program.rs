//! A program of ours as a process: what it prints, how it ends, and how it is told to stop.
//!
//! It starts in an empty folder and with an empty environment, so that no `.env` and no setting of the machine reaches it.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

/// How long anything may take that a program does at its start or end, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that has not started yet.
#[derive(Debug)]
pub struct Program {
    command: Command,
    folder: TempDir,
}

impl Program {
    /// The program at `path`, without arguments or settings.
    ///
    /// # Panics
    /// When a folder or a process cannot be made; so do all functions here, since a test can do nothing about it.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let folder = tempfile::Builder::new().prefix("refrain-program-").tempdir().expect("a temporary folder");
        let mut command = Command::new(path.as_ref());
        command.env_clear().current_dir(folder.path()).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, folder }
    }

    /// Adds arguments.
    pub fn args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets an environment variable.
    pub fn set(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.command.env(name, value.as_ref());
        self
    }

    /// The folder it starts in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs it to its end.
    pub async fn run(mut self) -> Ended {
        let output = timeout(PATIENCE, self.command.output()).await.expect("a program that ends");
        let output = output.expect("a program that starts");
        Ended {
            status: output.status,
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Starts it.
    pub fn start(mut self) -> Running {
        let mut child = self.command.spawn().expect("a program that starts");
        let stderr = child.stderr.take().expect("standard error was asked to be a pipe");
        Running { child, lines: BufReader::new(stderr).lines(), log: String::new(), _folder: self.folder }
    }
}

/// A program at work. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    log: String,
    _folder: TempDir,
}

impl Running {
    /// Waits for a line of its log that contains `words`, and gives that line.
    pub async fn says(&mut self, words: &str) -> String {
        let line = async {
            while let Some(line) = self.lines.next_line().await.expect("a log in UTF-8") {
                self.log.push_str(&line);
                self.log.push('\n');
                if line.contains(words) {
                    return Some(line);
                }
            }
            None
        };
        let line = timeout(PATIENCE, line).await.unwrap_or(None);
        line.unwrap_or_else(|| panic!("\"{words}\" was never said:\n{}", self.log))
    }

    /// Everything it logged up to the last line waited for.
    pub fn log(&self) -> &str {
        &self.log
    }

    /// Sends SIGTERM, and waits for its end.
    pub async fn terminate(mut self) -> Ended {
        let id = self.child.id().expect("a program that still runs").to_string();
        // The shell's own `kill`: the program of that name is not installed everywhere.
        let kill = Command::new("/bin/sh").args(["-c", "kill -TERM \"$1\"", "kill", &id]).status().await;
        assert!(kill.expect("a shell").success());
        let mut stdout = String::new();
        let end = async {
            while let Some(line) = self.lines.next_line().await.expect("a log in UTF-8") {
                self.log.push_str(&line);
                self.log.push('\n');
            }
            let mut output = self.child.stdout.take().expect("standard output was asked to be a pipe");
            output.read_to_string(&mut stdout).await.expect("text");
            self.child.wait().await.expect("an exit status")
        };
        let status = timeout(PATIENCE, end).await.expect("a program that ends when it is told to");
        Ended { status, stdout, stderr: self.log }
    }
}

/// How a program ended, and all it printed.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The exit status.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: String,
    /// Standard error: the log.
    pub stderr: String,
}

impl Ended {
    /// Fails the test unless it ended with exit code 1 and one line on standard error, which begins with `error:` and
    /// contains each of `words`.
    pub fn refuses<'a>(&self, words: impl IntoIterator<Item = &'a str>) {
        assert_eq!(self.status.code(), Some(1), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{}", self.stderr);
        assert!(self.stderr.starts_with("error: "), "{}", self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "\"{word}\" is not in: {}", self.stderr);
        }
    }
}
