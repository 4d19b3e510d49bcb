//! A wire that can be cut: a loopback port that passes everything on to another one, until it is told not to.
//!
//! So a test can take a server away from one client without stopping it for all others.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};

use crate::ports::ReservedPort;

/// The wire. Dropping it cuts it.
#[derive(Debug)]
pub struct Relay {
    port: ReservedPort,
    to: SocketAddr,
    task: Option<JoinHandle<()>>,
}

impl Relay {
    /// A wire to `to`, in place.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn to(to: SocketAddr) -> Self {
        let mut relay = Self { port: ReservedPort::reserve().expect("a free port"), to, task: None };
        relay.mend();
        relay
    }

    /// Its near end.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Ends all connections and refuses new ones. When this returns, it is done.
    pub async fn cut(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // It was aborted, which is what it answers.
            _ = task.await;
        }
    }

    /// Lets connections through again.
    pub fn mend(&mut self) {
        let listener = self.port.listen().expect("its own port");
        let to = self.to;
        self.task = Some(tokio::spawn(async move {
            // Goes with this task, and takes all connections along.
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                connections.spawn(async move {
                    let Ok(mut far) = TcpStream::connect(to).await else { return };
                    // Either end may hang up at any time.
                    _ = copy_bidirectional(&mut near, &mut far).await;
                });
            }
        }));
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
