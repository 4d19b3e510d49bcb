//! The archive as an S3 bucket: one conditional put per object (`If-None-Match: *`), with the hash of the bytes beside it.
//!
//! Path style when an endpoint is set (what self-hosted servers expect), an explicit region, time-outs, and checksums only
//! where the protocol demands them (older servers refuse the others). TLS is rustls on ring, as everywhere here.

use std::path::Path;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::io::AsyncWriteExt;

use super::inbox::TRANSFER_TIMEOUT;
use super::{ArchiveKey, Error, Prefix, Source, UploadKey};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(30);
const ATTEMPTS_MAX: u32 = 3;
const DELETES_AT_A_TIME: usize = 16;

/// How to reach a bucket; the names are those of AWS's own tools.
#[derive(Clone, clap::Args)]
pub struct S3Settings {
    /// Address of an S3 server other than AWS's, such as http://127.0.0.1:9000
    #[arg(long, env = "S3_ENDPOINT", value_name = "URL", global = true)]
    pub s3_endpoint: Option<String>,
    /// Region of the bucket
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1", value_name = "REGION", global = true)]
    pub aws_region: String,
    /// Who may write to it
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true, value_name = "ID", global = true)]
    pub aws_access_key_id: Option<String>,
    /// The key's secret
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true, value_name = "SECRET", global = true)]
    pub aws_secret_access_key: Option<String>,
    /// Goes with temporary keys
    #[arg(long, env = "AWS_SESSION_TOKEN", hide_env_values = true, value_name = "TOKEN", global = true)]
    pub aws_session_token: Option<String>,
}

/// A bucket, or the part of it below a prefix.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    bucket: String,
    prefix: String,
}

