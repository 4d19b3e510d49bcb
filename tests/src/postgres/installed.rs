//! PostgreSQL as this machine has it: where its programs are, and whom they may run as.
//!
//! It starts nothing.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::guardian::find_program;

const INSTRUCTION: &str = "The tests need PostgreSQL's server binaries: apt-get install postgresql (tests/run does \
     that), or set TEST_DATABASE_URL to a server whose user may create databases.";

/// The folder with `initdb`, `pg_ctl` and `postgres`: the one on `PATH`, else Debian's newest, which is not on `PATH`.
pub fn binaries() -> anyhow::Result<PathBuf> {
    let on_path = find_program(&["initdb"]).and_then(|initdb| initdb.canonicalize().ok());
    let on_path = on_path.and_then(|initdb| initdb.parent().map(Path::to_owned));
    let found = on_path.into_iter().chain(debian_binaries()).find(|folder| {
        let has = |name: &&str| folder.join(name).is_file();
        ["initdb", "pg_ctl", "postgres"].iter().all(has)
    });
    found.context(INSTRUCTION)
}

fn debian_binaries() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let mut versions: Vec<u32> = versions.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.iter().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin"))).collect()
}

/// Whom to run as: Postgres refuses to run as root, so root runs it as somebody else. `None` for everyone else.
pub fn unprivileged_user(own: &Path) -> anyhow::Result<Option<(u32, u32)>> {
    // Who we are is who owns the folder we have just made.
    if fs::metadata(own)?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").context("cannot look up a user to run PostgreSQL as")?;
    let user = ["postgres", "nobody"].iter().find_map(|name| find_user(&users, name));
    let user = user.context("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`")?;
    Ok(Some(user))
}

/// User and group number of `name` in the text of `/etc/passwd`.
fn find_user(users: &str, name: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| match *line.split(':').collect::<Vec<_>>() {
        [found, _, uid, gid, ..] if found == name => Some((uid.parse().ok()?, gid.parse().ok()?)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_their_whole_name() {
        let users = "root:x:0:0:root:/root:/bin/bash\nnobody2:x:7:8::/:\nnobody:x:65534:65533:nobody:/:/sbin/nologin\n";
        assert_eq!(find_user(users, "nobody"), Some((65534, 65533)));
        assert_eq!(find_user(users, "postgres"), None);
    }
}
