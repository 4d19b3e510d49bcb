//! A real S3 server in this process: `s3s` over HTTP on loopback, its objects in a temporary folder.
//!
//! It checks signatures, honours `If-None-Match: *`, lists with prefixes and pages. It can be taken down and brought up
//! again on the same port, for tests of what happens while the archive is away.
//!
//! Unlike Amazon's, it takes any region; it looks whether an object exists *before* it reads the new one, so that of
//! two conditional uploads at the same time both may win; it keeps an upload whose checksum turned out wrong, although
//! it answers with an error; and its keys are short, see [`KEY_BYTES_MAX`].

use anyhow::Context;
use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};

use crate::ports::ReservedPort;

/// The longest key that a bucket with a name of at most nine bytes can hold here (Amazon: 1024). A longer one is
/// answered with 500, because its metadata's file name, in base64, passes the file system's limit of 255 bytes.
pub const KEY_BYTES_MAX: usize = 159;

/// The region to name; any other does as well.
pub const REGION: &str = "eu-north-1";

const ACCESS_KEY: &str = "refrain-test";
const SECRET_KEY: &str = "not-a-secret-only-loopback";

/// A running server. Dropping it stops it and removes its objects.
#[derive(Debug)]
pub struct S3Server {
    port: ReservedPort,
    service: S3Service,
    /// Accepts connections and owns them; `None` while the server is down.
    accepting: Option<JoinHandle<()>>,
    folder: TempDir,
}

impl S3Server {
    /// Starts an empty server on a free port, on the current runtime.
    pub async fn start() -> anyhow::Result<S3Server> {
        let folder = tempfile::Builder::new().prefix("refrain-s3-").tempdir()?;
        let files = FileSystem::new(folder.path()).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let port = ReservedPort::reserve()?;
        let mut server = S3Server { port, service: service.build(), accepting: None, folder };
        server.bring_up()?;
        Ok(server)
    }

    /// `http://127.0.0.1:port`, the same for the server's whole life. It needs path style addressing.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// The only access key that it knows.
    pub fn access_key(&self) -> &'static str {
        ACCESS_KEY
    }

    /// The secret of [`S3Server::access_key`].
    pub fn secret_key(&self) -> &'static str {
        SECRET_KEY
    }

    /// Makes an empty bucket, also while the server is down; one that exists already is kept as it is.
    pub fn create_bucket(&self, name: &str) -> anyhow::Result<()> {
        std::fs::create_dir_all(self.folder.path().join(name)).with_context(|| format!("cannot create bucket {name}"))
    }

    /// A client with the right settings that tries everything once.
    pub fn client(&self) -> Client {
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .endpoint_url(self.endpoint())
            .region(Region::from_static(REGION))
            .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "tests"))
            .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled())
            .force_path_style(true);
        Client::from_conf(config.build())
    }

    /// Takes the server down: connections in use are cut, new ones are refused, objects stay.
    pub async fn take_down(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            // Only once the task is gone is its listener closed. It ends in no other way than by being aborted.
            _ = accepting.await;
        }
    }

    /// Brings the server up again, on the same port, with the objects that it had. Nothing happens if it is up.
    pub fn bring_up(&mut self) -> anyhow::Result<()> {
        if self.accepting.is_none() {
            let listener = self.port.listen()?;
            self.accepting = Some(tokio::spawn(accept(listener, self.service.clone())));
        }
        Ok(())
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}

