//! Server processes that never outlive the test process, however it ends.
//!
//! A server is started by a small shell script that then waits for the end of its standard input, whose other end only
//! this process holds. When the [`Guardian`] is dropped, or this process exits, panics or is killed outright, the pipe
//! closes, and the script stops the server and removes its directory. Nothing here needs `unsafe`, a signal handler or
//! a parent-death signal, and a test runner that counts leaked handles finds none.
//!
//! It does not restart what it guards, and a guardian that is itself killed by `SIGKILL` cannot clean up.

use std::{
    env,
    io::{self, Read},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, bail};

/// The line by which a script says that its server is up.
const READY: &str = "ready";

/// A running script and the server it guards; dropping it stops both, and waits until they have stopped.
#[derive(Debug)]
pub struct Guardian {
    shell: Child,
}

impl Guardian {
    /// Runs `sh -c script`, with `configure` to set arguments (from `$0` on), user and folder, and waits until it is up.
    ///
    /// The script's contract: start the server and close or redirect its streams; print `ready` alone on the last line
    /// and close standard output; wait for the end of standard input; clean up. If it closes standard output without
    /// `ready`, what it printed is the error.
    pub fn start(script: &str, configure: impl FnOnce(&mut Command)) -> anyhow::Result<Guardian> {
        let mut command = Command::new("/bin/sh");
        // A process that is killed early closes the pipe that `ready` goes to; that must not kill the script.
        command.arg("-c").arg(format!("trap : PIPE\n{script}"));
        configure(&mut command);
        // Its own process group, so that an interrupt from the keyboard reaches the tests only, and the script still
        // gets to clean up after them.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = command.spawn().context("cannot start /bin/sh")?;
        let mut said = String::new();
        let mut output = shell.stdout.take().expect("standard output was asked to be a pipe");
        let guardian = Guardian { shell };
        output.read_to_string(&mut said).context("cannot read what the guardian says")?;
        if said.lines().last() != Some(READY) {
            bail!("{}", said.trim_end());
        }
        Ok(guardian)
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // Whatever it answers, there is nothing left to do about it here.
        let _: io::Result<_> = self.shell.wait();
    }
}

/// The first of `names` that is an executable file in a folder of `PATH`.
pub(crate) fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

#[cfg(test)]
mod tests {
    use std::{
        path::Path,
        time::{Duration, Instant},
    };

    use super::*;

    #[test]
    fn dropping_a_guardian_lets_its_script_clean_up() {
        let folder = tempfile::tempdir().unwrap();
        let script = "touch up; echo ready; exec >&-; read -r _; rm up; touch cleaned";
        let guardian = Guardian::start(script, |command| {
            command.current_dir(&folder);
        })
        .unwrap();
        assert!(folder.path().join("up").exists());
        drop(guardian);
        assert!(!folder.path().join("up").exists());
        assert!(folder.path().join("cleaned").exists());
    }

    #[test]
    fn a_server_that_does_not_come_up_is_an_error_with_its_own_words() {
        let error = Guardian::start("echo 'no such data directory'; exit 1", |_| {}).unwrap_err();
        assert_eq!(error.to_string(), "no such data directory");
    }

    /// The test runs its own binary once more, as the process to be killed; `PLAYGROUND` tells the two apart.
    #[test]
    fn a_killed_process_takes_what_it_guards_with_it() {
        const PLAYGROUND: &str = "REFRAIN_GUARDIAN_PLAYGROUND";
        if let Some(folder) = env::var_os(PLAYGROUND) {
            let script = "touch up; echo ready; exec >&-; read -r _; touch cleaned";
            let _guardian = Guardian::start(script, |command| {
                command.current_dir(folder);
            })
            .unwrap();
            std::thread::sleep(Duration::from_secs(600));
        }
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "guardian::tests::a_killed_process_takes_what_it_guards_with_it"])
            .env(PLAYGROUND, folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        wait_for(&folder.path().join("up"));
        process.kill().unwrap();
        process.wait().unwrap();
        wait_for(&folder.path().join("cleaned"));
    }

    fn wait_for(file: &Path) {
        let given_up = Instant::now() + Duration::from_secs(20);
        while !file.exists() {
            assert!(Instant::now() < given_up, "{} never appeared", file.display());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
