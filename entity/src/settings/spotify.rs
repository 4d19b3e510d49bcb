//! The registered app at Spotify, and where it sends people back to.

use std::path::PathBuf;

use anyhow::{Context, bail};
use url::{Host, Url};

use super::secret;

/// Which app, and how to reach Spotify.
#[derive(Clone, clap::Args)]
pub struct SpotifySettings {
    /// The app's id, from Spotify's developer dashboard
    #[arg(long, env = "SPOTIFY_CLIENT_ID", value_name = "ID", global = true)]
    spotify_client_id: Option<String>,
    /// The app's secret
    #[arg(long, env = "SPOTIFY_CLIENT_SECRET", hide_env_values = true, value_name = "SECRET", global = true)]
    spotify_client_secret: Option<String>,
    /// A file that holds it instead
    #[arg(long, env = "SPOTIFY_CLIENT_SECRET_FILE", value_name = "FILE", global = true)]
    spotify_client_secret_file: Option<PathBuf>,
    /// Where Spotify sends people back to, as registered for the app
    #[arg(long, env = "SPOTIFY_REDIRECT_URI", value_name = "URL", global = true)]
    spotify_redirect_uri: Option<String>,
    /// Base address of Spotify's Web API
    #[arg(
        long,
        env = "SPOTIFY_API_URL",
        default_value = "https://api.spotify.com/v1/",
        value_name = "URL",
        global = true
    )]
    spotify_api_url: String,
    /// Base address of Spotify's sign-in
    #[arg(
        long,
        env = "SPOTIFY_AUTH_URL",
        default_value = "https://accounts.spotify.com/",
        value_name = "URL",
        global = true
    )]
    spotify_auth_url: String,
}

/// A registered app. It has no `Debug`, so that no log can show its secret.
#[derive(Clone)]
pub struct SpotifyApp {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Base address of the Web API; ends in a slash.
    pub api_url: Url,
    /// Base address of the sign-in; ends in a slash.
    pub auth_url: Url,
}

impl SpotifySettings {
    /// The registered app, or what is missing.
    pub fn app(&self) -> anyhow::Result<SpotifyApp> {
        let client_secret = secret(
            "SPOTIFY_CLIENT_SECRET",
            self.spotify_client_secret.as_deref(),
            self.spotify_client_secret_file.as_deref(),
        )?;
        let client_id = self.spotify_client_id.as_deref().filter(|id| !id.is_empty());
        let (Some(client_id), Some(client_secret)) = (client_id, client_secret) else {
            bail!(
                "SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not both set: take them from your app at https://developer.spotify.com/dashboard"
            );
        };
        Ok(SpotifyApp {
            client_id: client_id.to_owned(),
            client_secret,
            api_url: base("SPOTIFY_API_URL", &self.spotify_api_url)?,
            auth_url: base("SPOTIFY_AUTH_URL", &self.spotify_auth_url)?,
        })
    }

    /// Whether anything of an app is set.
    pub fn is_set(&self) -> bool {
        self.spotify_client_id.as_ref().is_some_and(|id| !id.is_empty())
            || self.spotify_client_secret.is_some()
            || self.spotify_client_secret_file.is_some()
    }

    /// Where Spotify sends people back to: as set, else `otherwise`. Spotify takes HTTPS, or HTTP to a loopback address by
    /// number.
    pub fn redirect_uri(&self, otherwise: &str) -> anyhow::Result<Url> {
        let text = self.spotify_redirect_uri.as_deref().filter(|text| !text.is_empty()).unwrap_or(otherwise);
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" || is_loopback(url));
        url.with_context(|| {
            "SPOTIFY_REDIRECT_URI is not an address Spotify sends people back to: expected https://…, or http://127.0.0.1:PORT/… (the name localhost is refused)"
        })
    }
}

/// Whether it is HTTP to a loopback address by number.
pub fn is_loopback(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    url.scheme() == "http" && loopback
}

/// A base address, with the slash at its end that makes paths join it instead of replacing it.
fn base(name: &str, text: &str) -> anyhow::Result<Url> {
    let text = if text.ends_with('/') { text.to_owned() } else { format!("{text}/") };
    let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.with_context(|| format!("{name} is not an address: expected https://…/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(text: &str) -> anyhow::Result<Url> {
        let settings = SpotifySettings {
            spotify_client_id: None,
            spotify_client_secret: None,
            spotify_client_secret_file: None,
            spotify_redirect_uri: Some(text.to_owned()),
            spotify_api_url: String::new(),
            spotify_auth_url: String::new(),
        };
        settings.redirect_uri("http://127.0.0.1:8888/callback")
    }

    #[test]
    fn people_are_sent_back_by_https_or_to_this_machine() {
        for good in ["https://music.example/back", "http://127.0.0.1:8888/callback", "http://[::1]:5001/x", ""] {
            assert!(redirect(good).is_ok(), "{good}");
        }
        for bad in ["http://localhost:8888/callback", "http://music.example/back", "nonsense", "ftp://127.0.0.1/"] {
            assert!(redirect(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_base_address_takes_paths() {
        assert_eq!(
            base("X", "http://127.0.0.1:1/v1").unwrap().join("me").unwrap().as_str(),
            "http://127.0.0.1:1/v1/me"
        );
        assert!(base("X", "hunter2").is_err_and(|error| !error.to_string().contains("hunter2")));
    }
}
