//! A client of the API's websocket: the protocol graphql-transport-ws, as `graphql-ws` and Apollo speak it.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::Api;

/// How long a message that must come may take.
const PATIENCE: Duration = Duration::from_secs(30);

const PROTOCOL: &str = "graphql-transport-ws";

/// An open connection. Operations go by ids of the test's choosing.
#[derive(Debug)]
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects, and waits until the server has accepted the connection.
    ///
    /// # Panics
    /// When the server refuses; so do all functions here, since a test can do nothing about it.
    pub async fn open(api: &Api) -> Self {
        let url = api.url("/graphql/ws").replacen("http", "ws", 1);
        let mut request = url.into_client_request().expect("an address");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(PROTOCOL));
        let (stream, response) = connect_async(request).await.expect("the server speaks websocket");
        assert_eq!(
            response.headers().get("sec-websocket-protocol").map(HeaderValue::as_bytes),
            Some(PROTOCOL.as_bytes())
        );
        let mut socket = Self(stream);
        socket.send(json!({ "type": "connection_init" })).await;
        let accepted = socket.message().await;
        assert_eq!(accepted["type"], "connection_ack", "{accepted}");
        socket
    }

    /// Begins the operation `id`.
    pub async fn begin(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// Ends the operation `id`.
    pub async fn end(&mut self, id: &str) {
        self.send(json!({ "type": "complete", "id": id })).await;
    }

    /// The next message, as the server sent it.
    pub async fn message(&mut self) -> Value {
        let message = self.message_within(PATIENCE).await;
        message.unwrap_or_else(|| panic!("nothing came within {PATIENCE:?}"))
    }

    /// The same, if it comes within that time.
    pub async fn message_within(&mut self, patience: Duration) -> Option<Value> {
        let message = async {
            loop {
                match self.0.next().await.expect("the server hung up").expect("whole frames") {
                    Message::Text(text) => return serde_json::from_str(&text).expect("messages are JSON"),
                    Message::Ping(_) | Message::Pong(_) => {} // answered by the library
                    other => panic!("not a message: {other:?}"),
                }
            }
        };
        tokio::time::timeout(patience, message).await.ok()
    }

    async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("the server listens");
    }
}
