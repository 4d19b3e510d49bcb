//! A client that does as little as HTTP allows: one request, written as it stands, over and over on open connections.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An open connection.
pub(crate) struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects to `port`, to ask `query` again and again.
    pub(crate) async fn open(port: u16, query: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let body = serde_json::json!({ "query": query }).to_string();
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        Ok(Self { stream, request: request.into_bytes(), buffer: vec![0; 1 << 20] })
    }

    /// Asks once; the body of the answer, which must be a 200.
    pub(crate) async fn ask(&mut self) -> anyhow::Result<&[u8]> {
        self.stream.write_all(&self.request).await?;
        let mut length = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[length..]).await?;
            ensure!(read > 0, "the server hung up");
            length += read;
            let Some(end) = self.buffer[..length].windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.buffer[..end])?;
            ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
            let of_body: usize = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
                .context("an answer without a length")?
                .parse()?;
            let whole = end + 4 + of_body;
            ensure!(whole <= self.buffer.len(), "an answer of {of_body} bytes");
            while length < whole {
                let read = self.stream.read(&mut self.buffer[length..whole]).await?;
                ensure!(read > 0, "the server hung up");
                length += read;
            }
            return Ok(&self.buffer[end + 4..whole]);
        }
    }
}

/// Answers per second that `connections` connections get in so many seconds.
pub(crate) async fn rate(port: u16, query: &str, connections: usize, seconds: f64) -> anyhow::Result<f64> {
    let (begun, wanted) = (Instant::now(), Duration::from_secs_f64(seconds));
    let ask = async |_| -> anyhow::Result<u64> {
        let mut connection = Connection::open(port, query).await?;
        let mut answers = 0;
        while begun.elapsed() < wanted {
            connection.ask().await?;
            answers += 1;
        }
        Ok(answers)
    };
    let answers: u64 = try_join_all((0..connections).map(ask)).await?.into_iter().sum();
    Ok(answers as f64 / begun.elapsed().as_secs_f64())
}
