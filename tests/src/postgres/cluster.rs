//! A cluster of our own: made by `initdb` in a temporary folder, started, and removed with this process.
//!
//! It is set up for speed and forgets everything in a power cut. It does not share anything with a cluster that the
//! machine may be running: not the port, not the folder, not the user's settings.

use std::{fs, os::unix::fs::chown, os::unix::process::CommandExt};

use anyhow::Context;
use url::Url;

use super::installed;
use crate::{guardian::Guardian, ports::ReservedPort};

/// Settings that trade all durability for speed, and room for many tests at once.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
shared_buffers = 64MB
autovacuum = off
jit = off
";

/// `$1` is the folder with the binaries; the current folder is the cluster's own and goes at the end.
///
/// The locale is one that every Debian has, and sorts by code point, as SQLite does.
const SCRIPT: &str = r#"
remove() { cd / && rm -rf "$folder"; }
folder=$PWD
{
    "$1/initdb" -D data -U postgres -A trust --encoding=UTF8 --locale=C.UTF-8 --no-sync --no-instructions &&
    echo "include '../settings.conf'" >>data/postgresql.conf &&
    "$1/pg_ctl" start -s -w -t 120 -D data -l server.log
} >setup.log 2>&1 </dev/null || { tail -n 20 setup.log server.log 2>/dev/null; remove; exit 1; }
echo ready
exec >/dev/null
read -r _
"$1/pg_ctl" stop -s -w -m immediate -D data </dev/null
remove
"#;

/// A running cluster; dropping it stops the server and removes its folder.
#[derive(Debug)]
pub(super) struct Cluster {
    _guardian: Guardian,
    port: ReservedPort,
}

impl Cluster {
    /// Takes about a second, and blocks.
    pub(super) fn start() -> anyhow::Result<Cluster> {
        let binaries = installed::binaries()?;
        let port = ReservedPort::reserve()?;
        let folder = tempfile::Builder::new().prefix("refrain-postgres-").tempdir()?;
        fs::write(folder.path().join("settings.conf"), format!("port = {}{SETTINGS}", port.number()))?;
        let user = installed::unprivileged_user(folder.path())?;
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid))?;
        }
        let guardian = Guardian::start(SCRIPT, |command| {
            // No environment but these: PGPORT, PGDATA and their like must not reach this server.
            command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
            command.arg("postgres-guardian").arg(&binaries).current_dir(&folder);
            if let Some((uid, gid)) = user {
                command.uid(uid).gid(gid);
            }
        })
        .with_context(|| format!("PostgreSQL from {} does not start", binaries.display()))?;
        // From here on the script removes the folder, after the server has left it.
        _ = folder.keep();
        Ok(Cluster { _guardian: guardian, port })
    }

    /// `postgres://postgres@127.0.0.1:port/postgres`, a superuser without a password.
    pub(super) fn url(&self) -> Url {
        let url = format!("postgres://postgres@{}/postgres", self.port.address());
        Url::parse(&url).expect("an address and two words make a URL")
    }
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    #[test]
    fn a_stopped_cluster_leaves_no_folder_behind() {
        let cluster = Cluster::start().unwrap();
        let port = cluster.port.number();
        let folders = || {
            let entries = fs::read_dir(env::temp_dir()).unwrap().map(|entry| entry.unwrap().path());
            let settings = entries.filter_map(|folder| fs::read_to_string(folder.join("settings.conf")).ok());
            settings.filter(|settings| settings.starts_with(&format!("port = {port}\n"))).count()
        };
        assert_eq!(folders(), 1);
        drop(cluster);
        assert_eq!(folders(), 0);
    }
}
