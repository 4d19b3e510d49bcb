//! Node and the packages of `tests/audit`: the reference implementation of GraphQL, and the audit of GraphQL over HTTP.

use std::path::Path;

use tokio::process::Command;

use crate::guardian::find_program;

/// `node SCRIPT`, for a script of `tests/audit`.
///
/// # Panics
/// When Node or the packages are not installed; the panic says how to.
pub fn node(script: &str) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("audit");
    let node = find_program(&["node", "nodejs"]);
    let node = node.expect("The tests need Node.js: apt-get install nodejs npm (tests/run does that).");
    assert!(
        folder.join("node_modules/graphql-http").exists(),
        "The tests need the packages of tests/audit: cd {} && npm ci (tests/run does that).",
        folder.display()
    );
    let mut command = Command::new(node);
    command.arg(script).current_dir(folder).kill_on_drop(true);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    command
}
