//! What all parts of the provider share: the clients, the app, what is used where nobody says.

use std::path::PathBuf;
use std::time::Duration;

use machine_core::{Clock, Error, OwnerSource, Result, Secret};
use machine_http::{Client, Rate, Timing};
use tokio::sync::OnceCell;
use tokio_util::task::TaskTracker;

use crate::convert::Defaults;
use crate::dialect::FlyDialect;
use crate::marks::Marks;

/// The rate of everything but looking at one machine, for each action and machine or app.
pub(crate) const ACTION: &str = "action";
/// The rate of looking at one machine.
pub(crate) const LOOK: &str = "look";

/// How long a long poll may take by itself: the cloud answers after a minute at the latest.
pub(crate) const LONG_POLL: Duration = Duration::from_secs(72);

/// What the provider is opened with.
pub(crate) struct Settings {
    pub(crate) token: Secret,
    pub(crate) api_url: String,
    pub(crate) logs_url: String,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) rate_limit: bool,
    pub(crate) org: String,
    pub(crate) app: Option<String>,
    pub(crate) owner: OwnerSource,
    pub(crate) defaults: Defaults,
    pub(crate) state_dir: PathBuf,
    pub(crate) clock: Clock,
}

/// What all parts of the provider share.
#[derive(Debug)]
pub(crate) struct Fly {
    /// The Machines API.
    pub(crate) api: Client,
    /// The same for long polls: an answer that says that nothing happened yet is not asked for again by the client, which knows
    /// no deadline of ours.
    pub(crate) polls: Client,
    /// The API that has the logs.
    pub(crate) logs: Client,
    /// The organization.
    pub(crate) org: String,
    /// The app that the configuration names.
    pub(crate) configured_app: Option<String>,
    /// Who names the app where the configuration does not.
    pub(crate) owner: OwnerSource,
    /// The app's name, once it had to be known.
    pub(crate) app: OnceCell<String>,
    /// Set once the app was seen.
    pub(crate) app_seen: OnceCell<()>,
    /// What is used where nobody says.
    pub(crate) defaults: Defaults,
    /// What is written of volumes.
    pub(crate) marks: Marks,
    /// Work that goes on when its caller stops waiting: taking and giving back leases, each bounded.
    pub(crate) tasks: TaskTracker,
}

impl Fly {
    /// Makes the clients, and no request.
    ///
    /// # Errors
    /// [`Config`](machine_core::ErrorKind::Config) for a URL that is none.
    pub(crate) fn new(settings: Settings) -> Result<Self> {
        let Settings { token, api_url, logs_url, ca_file, rate_limit, org, app, owner, defaults, state_dir, clock } =
            settings;
        let client = |url: &str, setting: &'static str, timing: Timing| {
            let mut builder = Client::builder(url, FlyDialect)
                .token(token.clone())
                .ca_file(ca_file.clone())
                .timing(timing)
                .clock(clock.clone());
            if rate_limit {
                let second = Duration::from_secs(1);
                builder = builder.rate(ACTION, Rate::new(1, second, 3)).rate(LOOK, Rate::new(5, second, 10));
            }
            builder.build().map_err(|error| {
                // The client cannot know which of several settings its address came from.
                let hint = error.hint().unwrap_or_default().to_owned();
                Error::new(error.kind(), error.to_string()).with_context("setting", setting).with_hint(hint)
            })
        };
        let usual = Timing::default();
        Ok(Self {
            api: client(&api_url, "api-url", usual)?,
            polls: client(&api_url, "api-url", Timing { attempts: 1, ..usual })?,
            logs: client(&logs_url, "logs-url", usual)?,
            org,
            configured_app: app,
            owner,
            app: OnceCell::new(),
            app_seen: OnceCell::new(),
            defaults,
            marks: Marks::new(state_dir),
            tasks: TaskTracker::new(),
        })
    }
}
