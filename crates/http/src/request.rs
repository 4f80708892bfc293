//! One request, with as many attempts as the table allows.

use std::time::Duration;

use bytes::Bytes;
use machine_core::{Effect, Error, ErrorKind, PlannedRequest, Result, Retry, failpoint};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::answer::{Answer, Failed};
use crate::client::Client;
use crate::redact::{redacted, without_secrets};
use crate::table::Class;

/// The longest pause between two attempts that the cloud did not ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// A request on its way to be sent.
#[derive(Debug)]
pub struct Request {
    client: Client,
    method: reqwest::Method,
    class: Class,
    url: Result<Url>,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
    buckets: Vec<(&'static str, String)>,
    patience: Option<Duration>,
}

impl Request {
    pub(crate) fn new<S: AsRef<str>>(
        client: Client,
        method: reqwest::Method,
        class: Class,
        path: impl IntoIterator<Item = S>,
    ) -> Self {
        let url = join(client.base_url(), path);
        Self { client, method, class, url, headers: Vec::new(), body: None, buckets: Vec::new(), patience: None }
    }

    /// Adds a parameter to the URL.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl AsRef<str>) -> Self {
        if let Ok(url) = &mut self.url {
            url.query_pairs_mut().append_pair(name, value.as_ref());
        }
        self
    }

    /// Adds a parameter where there is a value for it.
    #[must_use]
    pub fn query_opt(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The body, as JSON.
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_value(body) {
            Ok(body) => self.body = Some(body),
            Err(error) => {
                let what = format!("this request cannot be written as JSON: {error}");
                self.url = Err(Error::new(ErrorKind::Invalid, what));
            }
        }
        self
    }

