//! A provider before a simulated cloud that has everything which the provider can use and nobody makes through it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use hyper_util::rt::TokioIo;
use machine_core::{
    Clock, CloudProvider, Environment, OpenContext, OwnerId, OwnerSource, ProviderKind as _, Secret, TypedOptions,
};
use machine_digitalocean::{DigitalOceanOptions, DigitalOceanProvider, Pace};
use machine_fly::{FlyKind, FlyOptions, FlySection};
use machine_simcloud::{Cloud, Quirks, Running, SimCloud};
use machine_vultr::{Pauses, VultrConfig, VultrProvider};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The account that is played with.
pub(crate) const TOKEN: &str = "everything";
/// A domain of the account.
pub(crate) const DOMAIN: &str = "everything.example";
/// A project of the account, where the cloud has projects.
pub(crate) const PROJECT: &str = "everything";

/// How often is looked: the clouds' clock runs much faster than ours.
const QUICK: Duration = Duration::from_millis(50);

/// A simulated cloud.
pub(crate) struct Rig {
    pub(crate) cloud: Cloud,
    pub(crate) running: Running,
    state: TempDir,
}

impl Rig {
    pub(crate) async fn new(cloud: Cloud) -> Self {
        let builder = SimCloud::builder().machines(false).cloud(cloud, 0).speed(120.0).quirks(Quirks::default());
        let running = builder.rate_limits(false).record(true).start().await.unwrap();
        let rig = Self { cloud, running, state: tempfile::tempdir().unwrap() };
        match cloud {
            Cloud::DigitalOcean => {
                rig.post("/v2/domains", &json!({"name": DOMAIN})).await;
                rig.post("/v2/projects", &json!({"name": PROJECT, "purpose": "Testing", "environment": "Development"}))
                    .await;
            }
            Cloud::Vultr => rig.post("/v2/domains", &json!({"domain": DOMAIN})).await,
            _ => {}
        }
        rig
    }

    /// The URL of the cloud, without a path.
    pub(crate) fn url(&self) -> String {
        self.running.url(self.cloud).unwrap()
    }

    /// The provider, with its cloud at `url`.
    pub(crate) fn open(&self, url: &str) -> Arc<dyn CloudProvider> {
        match self.cloud {
            Cloud::Fly => {
                let section: FlySection = serde_json::from_value(json!({
                    "access-token": TOKEN, "api-url": format!("{url}/v1"), "logs-url": url, "rate-limit": false,
                    "region": "iad",
                }))
                .unwrap();
                let context = OpenContext {
                    state_dir: self.state.path().to_owned(),
                    program: "/nowhere".into(),
                    environment: Environment::default(),
                    clock: Clock::system(),
                    owner: OwnerSource::known(OwnerId::new("everything")),
                };
                FlyKind::open(section, &context).unwrap().provider
            }
            Cloud::DigitalOcean => {
                let pace = Pace { look: QUICK, ..Pace::default() };
                let builder =
                    DigitalOceanProvider::builder(Secret::new(TOKEN)).api_url(url).rate_limit(false).pace(pace);
                Arc::new(builder.project(Some(PROJECT.to_owned())).open().unwrap())
            }
            _ => {
                let pauses = Pauses { look: QUICK, locked: QUICK, ..Pauses::default() };
                let config = VultrConfig { api_url: format!("{url}/v2"), rate_limit: false, pauses, ..key() };
                Arc::new(VultrProvider::open(config).unwrap())
            }
        }
    }

    /// What can be asked of this cloud only.
    pub(crate) async fn options(&self) -> TypedOptions {
        let mut options = TypedOptions::default();
        let set = match self.cloud {
            Cloud::DigitalOcean => {
                let all =
                    DigitalOceanOptions { vpc: Some(self.vpc().await), ipv6: true, monitoring: true, backups: true };
                options.set(&all)
            }
            Cloud::Fly => options.set(&FlyOptions {
                services: vec![json!({
                    "protocol": "tcp", "internal_port": 8080, "ports": [{"port": 443, "handlers": ["tls", "http"]}],
                })],
                checks: [("alive".to_owned(), json!({"type": "tcp", "port": 8080, "interval": "15s"}))].into(),
            }),
            _ => Ok(()),
        };
        set.unwrap();
        options
    }

    /// The account's own network.
    async fn vpc(&self) -> String {
        let request = Request::get("/v2/vpcs").header("authorization", format!("Bearer {TOKEN}"));
        let (_, body) = send(&self.url(), request.body(Body::empty()).unwrap()).await.unwrap();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        answer["vpcs"][0]["id"].as_str().expect("an account has a network").to_owned()
    }

    async fn post(&self, path: &str, body: &Value) {
        let request = Request::post(path).header("authorization", format!("Bearer {TOKEN}"));
        let request = request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap();
        let (status, text) = send(&self.url(), request).await.map(|(head, body)| (head.status, body)).unwrap();
        assert!(status.is_success(), "POST {path}: {status} {text:?}");
    }
}

fn key() -> VultrConfig {
    VultrConfig::new(Secret::new(TOKEN))
}

/// One request to `url` over a connection of its own.
pub(crate) async fn send(
    url: &str,
    request: Request<Body>,
) -> Result<(axum::http::response::Parts, bytes::Bytes), String> {
    let host = url.trim_start_matches("http://").to_owned();
    let stream = tokio::net::TcpStream::connect(&host).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(connection);
    let (mut head, body) = request.into_parts();
    head.headers.insert("host", host.parse().map_err(|_| "no host".to_owned())?);
    let response = sender.send_request(Request::from_parts(head, body)).await.map_err(|error| error.to_string())?;
    let (head, body) = response.into_parts();
    let bytes = axum::body::to_bytes(Body::new(body), usize::MAX).await.map_err(|error| error.to_string())?;
    Ok((head, bytes))
}
