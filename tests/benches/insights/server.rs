//! A Postgres cluster that outlives the run: its folder is kept, so that databases are generated once.
//!
//! The server itself stops with the run, however that ends.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;

use anyhow::Context;
use tests::guardian::Guardian;
use tests::ports::ReservedPort;
use tests::postgres::installed;

/// Room for the machine this is meant for (2 cores, 24 GiB). JIT is off for both sides: its compile time only blurs the
/// comparison.
pub(crate) const SETTINGS: [(&str, &str); 7] = [
    ("shared_buffers", "1GB"),
    ("effective_cache_size", "8GB"),
    ("work_mem", "64MB"),
    ("maintenance_work_mem", "512MB"),
    ("random_page_cost", "1.1"),
    ("max_parallel_workers_per_gather", "2"),
    ("jit", "off"),
];

/// Generating without durability; it changes nothing for those who read.
const DURABILITY: &str = "
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
";

const SCRIPT: &str = r#"
{
    { [ -f data/PG_VERSION ] ||
        "$1/initdb" -D data -U postgres -A trust --encoding=UTF8 --locale=C.UTF-8 --no-instructions; } &&
    "$1/pg_ctl" start -s -w -t 300 -D data -l server.log -o "-c config_file=$PWD/settings.conf"
} >setup.log 2>&1 </dev/null || { tail -n 20 setup.log server.log 2>/dev/null; exit 1; }
echo ready
exec >/dev/null
read -r _
"$1/pg_ctl" stop -s -w -t 300 -m fast -D data </dev/null
"#;

/// The running server.
pub(crate) struct Server {
    _guardian: Guardian,
    port: ReservedPort,
}

impl Server {
    /// Starts the cluster in `folder`, which is made if it is not there.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let folder = folder.canonicalize()?;
        let binaries = installed::binaries()?;
        let port = ReservedPort::reserve()?;
        let mut settings = format!("port = {}\n", port.number());
        settings.push_str("listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\n");
        settings.push_str(DURABILITY);
        for (name, value) in SETTINGS {
            settings.push_str(&format!("{name} = '{value}'\n"));
        }
        fs::write(folder.join("settings.conf"), settings)?;
        // The folder around is ours; the cluster's own may already be the other user's.
        let user = installed::unprivileged_user(folder.parent().unwrap_or(&folder))?;
        if let Some((uid, gid)) = user {
            chown(&folder, Some(uid), Some(gid))?;
        }
        let guardian = Guardian::start(SCRIPT, |command| {
            command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
            command.arg("postgres-guardian").arg(&binaries).current_dir(&folder);
            if let Some((uid, gid)) = user {
                command.uid(uid).gid(gid);
            }
        })
        .with_context(|| format!("PostgreSQL does not start in {}; does another run use it?", folder.display()))?;
        Ok(Self { _guardian: guardian, port })
    }

    /// The URL of that database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@{}/{database}", self.port.address())
    }
}