impl Bucket {
    /// The bucket as the settings reach it. No request is made.
    pub(super) fn new(bucket: &str, prefix: &str, settings: &S3Settings) -> Result<Self, Error> {
        let (Some(id), Some(secret)) = (&settings.aws_access_key_id, &settings.aws_secret_access_key) else {
            return Err(Error::Settings(
                "ARCHIVE_URL names a bucket, but AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set",
            ));
        };
        let credentials = Credentials::new(id, secret, settings.aws_session_token.clone(), None, "settings");
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let mut config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .region(Region::new(settings.aws_region.clone()))
            .credentials_provider(credentials)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(OPERATION_TIMEOUT).build(),
            );
        if let Some(endpoint) = &settings.s3_endpoint {
            config = config.endpoint_url(endpoint).force_path_style(true);
        }
        let client = Client::from_conf(config.build());
        Ok(Self { client, bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }

    pub(super) async fn put(&self, key: &ArchiveKey, bytes: Vec<u8>) -> Result<(), Source> {
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(self.path(&key.to_string()))
            .if_none_match("*")
            .content_type("application/zstd")
            .metadata("sha256", key.sha256())
            .body(ByteStream::from(bytes));
        match put.send().await {
            Ok(_) => Ok(()),
            // Somebody wrote this key before. The key holds the hash: these are the same bytes.
            Err(error) if error.raw_response().is_some_and(|response| response.status().as_u16() == 412) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes as stored; `None` if there is no such object.
    pub(super) async fn get(&self, key: &ArchiveKey) -> Result<Option<Vec<u8>>, Source> {
        let get = self.client.get_object().bucket(&self.bucket).key(self.path(&key.to_string()));
        match get.send().await {
            Ok(object) => Ok(Some(object.body.collect().await?.to_vec())),
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Streams a file into the bucket; whole files may take longer than a page does.
    pub(super) async fn put_upload(&self, key: &UploadKey, file: &Path) -> Result<(), Source> {
        let body = ByteStream::from_path(file).await?;
        let put = self.client.put_object().bucket(&self.bucket).key(self.path(key.as_str())).body(body);
        put.customize().config_override(patient()).send().await?;
        Ok(())
    }

    /// Streams the object into a new file; whether there is such an object.
    pub(super) async fn get_upload(&self, key: &UploadKey, file: &Path) -> Result<bool, Source> {
        let get = self.client.get_object().bucket(&self.bucket).key(self.path(key.as_str()));
        let object = match get.customize().config_override(patient()).send().await {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let mut file = tokio::fs::File::create(file).await?;
        let mut body = object.body.into_async_read();
        tokio::time::timeout(TRANSFER_TIMEOUT, tokio::io::copy(&mut body, &mut file)).await??;
        file.flush().await?;
        Ok(true)
    }

    pub(super) async fn delete_upload(&self, key: &UploadKey) -> Result<(), Source> {
        self.client.delete_object().bucket(&self.bucket).key(self.path(key.as_str())).send().await?;
        Ok(())
    }

    pub(super) async fn remove(&self, key: &ArchiveKey) -> Result<(), Source> {
        self.client.delete_object().bucket(&self.bucket).key(self.path(&key.to_string())).send().await?;
        Ok(())
    }

    /// The names of the "folders" in one.
    pub(super) async fn folders(&self, folder: &str) -> Result<Vec<String>, Source> {
        let prefix = self.path(folder);
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(&prefix).delimiter("/");
        let mut pages = list.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page?;
            let folders = page.common_prefixes().iter().filter_map(|common| common.prefix());
            names.extend(folders.filter_map(|path| Some(path.strip_prefix(&prefix)?.strip_suffix('/')?.to_owned())));
        }
        Ok(names)
    }

    pub(super) fn pages(&self, prefix: &Prefix) -> Pages {
        Pages { bucket: self.clone(), prefix: self.path(prefix.as_str()), at: Some(None) }
    }

    /// One by one, several at a time: not every server that speaks S3 takes a list of keys.
    pub(super) async fn delete(&self, prefix: &Prefix) -> Result<usize, Source> {
        let mut count = 0;
        let mut pages = self.pages(prefix);
        while let Some(keys) = pages.next_page().await? {
            count += keys.len();
            for keys in keys.chunks(DELETES_AT_A_TIME) {
                let deletes = keys.iter().map(|key| async move {
                    self.client.delete_object().bucket(&self.bucket).key(self.path(key)).send().await
                });
                futures::future::try_join_all(deletes).await?;
            }
        }
        Ok(count)
    }

    fn path(&self, key: &str) -> String {
        if self.prefix.is_empty() { key.to_owned() } else { format!("{}/{key}", self.prefix) }
    }
}

fn patient() -> aws_sdk_s3::config::Builder {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(TRANSFER_TIMEOUT);
    aws_sdk_s3::Config::builder().timeout_config(timeouts.build())
}

/// A listing page by page; S3 gives keys in the order of their bytes.
pub(super) struct Pages {
    bucket: Bucket,
    prefix: String,
    /// The token of the next page; the first has none, and after the last there is no next.
    at: Option<Option<String>>,
}

impl Pages {
    /// The next keys, relative to the archive's root; `None` at the end.
    pub(super) async fn next_page(&mut self) -> Result<Option<Vec<String>>, Source> {
        let Some(token) = self.at.take() else { return Ok(None) };
        let Bucket { client, bucket, prefix } = &self.bucket;
        let list = client.list_objects_v2().bucket(bucket).prefix(&self.prefix).set_continuation_token(token.clone());
        let page = match list.send().await {
            Ok(page) => page,
            Err(error) => {
                self.at = Some(token); // So that asking again asks for the same page.
                return Err(error.into());
            }
        };
        self.at = page.next_continuation_token().map(|token| Some(token.to_owned()));
        let below = |key: &str| match prefix.as_str() {
            "" => Some(key.to_owned()),
            prefix => Some(key.strip_prefix(prefix)?.strip_prefix('/')?.to_owned()),
        };
        let keys: Vec<String> = page.contents().iter().filter_map(|object| object.key()).filter_map(below).collect();
        Ok(if keys.is_empty() && self.at.is_none() { None } else { Some(keys) })
    }
}
