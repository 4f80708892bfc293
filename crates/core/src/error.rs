//! One error type for every provider: what went wrong, whether to try again, and what may have happened in the cloud.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// The result of every fallible operation in the workspace's libraries.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure this is. Callers branch on it; the command line maps it to an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration is wrong or incomplete.
    Config,
    /// The credential is missing, malformed or not accepted.
    Unauthenticated,
    /// The credential is good but may not do this.
    Forbidden,
    /// The thing named does not exist.
    NotFound,
    /// A thing of that name exists already.
    AlreadyExists,
    /// The request can never succeed as it stands.
    Invalid,
    /// This provider cannot do it at all; found from [`Capabilities`](crate::Capabilities), before any request.
    Unsupported,
    /// A limit of the account is reached.
    Quota,
    /// It may cost more than the budget allows, or than the wish itself; found before anything is asked for.
    Budget,
    /// The cloud has no room for this size in this place just now.
    OutOfCapacity,
    /// Too many requests.
    RateLimited,
    /// The state of the thing does not allow it.
    Conflict,
    /// Somebody else is working on the thing; it will pass.
    Busy,
    /// The deadline passed before the outcome was known.
    Timeout,
    /// The other side could not be reached.
    Network,
    /// The other side answered that it failed.
    Upstream,
    /// The other side answered something that cannot be understood.
    Protocol,
    /// The caller gave up.
    Cancelled,
    /// The ledger could not be read or written.
    Ledger,
    /// A thing that was to go is not proved gone, and may go on costing money. The ledger keeps it.
    NotDestroyed,
    /// This computer failed us: a file, a process, a system call.
    System,
}

impl ErrorKind {
    /// All of them, in the order in which they are declared.
    pub const ALL: [Self; 21] = [
        Self::Config,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::AlreadyExists,
        Self::Invalid,
        Self::Unsupported,
        Self::Quota,
        Self::Budget,
        Self::OutOfCapacity,
        Self::RateLimited,
        Self::Conflict,
        Self::Busy,
        Self::Timeout,
        Self::Network,
        Self::Upstream,
        Self::Protocol,
        Self::Cancelled,
        Self::Ledger,
        Self::NotDestroyed,
        Self::System,
    ];

    /// The stable `snake_case` word for this kind, as it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::Invalid => "invalid",
            Self::Unsupported => "unsupported",
            Self::Quota => "quota",
            Self::Budget => "budget",
            Self::OutOfCapacity => "out_of_capacity",
            Self::RateLimited => "rate_limited",
            Self::Conflict => "conflict",
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::Upstream => "upstream",
            Self::Protocol => "protocol",
            Self::Cancelled => "cancelled",
            Self::Ledger => "ledger",
            Self::NotDestroyed => "not_destroyed",
            Self::System => "system",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the same call may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Repeating it would fail the same way.
    Never,
    /// It may pass; wait a little longer each time.
    Backoff,
    /// The other side said how long to wait.
    After(Duration),
}

/// What the failed operation may have done in the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing happened.
    None,
    /// It may or may not have happened; only looking can tell.
    Unknown,
    /// It happened, although the call failed.
    Applied,
}

/// A failure, with everything a caller needs in order to react and a person needs in order to understand.
///
/// `Display` is one sentence. [`Error::hint`] says what to do. No constructor takes a secret: callers put redacted text
/// into messages and context.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    retry: Retry,
    effect: Effect,
    message: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
    operation: Option<&'static str>,
    provider: Option<Cow<'static, str>>,
    request_id: Option<String>,
    context: Vec<(&'static str, String)>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A failure of `kind` that had no effect and is not worth repeating; the builder methods say otherwise.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let retry = match kind {
            ErrorKind::Busy
            | ErrorKind::RateLimited
            | ErrorKind::Network
            | ErrorKind::Upstream
            | ErrorKind::OutOfCapacity => Retry::Backoff,
            _ => Retry::Never,
        };
        Self(Box::new(Inner {
            kind,
            retry,
            effect: Effect::None,
            message: message.into(),
            hint: None,
            operation: None,
            provider: None,
            request_id: None,
            context: Vec::new(),
            source: None,
        }))
    }

    /// Says how the call may be repeated.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Says what may have happened in the cloud.
    #[must_use]
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.0.effect = effect;
        self
    }

    /// Says what the reader can do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Names the operation (`create`, `destroy`, ...), unless a deeper layer already did.
    #[must_use]
    pub fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Names the provider, unless a deeper layer already did.
    #[must_use]
    pub fn with_provider(mut self, provider: impl Into<Cow<'static, str>>) -> Self {
        self.0.provider.get_or_insert_with(|| provider.into());
        self
    }

    /// Keeps the id by which the cloud's support can find the request.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Adds one named fact.
    #[must_use]
    pub fn with_context(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.0.context.push((key, value.into()));
        self
    }

    /// Keeps the failure that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same call may be made again.
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// What may have happened in the cloud.
    pub fn effect(&self) -> Effect {
        self.0.effect
    }

    /// What the reader can do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The operation that failed.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The provider it failed on.
    pub fn provider(&self) -> Option<&str> {
        self.0.provider.as_deref()
    }

    /// The cloud's id of the failed request.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The named facts, in the order in which they were added.
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// A [`ErrorKind::NotFound`] for a thing of `what` kind called `name`.
    pub fn not_found(what: &str, name: impl fmt::Display) -> Self {
        Self::new(ErrorKind::NotFound, format!("no {what} is called `{name}`"))
    }

    /// A [`ErrorKind::Unsupported`] for `provider`, refused before any request.
    pub fn unsupported(provider: impl Into<Cow<'static, str>>, what: impl fmt::Display) -> Self {
        let provider = provider.into();
        Self::new(ErrorKind::Unsupported, format!("provider `{provider}` cannot do this: {what}"))
            .with_provider(provider)
    }

    /// A [`ErrorKind::System`] (or the nearer kind that the system's code names) for a failed system call or file.
    pub fn io(what: impl fmt::Display, source: std::io::Error) -> Self {
        let kind = match source.kind() {
            std::io::ErrorKind::TimedOut => ErrorKind::Timeout,
            _ => ErrorKind::System,
        };
        Self::new(kind, format!("{what}: {source}")).with_source(source)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("message", &inner.message)
            .field("retry", &inner.retry)
            .field("effect", &inner.effect)
            .field("hint", &inner.hint)
            .field("operation", &inner.operation)
            .field("provider", &inner.provider)
            .field("request_id", &inner.request_id)
            .field("context", &inner.context)
            .field("source", &inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_layer_names_operation_and_provider() {
        let error = Error::new(ErrorKind::Busy, "locked").with_operation("destroy").with_operation("sweep");
        assert_eq!(error.operation(), Some("destroy"));
        let error = error.with_provider("fly").with_provider("other");
        assert_eq!(error.provider(), Some("fly"));
    }

    #[test]
    fn no_kind_is_left_out() {
        for (index, kind) in ErrorKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index, "{kind}");
        }
        assert_eq!(ErrorKind::System as usize + 1, ErrorKind::ALL.len(), "the last one declared");
    }

    #[test]
    fn an_error_stays_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
