//! What an interceptor sees of a call.

use std::fmt;

use futures::stream::BoxStream;

use crate::{Capabilities, Exec, LogOptions, MachineChange, MachineSpec, Power, ProviderInfo, Result};

/// One call to a provider.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Which method.
    pub operation: Operation<'a>,
    /// Which provider.
    pub info: &'a ProviderInfo,
    /// What it can do.
    pub capabilities: &'a Capabilities,
    /// The id or name of the thing that it is about, where there is one.
    pub subject: Option<&'a str>,
}

/// Which method is called, with what can be checked about it beforehand.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Operation<'a> {
    /// `account`
    Account,
    /// `create`
    Create(&'a MachineSpec),
    /// `preview`
    Preview(&'a MachineSpec),
    /// `find`
    Find,
    /// `get`
    Get,
    /// `list`
    List,
    /// `update`
    Update(&'a MachineChange),
    /// `wait`, which has a deadline of its own
    Wait,
    /// `power`
    Power(Power),
    /// `destroy`
    Destroy,
    /// `logs`
    Logs(&'a LogOptions),
    /// `exec`
    Exec(&'a Exec),
    /// `shell`
    Shell,
    /// A method of a sub-trait, as `volumes.create`.
    Part(&'static str),
}

impl Operation<'_> {
    /// The method's name, as it stands in errors and traces.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Create(_) => "create",
            Self::Preview(_) => "preview",
            Self::Find => "find",
            Self::Get => "get",
            Self::List => "list",
            Self::Update(_) => "update",
            Self::Wait => "wait",
            Self::Power(Power::Start) => "start",
            Self::Power(Power::Stop { .. }) => "stop",
            Self::Power(Power::Reboot { .. }) => "reboot",
            Self::Power(Power::Suspend) => "suspend",
            Self::Destroy => "destroy",
            Self::Logs(_) => "logs",
            Self::Exec(_) => "exec",
            Self::Shell => "shell",
            Self::Part(name) => name,
        }
    }
}

impl Operation<'_> {
    /// Whether it may change something in the cloud.
    pub fn mutates(&self) -> bool {
        match self {
            Self::Account
            | Self::Preview(_)
            | Self::Find
            | Self::Get
            | Self::List
            | Self::Wait
            | Self::Logs(_)
            | Self::Shell => false,
            Self::Create(_) | Self::Update(_) | Self::Power(_) | Self::Destroy | Self::Exec(_) => true,
            Self::Part(name) => {
                let verb = name.split_once('.').map_or(*name, |(_, verb)| verb);
                matches!(verb, "create" | "attach" | "detach" | "resize" | "destroy" | "assign")
            }
        }
    }
}

impl fmt::Debug for Operation<'_> {
    /// The name only: what goes with it may hold what nobody should read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something to do around every call. `work` has not begun yet when it is handed over; whoever does not await it refuses the
/// call.
pub trait Interceptor: fmt::Debug + Send + Sync + 'static {
    /// Around a call that ends with an answer.
    fn around<T: Send>(
        &self,
        call: Call<'_>,
        work: impl Future<Output = Result<T>> + Send,
    ) -> impl Future<Output = Result<T>> + Send;

    /// Around a call that answers with a stream; `open` makes the call.
    fn around_stream<T: Send + 'static>(
        &self,
        call: Call<'_>,
        open: impl FnOnce() -> BoxStream<'static, Result<T>>,
    ) -> BoxStream<'static, Result<T>>;
}
