//! A real browser: headless Chromium, driven through chromedriver.
//!
//! Every [`Browser`] is a process of its own with an empty profile, and none of them talks to anything but what a page
//! asks for. It does not wait for pages to settle: tests wait for a condition, with fantoccini's `wait()`.

use std::{
    fs,
    ops::Deref,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use crate::{
    guardian::{Guardian, find_program},
    ports::ReservedPort,
};

const INSTRUCTION: &str =
    "The tests need Chromium and its driver: apt-get install chromium chromium-driver (tests/run does that).";

/// `$1` is chromedriver, `$2` its port; the current folder is the browser's own and goes at the end.
///
/// A browser may outlive its driver, and write to its profile until its last process has ended. Those are the processes
/// that name the folder, which is like no other, in their command line.
const SCRIPT: &str = r#"
folder=$PWD
export TMPDIR="$folder"
"$1" --port="$2" >driver.log 2>&1 </dev/null &
driver=$!
echo ready
exec >/dev/null
read -r _
kill -KILL "$driver"
wait "$driver"
cd /
left() { printf '%s\n' "$folder" | grep -lFf - /proc/[0-9]*/cmdline; }
while
    for process in $(left); do
        process=${process#/proc/}
        kill -KILL "${process%/cmdline}"
    done
    rm -rf "$folder"
    sleep 0.05
    [ -e "$folder" ] || [ -n "$(left)" ]
do :; done
"#;

/// How long a busy machine may take to start chromedriver.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A browser with one empty window of 1280 × 900. It is the [`Client`] that drives it; dropping it ends the browser.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    _driver: Guardian,
    _port: ReservedPort,
}

impl Browser {
    /// Takes a second or two.
    pub async fn start() -> anyhow::Result<Browser> {
        let driver = find_program(&["chromedriver"]).context(INSTRUCTION)?;
        let chromium = find_program(&["chromium", "chromium-browser", "google-chrome"]).context(INSTRUCTION)?;
        let port = ReservedPort::reserve()?;
        let folder = tempfile::Builder::new().prefix("refrain-browser-").tempdir()?;
        let profile = folder.path().join("profile");
        let log = folder.path().join("driver.log");
        let guardian = Guardian::start(SCRIPT, |command| {
            command.arg("browser-guardian").arg(driver).arg(port.number().to_string());
            command.current_dir(&folder);
        })?;
        // From here on the script removes the folder.
        _ = folder.keep();
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": {
                "binary": chromium,
                "args": [
                    "--headless=new",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--disable-dev-shm-usage",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--no-first-run",
                    "--remote-debugging-pipe",
                    "--window-size=1280,900",
                    format!("--user-data-dir={}", profile.display()),
                ],
            },
        });
        let serde_json::Value::Object(capabilities) = capabilities else { unreachable!("it is written above") };
        let given_up = Instant::now() + START_TIMEOUT;
        while tokio::net::TcpStream::connect(port.address()).await.is_err() {
            if Instant::now() > given_up {
                bail!("chromedriver does not start:\n{}", fs::read_to_string(&log).unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://{}", port.address()))
            .await
            .with_context(|| format!("Chromium does not start:\n{}", fs::read_to_string(&log).unwrap_or_default()))?;
        Ok(Browser { client, _driver: guardian, _port: port })
    }
}

impl Deref for Browser {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, response::Html, routing::get};
    use fantoccini::Locator;

    use super::*;

    #[tokio::test]
    async fn a_page_runs_its_script_and_can_be_looked_at() {
        const PAGE: &str = "<!doctype html><title>Plays</title><p>none</p><button onclick=\
             \"fetch('/count').then(r => r.text()).then(n => document.querySelector('p').textContent = n)\">Ask</button>";
        let site = Router::new().route("/", get(async || Html(PAGE))).route("/count", get(async || "1234 plays"));
        let port = ReservedPort::reserve().unwrap();
        let listener = port.listen().unwrap();
        let served = tokio::spawn(axum::serve(listener, site).into_future());

        let browser = Browser::start().await.unwrap();
        browser.goto(&format!("http://{}/", port.address())).await.unwrap();
        assert_eq!(browser.title().await.unwrap(), "Plays");
        browser.find(Locator::Css("button")).await.unwrap().click().await.unwrap();
        browser.wait().for_element(Locator::XPath("//p[text() = '1234 plays']")).await.unwrap();
        assert_eq!(browser.execute("return 6 * 7", vec![]).await.unwrap(), 42);
        let picture = browser.screenshot().await.unwrap();
        assert!(picture.starts_with(b"\x89PNG"));
        served.abort();
    }

    #[tokio::test]
    async fn a_dropped_browser_is_gone_with_all_its_processes() {
        let browser = Browser::start().await.unwrap();
        let profile = browser.capabilities().unwrap()["chrome"]["userDataDir"].as_str().unwrap().to_owned();
        assert!(processes_with(&profile) > 0);
        drop(browser);
        assert_eq!(processes_with(&profile), 0);
        assert!(!fs::exists(profile).unwrap());
    }

    /// How many processes have `word` in their command line.
    fn processes_with(word: &str) -> usize {
        let processes =
            fs::read_dir("/proc").unwrap().filter_map(|entry| fs::read(entry.ok()?.path().join("cmdline")).ok());
        processes.filter(|line| String::from_utf8_lossy(line).contains(word)).count()
    }
}
