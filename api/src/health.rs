//! `health`: asks the running server whether it is ready, for a container's health check, which has no other client.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};

const TIMEOUT: Duration = Duration::from_secs(3);

/// Succeeds if the server at `address` says that it is ready.
pub fn ask(address: SocketAddr) -> anyhow::Result<()> {
    let mut stream =
        TcpStream::connect_timeout(&address, TIMEOUT).with_context(|| format!("nobody listens on {address}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer).context("the server does not answer")?;
    let status = answer.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        let said = answer.split("\r\n\r\n").nth(1).map(str::trim).filter(|body| !body.is_empty());
        bail!("the server is not ready: {}", said.unwrap_or(status));
    }
    Ok(())
}

const ANSWER_BYTES_MAX: u64 = 16 * 1024;
