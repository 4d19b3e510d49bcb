//! A program at work: what it has said and logged so far, and how it is told to stop.

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::{Said, TIMEOUT};

/// A program that goes on until it is told to stop. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Lines<BufReader<Receiver>>,
    log: String,
}

impl Running {
    pub(super) fn start(mut command: Command) -> Self {
        let (said, says) = std::io::pipe().expect("a pipe");
        command.stdout(says.try_clone().expect("a second end")).stderr(says);
        let child = command.spawn().expect("a program that starts");
        // The pipe ends when its program does, so nobody else may hold its other end.
        drop(command);
        let said = Receiver::from_owned_fd(said.into()).expect("a pipe");
        Self { child, lines: BufReader::new(said).lines(), log: String::new() }
    }

    /// Waits for a line of what it says or logs that contains `words`, and gives that line.
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

    /// Everything it said and logged up to the last line waited for.
    pub fn log(&self) -> &str {
        &self.log
    }

    /// Sends SIGTERM, and waits for its end.
    pub async fn terminate(self) -> Said {
        let id = self.child.id().expect("a program that still runs").to_string();
        // The shell's own `kill`: the program of that name is not installed everywhere.
        let kill = Command::new("/bin/sh").args(["-c", "kill -TERM \"$1\"", "kill", &id]).status().await;
        assert!(kill.expect("a shell").success());
        self.end().await
    }

    /// Kills it, as `kill -9` does.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("a program that still runs");
    }

    /// Waits for its end.
    pub async fn end(mut self) -> Said {
        let end = async {
            while self.line().await.is_some() {}
            self.child.wait().await.expect("an exit status")
        };
        let status = timeout(TIMEOUT, end).await.expect("a program that ends");
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
