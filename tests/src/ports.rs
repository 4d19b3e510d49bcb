//! Loopback ports that stay ours: for servers that must be told their port before they start, and for servers that go
//! down and come up again on the same one.
//!
//! It does not start or watch anything, and it knows no address but 127.0.0.1.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::net::{TcpListener, TcpSocket};

/// A free port on 127.0.0.1, held for as long as this value lives.
///
/// It is held by a socket that is bound and never listens. Connections to it are refused, nobody else is given the
/// port, and a server that sets `SO_REUSEADDR` (Postgres, chromedriver, Tokio's listeners) can still listen on it. So
/// between "this port is free" and "the server has it" there is no moment in which another test can take it.
#[derive(Debug)]
pub struct ReservedPort {
    address: SocketAddr,
    _held: TcpSocket,
}

impl ReservedPort {
    /// Takes a free port; fails only when the machine has none left.
    pub fn reserve() -> io::Result<ReservedPort> {
        let held = bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(ReservedPort { address: held.local_addr()?, _held: held })
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port alone.
    pub fn number(&self) -> u16 {
        self.address.port()
    }

    /// Listens on the port, from inside a Tokio runtime; as often as one likes, but one listener at a time.
    pub fn listen(&self) -> io::Result<TcpListener> {
        bind(self.address)?.listen(1024)
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn a_reserved_port_refuses_until_it_listens_and_again_afterwards() {
        let port = ReservedPort::reserve().unwrap();
        for _ in 0..3 {
            // A program that another test starts at this moment has the listener, too, until it becomes that program.
            let refused = async {
                loop {
                    match TcpStream::connect(port.address()).await {
                        Err(error) => break error,
                        Ok(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                    }
                }
            };
            let refused =
                tokio::time::timeout(Duration::from_secs(30), refused).await.expect("nobody listens for long");
            assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
            let listener = port.listen().unwrap();
            TcpStream::connect(port.address()).await.unwrap();
            drop(listener);
        }
    }

    #[tokio::test]
    async fn a_reserved_port_is_free_only_for_those_who_name_it() {
        let port = ReservedPort::reserve().unwrap();
        let stranger = TcpSocket::new_v4().unwrap();
        stranger.set_reuseaddr(false).unwrap();
        assert_eq!(stranger.bind(port.address()).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        // A server that is told the port and sets SO_REUSEADDR, as the standard library does, takes it over.
        std::net::TcpListener::bind(port.address()).unwrap();
    }
}
