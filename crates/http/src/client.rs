//! One pooled client for one account.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use machine_core::{Clock, Error, ErrorKind, Result, Secret};
use url::Url;

use crate::dialect::Dialect;
use crate::limit::{Limiter, Rate};
use crate::request::Request;
use crate::table::Class;

/// How long requests may take and how often they may be repeated.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// The longest that a connection may take.
    pub connect: Duration,
    /// The longest that one attempt may take, where a request does not say more.
    pub attempt: Duration,
    /// The longest that a request may take with all its attempts and pauses.
    pub total: Duration,
    /// The most attempts.
    pub attempts: u32,
    /// The first pause between attempts; each is about twice as long as the one before.
    pub pause: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            attempt: Duration::from_secs(30),
            total: Duration::from_secs(75),
            attempts: 5,
            pause: Duration::from_millis(250),
        }
    }
}

/// A client for one account at one cloud. Cheap to clone; makes no connection before the first request.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) base: Url,
    pub(crate) token: Option<Secret>,
    pub(crate) dialect: Box<dyn Dialect>,
    pub(crate) rates: BTreeMap<&'static str, Rate>,
    pub(crate) limiter: Limiter,
    pub(crate) timing: Timing,
    pub(crate) clock: Clock,
    ca_file: Option<PathBuf>,
    http: OnceLock<Result<reqwest::Client, String>>,
}

/// Puts a [`Client`] together.
#[derive(Debug)]
pub struct ClientBuilder {
    base_url: String,
    dialect: Box<dyn Dialect>,
    token: Option<Secret>,
    rates: BTreeMap<&'static str, Rate>,
    ca_file: Option<PathBuf>,
    timing: Timing,
    clock: Clock,
}

impl ClientBuilder {
    /// The token that is sent with every request, to this base URL's host and to no other.
    #[must_use]
    pub fn token(mut self, token: Secret) -> Self {
        self.token = Some(token);
        self
    }

    /// A rate that the cloud allows for requests of the bucket `name`.
    #[must_use]
    pub fn rate(mut self, name: &'static str, rate: Rate) -> Self {
        self.rates.insert(name, rate);
        self
    }

    /// A file of certificates (PEM) to trust besides those that the system trusts.
    #[must_use]
    pub fn ca_file(mut self, file: Option<PathBuf>) -> Self {
        self.ca_file = file;
        self
    }

    /// How long requests may take.
    #[must_use]
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// The clock that learns from answers what time it is at the cloud.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a base URL that is none.
    pub fn build(self) -> Result<Client> {
        let refused = |why: &str| {
            Error::new(ErrorKind::Config, format!("`{}` is not the address of an API: {why}", self.base_url))
                .with_context("setting", "api-url")
                .with_hint("write it like https://api.example.com/v1")
        };
        let base = Url::parse(&self.base_url).map_err(|error| refused(&error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(refused("it does not start with https:// or http:// and a host"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(refused("it has a user name or password in it"));
        }
        let Self { base_url: _, dialect, token, rates, ca_file, timing, clock } = self;
        let (limiter, http) = (Limiter::default(), OnceLock::new());
        Ok(Client { inner: Arc::new(Inner { base, token, dialect, rates, limiter, timing, clock, ca_file, http }) })
    }
}

impl Client {
    /// Begins with where the API is and how it speaks. A path in the URL and a slash at its end are fine.
    pub fn builder(base_url: impl Into<String>, dialect: impl Dialect) -> ClientBuilder {
        ClientBuilder {
            base_url: base_url.into(),
            dialect: Box::new(dialect),
            token: None,
            rates: BTreeMap::new(),
            ca_file: None,
            timing: Timing::default(),
            clock: Clock::default(),
        }
    }

    /// Where the API is.
    pub fn base_url(&self) -> &Url {
        &self.inner.base
    }

    /// A request that reads. The path is given in segments, which are escaped: an id cannot lead anywhere else.
    pub fn get<S: AsRef<str>>(&self, path: impl IntoIterator<Item = S>) -> Request {
        Request::new(self.clone(), reqwest::Method::GET, Class::Read, path)
    }

    /// A request that makes or does something: twice is twice.
    pub fn post<S: AsRef<str>>(&self, path: impl IntoIterator<Item = S>) -> Request {
        Request::new(self.clone(), reqwest::Method::POST, Class::Once, path)
    }

    /// A request that changes part of something: twice may be twice.
    pub fn patch<S: AsRef<str>>(&self, path: impl IntoIterator<Item = S>) -> Request {
        Request::new(self.clone(), reqwest::Method::PATCH, Class::Once, path)
    }

    /// A request that puts something into place: twice is as good as once.
    pub fn put<S: AsRef<str>>(&self, path: impl IntoIterator<Item = S>) -> Request {
        Request::new(self.clone(), reqwest::Method::PUT, Class::Idempotent, path)
    }

    /// A request that removes something: twice is as good as once.
    pub fn delete<S: AsRef<str>>(&self, path: impl IntoIterator<Item = S>) -> Request {
        Request::new(self.clone(), reqwest::Method::DELETE, Class::Idempotent, path)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.inner.base.as_str())
            .field("provider", &self.inner.dialect.provider())
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// The pooled client behind this one, made for the first request.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a CA file that cannot be used, [`ErrorKind::System`] for a system without TLS.
    pub(crate) fn http(&self) -> Result<&reqwest::Client> {
        self.http.get_or_init(|| self.connectable()).as_ref().map_err(|why| {
            let kind = if self.ca_file.is_some() { ErrorKind::Config } else { ErrorKind::System };
            Error::new(kind, why.clone()).with_provider(self.dialect.provider())
        })
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one client")]
    fn connectable(&self) -> Result<reqwest::Client, String> {
        // Somebody may have chosen another provider of cryptography before; that one is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("machine/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.timing.connect)
            .tcp_keepalive(Duration::from_mins(1))
            // A token goes to the host that it is for; where an answer points is never followed.
            .redirect(reqwest::redirect::Policy::none());
        if let Some(file) = &self.ca_file {
            let shown = file.display();
            let pem = std::fs::read(file).map_err(|error| format!("the CA file `{shown}` cannot be read: {error}"))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|error| format!("the CA file `{shown}` has no certificates: {error}"))?;
            if certificates.is_empty() {
                return Err(format!("the CA file `{shown}` has no certificates"));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        builder.build().map_err(|error| format!("no HTTP client can be made on this system: {error}"))
    }
}
