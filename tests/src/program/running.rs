//! A program at work: what it has logged so far, and how it is told to stop.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use super::{Said, TIMEOUT};

/// A program that goes on until it is told to stop. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    log: String,
}

impl Running {
    pub(super) fn start(mut command: Command) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("a program that starts");
        let stderr = child.stderr.take().expect("standard error was asked to be a pipe");
        Self { child, lines: BufReader::new(stderr).lines(), log: String::new() }
    }

    /// Waits for a line of its log that contains `words`, and gives that line.
    ///
    /// # Panics
    /// When it ends without having said so; so do all functions here, since a test can do nothing about it.
    pub async fn says(&mut self, words: &str) -> String {
        let line = async {
            while let Some(line) = self.line().await {
                if line.contains(words) {
                    return Some(line);
                }
            }
            None
        };
        let line = timeout(TIMEOUT, line).await.unwrap_or(None);
        line.unwrap_or_else(|| panic!("\"{words}\" was never said:\n{}", self.log))
    }

    /// Everything it logged up to the last line waited for.
    pub fn log(&self) -> &str {
        &self.log
    }

    /// Sends SIGTERM, and waits for its end.
    pub async fn terminate(mut self) -> Said {
        let id = self.child.id().expect("a program that still runs").to_string();
        // The shell's own `kill`: the program of that name is not installed everywhere.
        let kill = Command::new("/bin/sh").args(["-c", "kill -TERM \"$1\"", "kill", &id]).status().await;
        assert!(kill.expect("a shell").success());
        let end = async {
            while self.line().await.is_some() {}
            self.child.wait().await.expect("an exit status")
        };
        let status = timeout(TIMEOUT, end).await.expect("a program that ends when it is told to");
        let code = status.code().unwrap_or_else(|| panic!("it did not end by itself: {status}\n{}", self.log));
        Said { code, stdout: String::new(), stderr: self.log }
    }

    async fn line(&mut self) -> Option<String> {
        let line = self.lines.next_line().await.expect("a log in UTF-8")?;
        self.log.push_str(&line);
        self.log.push('\n');
        Some(line)
    }
}
