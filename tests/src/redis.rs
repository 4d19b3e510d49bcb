//! A Redis of a test's own: on a free port, in a folder of its own, gone with the test. Never the machine's.

use std::process::Stdio;
use std::time::Duration;

use redis::{Client, Cmd, FromRedisValue};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::ports::ReservedPort;

/// A running Redis, or one that was killed.
pub struct Redis {
    port: ReservedPort,
    folder: TempDir,
    server: Child,
}

const START_TIME_MAX: Duration = Duration::from_secs(20);

impl Redis {
    /// Starts one.
    ///
    /// # Panics
    /// When there is no `redis-server` on this machine, which `tests/run` installs; so do all functions here.
    pub async fn start() -> Self {
        let port = ReservedPort::reserve().expect("a free loopback port");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let server = serve(&port, &folder);
        let redis = Self { port, folder, server };
        redis.ready().await;
        redis
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://{}", self.port.address())
    }

    /// Ends it, with all that it holds.
    pub async fn kill(&mut self) {
        self.server.kill().await.expect("it was running");
    }

    /// Starts it again, empty.
    pub async fn restart(&mut self) {
        self.server = serve(&self.port, &self.folder);
        self.ready().await;
    }

    /// Stops it in its tracks: it holds its connections and answers nobody.
    pub async fn pause(&self) {
        self.signal("-STOP").await;
    }

    /// Lets it go on.
    pub async fn resume(&self) {
        self.signal("-CONT").await;
    }

    /// What it says to a command.
    pub async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> T {
        let client = Client::open(self.url()).expect("its address is an address");
        let mut connection = client.get_multiplexed_async_connection().await.expect("it takes connections");
        command.query_async(&mut connection).await.expect("it does what a test asks")
    }

    async fn signal(&self, signal: &str) {
        let id = self.server.id().expect("it is running").to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.expect("there is `kill`").success());
    }

    async fn ready(&self) {
        let until = Instant::now() + START_TIME_MAX;
        let client = Client::open(self.url()).expect("its address is an address");
        while client.get_multiplexed_async_connection().await.is_err() {
            assert!(Instant::now() < until, "redis-server does not take connections");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

fn serve(port: &ReservedPort, folder: &TempDir) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.number().to_string(), "--save", "", "--appendonly", "no"])
        .arg("--dir")
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("`redis-server` is not installed: tests/run installs it, or `apt-get install redis-server`")
}
