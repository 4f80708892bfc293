//! Answers, and what stands in their place when there is none.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use machine_core::{Error, ErrorKind, Retry};
use reqwest::header::HeaderMap;
use serde_json::Value;
use url::Url;

use crate::dialect::{Dialect, Refusal};
use crate::redact::redacted;
use crate::table::{Class, Ended, Verdict, verdict};

/// The largest body that is read.
const LARGEST: usize = 64 * 1024 * 1024;

/// The most that is set aside for a body because a header says how long it is.
const TOLD: usize = 1024 * 1024;

/// How much of a body that is not understood is shown.
const EXCERPT: usize = 160;

/// What to do about an answer that is not the API's.
const SOMEBODY_ELSE: &str = "check `api-url` and the proxy: something other than the API may be answering";

/// The longest that a cloud may tell us to wait; what it says beyond is a mistake.
const LONGEST_TOLD: Duration = Duration::from_hours(2);

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A request that came to nothing.
#[derive(Debug)]
pub(crate) enum Failed {
    /// There was no whole answer.
    Unanswered { ended: Ended, why: String },
    /// There was one, and it says no, or nothing that can be understood.
    Answered { answer: Box<Answer>, garbled: Option<String> },
}

impl Answer {
    /// Sends the request and reads the whole answer.
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Result<Self, Failed> {
        let unanswered = |ended: Ended, error: &reqwest::Error| Failed::Unanswered { ended, why: innermost(error) };
        let mut response = request.send().await.map_err(|error| {
            let ended = match () {
                () if error.is_connect() || error.is_builder() => Ended::NotConnected,
                () if error.is_timeout() => Ended::Silent,
                () => Ended::Lost,
            };
            unanswered(ended, &error)
        })?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // As much as is told, so that it need not be moved as it grows; and no more than that on the word of a header.
        let told = response.content_length().and_then(|told| usize::try_from(told).ok()).unwrap_or_default();
        let mut body = BytesMut::with_capacity(told.min(TOLD));
        loop {
            match response.chunk().await {
                Ok(Some(piece)) if body.len() + piece.len() <= LARGEST => body.extend_from_slice(&piece),
                Ok(None) => break,
                Ok(Some(_)) => {
                    return Err(Failed::Unanswered {
                        ended: Ended::Cut,
                        why: format!("it is larger than {LARGEST} bytes"),
                    });
                }
                Err(error) => return Err(unanswered(Ended::Cut, &error)),
            }
        }
        Ok(Self { status, headers, body: body.freeze() })
    }

    /// The answer, where it is one of those that say that it worked.
    pub(crate) fn good(self) -> Result<Self, Failed> {
        match self.status {
            200..=299 => Ok(self),
            _ => Err(Failed::Answered { answer: Box::new(self), garbled: None }),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    }

    /// When whoever answered says that it did.
    pub(crate) fn date(&self) -> Option<jiff::Timestamp> {
        jiff::fmt::rfc2822::parse(&self.header("date")?).ok().map(|time| time.timestamp())
    }

    pub(crate) fn request_id(&self, dialect: &dyn Dialect) -> Option<String> {
        dialect.request_id_headers().iter().find_map(|name| self.header(name))
    }

    /// The body as it may be shown in a log.
    pub(crate) fn shown(&self) -> String {
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(body) => redacted(&body).to_string(),
            Err(_) => excerpt(&self.body),
        }
    }
}

impl Failed {
    /// An answer that says that it worked and cannot be understood.
    pub(crate) fn garbled(answer: &Answer, why: String) -> Self {
        let answer = Answer { status: answer.status, headers: answer.headers.clone(), body: answer.body.clone() };
        Self::Answered { answer: Box::new(answer), garbled: Some(why) }
    }