/// Serves for ever. The connections belong to this task: when it is aborted, they are.
async fn accept(listener: TcpListener, service: S3Service) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that is gone before it was accepted is its client's affair.
                let Ok((socket, _)) = accepted else { continue };
                let service = service.clone();
                connections.spawn(async move {
                    let http = auto::Builder::new(TokioExecutor::new());
                    // What goes wrong on a connection, the client has seen as well.
                    drop(http.serve_connection(TokioIo::new(socket), service).await);
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::{config::RequestChecksumCalculation, error::ProvideErrorMetadata, primitives::ByteStream};

    use super::*;

    const BUCKET: &str = "archive";

    async fn started() -> (S3Server, Client) {
        let server = S3Server::start().await.unwrap();
        server.create_bucket(BUCKET).unwrap();
        let client = server.client();
        (server, client)
    }

    async fn put_new(client: &Client, key: &str, bytes: &'static [u8]) -> Result<(), aws_sdk_s3::Error> {
        let put = client.put_object().bucket(BUCKET).key(key).if_none_match("*");
        put.metadata("content-sha256", "cafe").body(ByteStream::from_static(bytes)).send().await?;
        Ok(())
    }

    async fn get(client: &Client, key: &str) -> Result<Vec<u8>, aws_sdk_s3::Error> {
        let got = client.get_object().bucket(BUCKET).key(key).send().await?;
        assert_eq!(got.metadata().unwrap()["content-sha256"], "cafe");
        Ok(got.body.collect().await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn an_object_is_written_once_and_read_as_it_was_written() {
        let (_server, client) = started().await;
        put_new(&client, "plays/a.json", b"first").await.unwrap();
        let again = client.put_object().bucket(BUCKET).key("plays/a.json").if_none_match("*");
        let again = again.body(ByteStream::from_static(b"second")).send().await.unwrap_err();
        assert_eq!(again.raw_response().unwrap().status().as_u16(), 412);
        assert_eq!(again.code(), Some("PreconditionFailed"));
        assert_eq!(get(&client, "plays/a.json").await.unwrap(), b"first");
    }

    #[tokio::test]
    async fn an_object_can_be_written_without_a_checksum() {
        let (_server, client) = started().await;
        let config =
            client.config().to_builder().request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
        let plain = Client::from_conf(config.build());
        put_new(&plain, "plays/a.json", b"first").await.unwrap();
        assert_eq!(get(&plain, "plays/a.json").await.unwrap(), b"first");
    }

    #[tokio::test]
    async fn a_listing_keeps_to_its_prefix_and_comes_in_pages() {
        let (_server, client) = started().await;
        for key in ["plays/user=1/a", "plays/user=1/b", "plays/user=1/c", "plays/user=10/a", "plays/user=2/a"] {
            put_new(&client, key, b"{}").await.unwrap();
        }
        let mut pages = client.list_objects_v2().bucket(BUCKET).prefix("plays/user=1/").max_keys(2);
        let mut keys = Vec::new();
        loop {
            let page = pages.clone().send().await.unwrap();
            keys.push(page.contents().iter().map(|object| object.key().unwrap().to_owned()).collect::<Vec<_>>());
            match page.next_continuation_token() {
                Some(token) => pages = pages.continuation_token(token),
                None => break,
            }
        }
        assert_eq!(keys, [vec!["plays/user=1/a", "plays/user=1/b"], vec!["plays/user=1/c"]]);
    }

    #[tokio::test]
    async fn a_deleted_object_is_gone_and_may_be_deleted_again() {
        let (_server, client) = started().await;
        put_new(&client, "a", b"{}").await.unwrap();
        client.delete_object().bucket(BUCKET).key("a").send().await.unwrap();
        client.delete_object().bucket(BUCKET).key("a").send().await.unwrap();
        assert!(matches!(get(&client, "a").await.unwrap_err(), aws_sdk_s3::Error::NoSuchKey(_)));
        let head = client.head_object().bucket(BUCKET).key("a").send().await.unwrap_err();
        assert!(head.into_service_error().is_not_found());
    }

    #[tokio::test]
    async fn a_wrong_secret_is_refused() {
        let (server, client) = started().await;
        let wrong = Credentials::new(server.access_key(), "guessed", None, None, "tests");
        let stranger = Client::from_conf(client.config().to_builder().credentials_provider(wrong).build());
        let refused = put_new(&stranger, "a", b"{}").await.unwrap_err();
        assert_eq!(refused.code(), Some("SignatureDoesNotMatch"));
    }

    #[tokio::test]
    async fn a_server_that_was_down_comes_back_at_the_same_place_with_its_objects() {
        let (mut server, client) = started().await;
        let endpoint = server.endpoint();
        put_new(&client, "a", b"{}").await.unwrap();
        server.take_down().await;
        let error = client.get_object().bucket(BUCKET).key("a").send().await.unwrap_err();
        assert!(matches!(error, aws_sdk_s3::error::SdkError::DispatchFailure(_)), "{error:?}");
        server.bring_up().unwrap();
        assert_eq!(server.endpoint(), endpoint);
        assert_eq!(get(&client, "a").await.unwrap(), b"{}");
    }

    #[tokio::test]
    async fn a_key_may_be_as_long_as_promised_and_no_longer() {
        let (server, client) = started().await;
        server.create_bucket("refrain99").unwrap();
        let put = |length| {
            let put = client.put_object().bucket("refrain99").key("k".repeat(length));
            put.body(ByteStream::from_static(b"{}")).send()
        };
        put(KEY_BYTES_MAX).await.unwrap();
        assert_eq!(put(KEY_BYTES_MAX + 1).await.unwrap_err().code(), Some("InternalError"));
    }
}