    /// Says that repeating it is as good as sending it once, whatever its method.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.class = Class::Idempotent;
        self
    }

    /// Says that it changes nothing, whatever its method.
    #[must_use]
    pub fn reads(mut self) -> Self {
        self.class = Class::Read;
        self
    }

    /// Counts against a rate of the client, together with everything else of the same `key`.
    #[must_use]
    pub fn bucket(mut self, rate: &'static str, key: impl Into<String>) -> Self {
        self.buckets.push((rate, key.into()));
        self
    }

    /// How long one attempt may take, where that is meant to be long: the answer of a long poll comes when it comes.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// What would be sent, without sending it and without what is secret in it.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] and [`ErrorKind::NotFound`] for a request that cannot be put together.
    pub fn planned(&self) -> Result<PlannedRequest> {
        let url = self.url.as_ref().map_err(again)?;
        let body = self.body.as_ref().map(without_secrets).unwrap_or_default();
        Ok(PlannedRequest { method: self.method.to_string(), path: url.path().to_owned(), body })
    }

    /// Sends it, and understands the answer as JSON.
    ///
    /// # Errors
    /// As the table and the cloud's dialect have it, with the cloud's own words and the id of the request.
    pub async fn send<T: DeserializeOwned>(self) -> Result<T> {
        self.carry(|answer| {
            serde_json::from_slice(&answer.body).map_err(|error| format!("this is not what was expected: {error}"))
        })
        .await
    }

    /// Sends it, and needs no more of the answer than that it was a good one.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn done(self) -> Result<()> {
        self.carry(|_| Ok(())).await
    }

    async fn carry<T>(self, read: impl Fn(&Answer) -> Result<T, String>) -> Result<T> {
        let provider = self.client.inner.dialect.provider();
        let named = |error: Error| error.with_provider(provider);
        let url = self.url.as_ref().map_err(|error| named(again(error)))?;
        let timing = self.client.inner.timing;
        let attempt = self.patience.unwrap_or(timing.attempt);
        let deadline = Instant::now() + timing.total.max(attempt + Duration::from_secs(5));
        let mut effect = Effect::None;
        let mut pause = timing.pause;
        for count in 1.. {
            self.wait_for_turn(deadline).await.map_err(named)?;
            let left = deadline.saturating_duration_since(Instant::now());
            let failed = match self.attempt(url, attempt.min(left)).await.map_err(named)? {
                Ok(answer) => match read(&answer) {
                    Ok(value) => return Ok(value),
                    Err(why) => Failed::garbled(&answer, why),
                },
                Err(failed) => failed,
            };
            let (verdict, error) = failed.judge(self.class, &self.method, url, &*self.client.inner.dialect);
            // What an attempt before this one may have done is not undone by this one's failing cleanly.
            effect = worse(effect, verdict.effect);
            let told = failed.told_pause();
            let next = told.unwrap_or_else(|| jitter(pause));
            let in_time = Instant::now() + next < deadline;
            if !(verdict.again && count < timing.attempts && in_time) {
                let retry = match told {
                    Some(told) => Retry::After(told),
                    None => error.retry(),
                };
                return Err(named(error.with_effect(effect).with_retry(retry)));
            }
            tracing::debug!(attempt = count, pause_ms = next.as_millis(), %error, "trying again");
            tokio::time::sleep(next).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Err(named(Error::new(ErrorKind::Cancelled, "the request was not sent")))
    }

    /// Waits for this request's place in each of its buckets.
    async fn wait_for_turn(&self, deadline: Instant) -> Result<()> {
        let inner = &self.client.inner;
        let turn = async {
            inner.limiter.wait_for_pause().await;
            for (name, key) in &self.buckets {
                if let Some(rate) = inner.rates.get(name) {
                    inner.limiter.wait(&format!("{name} {key}"), *rate).await;
                }
            }
        };
        tokio::time::timeout_at(deadline, turn).await.map_err(|_| {
            Error::new(ErrorKind::RateLimited, "too much was asked of the cloud for its limits; this waited in vain")
                .with_hint("try again in a while, or ask for less at once")
        })
    }

    async fn attempt(&self, url: &Url, patience: Duration) -> Result<Result<Answer, Failed>> {
        let inner = &self.client.inner;
        let mut request = inner.http()?.request(self.method.clone(), url.clone()).timeout(patience);
        if let Some(token) = &inner.token {
            request = request.bearer_auth(token.expose());
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let shown = self.body.as_ref().map(redacted).unwrap_or_default();
        tracing::debug!(method = %self.method, url = %url, body = %shown, "request");
        if let Some(body) = &self.body {
            request = request.header("content-type", "application/json").body(Bytes::from(body.to_string()));
        }
        failpoint::reached("http: before a request is sent");
        let began = Instant::now();
        let ended = Answer::of(request.header("accept", "application/json")).await;
        let micros = began.elapsed().as_micros();
        failpoint::reached("http: after its answer");
        match &ended {
            Ok(answer) => {
                let id = answer.request_id(&*inner.dialect).unwrap_or_default();
                tracing::debug!(micros, status = answer.status, id, body = %answer.shown(), "answer");
                if let Some(time) = answer.date() {
                    inner.clock.compare(time);
                }
                let pause = inner.dialect.pause(&|name| answer.header(name), jiff::Timestamp::now());
                if let Some(pause) = pause {
                    inner.limiter.pause(pause);
                }
            }
            Err(failed) => tracing::debug!(micros, ?failed, "no answer"),
        }
        Ok(ended.and_then(Answer::good))
    }
}

/// The same error once more: a request that could not be put together is told once and not kept.
fn again(error: &Error) -> Error {
    let same = Error::new(error.kind(), error.to_string());
    match error.hint() {
        Some(hint) => same.with_hint(hint.to_owned()),
        None => same,
    }
}

fn worse(one: Effect, other: Effect) -> Effect {
    match (one, other) {
        (Effect::Applied, _) | (_, Effect::Applied) => Effect::Applied,
        (Effect::Unknown, _) | (_, Effect::Unknown) => Effect::Unknown,
        (Effect::None, Effect::None) => Effect::None,
    }
}

/// Somewhere between half of `pause` and all of it, so that many who failed together do not come back together.
fn jitter(pause: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    pause / 2 + (pause / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// The base with the path below it, every segment escaped.
fn join<S: AsRef<str>>(base: &Url, path: impl IntoIterator<Item = S>) -> Result<Url> {
    let mut url = base.clone();
    let nowhere = |what: &str| Error::new(ErrorKind::NotFound, format!("`{what}` is the id of nothing"));
    {
        let mut segments = url.path_segments_mut().map_err(|()| nowhere(base.as_str()))?;
        segments.pop_if_empty();
        for segment in path {
            let segment = segment.as_ref();
            // Whoever reads the path would take these for the directory above, or for nothing.
            if matches!(segment, "" | "." | "..") {
                return Err(nowhere(segment));
            }
            segments.push(segment);
        }
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base: &str, path: &[&str]) -> Result<String> {
        join(&Url::parse(base).unwrap(), path).map(String::from)
    }

    #[test]
    fn a_path_is_below_the_base_whatever_it_holds() {
        assert_eq!(url("https://x.test", &["apps", "a"]).unwrap(), "https://x.test/apps/a");
        assert_eq!(url("https://x.test/v1/", &["apps"]).unwrap(), "https://x.test/v1/apps");
        assert_eq!(url("https://x.test/pre/v1", &["a/b?c#d%"]).unwrap(), "https://x.test/pre/v1/a%2Fb%3Fc%23d%25");
        for nowhere in ["", ".", ".."] {
            assert_eq!(url("https://x.test", &["droplets", nowhere]).unwrap_err().kind(), ErrorKind::NotFound);
        }
        assert_eq!(url("https://x.test", &["..%2f"]).unwrap(), "https://x.test/..%252f");
    }

    #[test]
    fn pauses_are_never_longer_than_asked_nor_much_shorter() {
        for _ in 0..100 {
            let pause = jitter(Duration::from_millis(100));
            assert!((50..=100).contains(&pause.as_millis()), "{pause:?}");
        }
    }
}