    /// How long the cloud says to wait: seconds, or a date.
    pub(crate) fn told_pause(&self) -> Option<Duration> {
        let Self::Answered { answer, .. } = self else { return None };
        let text = answer.header("retry-after")?;
        let told = match text.trim().parse::<f64>() {
            Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => Duration::try_from_secs_f64(seconds).ok()?,
            Ok(_) => return None,
            Err(_) => {
                let at = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
                Duration::try_from(at.duration_since(jiff::Timestamp::now())).unwrap_or_default()
            }
        };
        Some(told.min(LONGEST_TOLD))
    }

    /// What to make of it, and what to say.
    pub(crate) fn judge(
        &self,
        class: Class,
        method: &reqwest::Method,
        url: &Url,
        dialect: &dyn Dialect,
    ) -> (Verdict, Error) {
        let (verdict, error) = match self {
            Self::Unanswered { ended, why } => {
                let host = url.host_str().unwrap_or_default();
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                let what = match ended {
                    Ended::NotConnected => format!("{host}{port} cannot be reached: {why}"),
                    Ended::Silent => format!("{host}{port} did not answer in time"),
                    Ended::Cut => format!("the answer of {host}{port} broke off: {why}"),
                    _ => format!("the connection to {host}{port} broke: {why}"),
                };
                let verdict = verdict(class, *ended);
                let error = Error::new(verdict.kind, what);
                match ended {
                    Ended::NotConnected => {
                        (verdict, error.with_hint("check the network, the proxy, and `api-url` where it is set"))
                    }
                    _ => (verdict, error),
                }
            }
            Self::Answered { answer, garbled: Some(why) } => {
                let kind = answer.header("content-type").unwrap_or_else(|| "no content type".to_owned());
                let what = format!("the answer cannot be understood ({kind}): {why}: {}", excerpt(&answer.body));
                let verdict = verdict(class, Ended::Garbled);
                let error = Error::new(verdict.kind, what).with_hint(SOMEBODY_ELSE);
                (verdict, answered(error, answer, dialect))
            }
            Self::Answered { answer, garbled: None } => refused(class, answer, url, dialect),
        };
        let retry = if verdict.again { Retry::Backoff } else { Retry::Never };
        let retry =
            if matches!(verdict.kind, ErrorKind::Busy | ErrorKind::RateLimited) { Retry::Backoff } else { retry };
        // The query may hold what was looked for, and nothing else does.
        let place = format!("{method} {}", url.path());
        (verdict, error.with_effect(verdict.effect).with_retry(retry).with_context("request", place))
    }
}

/// What to make of an answer that says no.
fn refused(class: Class, answer: &Answer, url: &Url, dialect: &dyn Dialect) -> (Verdict, Error) {
    let json = serde_json::from_slice::<Value>(&answer.body).ok();
    let words = json.as_ref().and_then(|body| dialect.words(body)).unwrap_or_else(|| excerpt(&answer.body));
    let refusal = Refusal { class, status: answer.status, json: json.as_ref(), body: &answer.body, words: &words };
    let verdict = dialect.judge(&refusal).unwrap_or_else(|| verdict(class, Ended::Status(answer.status)));
    let what = match answer.header("location") {
        Some(to) if (300..400).contains(&answer.status) => {
            format!("{} points to `{to}`, and a token does not follow", url.host_str().unwrap_or_default())
        }
        _ if words.is_empty() => format!("the cloud answered with status {} and said nothing", answer.status),
        _ => words.clone(),
    };
    let mut error = answered(Error::new(verdict.kind, what), answer, dialect);
    if let Some(hint) = dialect.hint(&refusal, &verdict) {
        error = error.with_hint(hint);
    } else if (300..400).contains(&answer.status) {
        error = error.with_hint(SOMEBODY_ELSE);
    }
    (verdict, error)
}

/// The error with what can be told of the answer.
fn answered(error: Error, answer: &Answer, dialect: &dyn Dialect) -> Error {
    let error = error.with_context("status", answer.status.to_string());
    match answer.request_id(dialect) {
        Some(id) => error.with_request_id(id),
        None => error,
    }
}

/// The beginning of a body, in one line.
fn excerpt(body: &Bytes) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

/// What the system says at the bottom of an error: `reqwest`'s own words repeat the URL.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
