//! The trait that every cloud implements.

use std::fmt::Debug;

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::{
    Account, Capabilities, Catalog, Destroyed, Dns, Exec, ExecSession, Found, IntentId, LogLine, LogOptions, Machine,
    MachineChange, MachineId, MachineSpec, Page, Power, Preview, Projects, ProviderInfo, RecordedIntent, Result,
    Selector, Shell, Snapshots, SshKeys, Until, Volumes,
};

/// One cloud, one account. Every method is required, so that a decorator that forgets one does not compile; conveniences
/// stand in [`ProviderExt`](crate::ProviderExt).
///
/// What all methods have in common:
/// - What the provider cannot do is [`Unsupported`](crate::ErrorKind::Unsupported), before any request.
/// - An unknown id is [`NotFound`](crate::ErrorKind::NotFound), but for `destroy` and `find`.
/// - An error says by [`Effect`](crate::Effect) what may have happened in the cloud. Reads have none.
/// - A state that nobody has a name for is [`MachineState::Other`](crate::MachineState::Other), never an error. The provider's
///   own word stands beside ours.
/// - No secret stands in an answer, an error or a `Debug` text.
/// - Our markers are never among the labels.
/// - All clients of an account see the same machines.
/// - A stream outlives the client that opened it.
#[async_trait]
pub trait CloudProvider: Debug + Send + Sync + 'static {
    /// Which provider this is. No I/O.
    fn info(&self) -> &ProviderInfo;

    /// What it can do and what that means here. No I/O, and the same answer every time.
    fn capabilities(&self) -> &Capabilities;

    /// Whose credential this is; proves that it is accepted.
    async fn account(&self) -> Result<Account>;

    /// Creates a machine and starts it.
    ///
    /// Sends one mutating request that carries the name and the intent's markers, and returns when the cloud has accepted;
    /// [`wait`](Self::wait) tells when it runs. On an unclear outcome the error says [`Effect::Unknown`](crate::Effect::Unknown),
    /// the request is never repeated, and [`find`](Self::find) settles it. A machine that was made although its start failed is
    /// [`Effect::Applied`](crate::Effect::Applied). A request for what is not there (an image, a size, a region, a volume) or costs
    /// more than `max_price` is refused without effect. Where [`create_once`](Capabilities::create_once) is more than a lookup, a
    /// second call for the same intent makes no second machine.
    ///
    /// Dropping the future leaves the outcome unknown: at most one machine, which carries the markers.
    async fn create(&self, intent: &RecordedIntent, spec: &MachineSpec) -> Result<Machine>;

    /// What [`create`](Self::create) would do for a machine that is made to stay, without doing it.
    ///
    /// Makes no request that changes anything. Names the requests with the bodies that a create would send, apart from the
    /// markers, and hides what is secret. Refuses what a create would refuse before its first request.
    async fn preview(&self, spec: &MachineSpec) -> Result<Preview>;

    /// All machines that `intent` ever made and that still exist. Finding none means that there is none only where the
    /// answer says that it is complete, and only as of the moment that it names.
    async fn find(&self, intent: IntentId) -> Result<Found>;

    /// The machine. One that is gone is `NotFound`, or in state `Destroyed` while the cloud still shows it.
    async fn get(&self, id: &MachineId) -> Result<Machine>;

    /// The machines that `which` selects, page by page. The last page, and only that, says whether the list is complete. An
    /// error ends the stream; what came before it is no list.
    fn list(&self, which: Selector) -> BoxStream<'static, Result<Page>>;

    /// Changes a machine, and answers with it as it is then. What is not named in `change` stays as it is; taking off a label
    /// that is not there is no error.
    async fn update(&self, id: &MachineId, change: &MachineChange) -> Result<Machine>;

    /// Waits until the machine is where `until` wants it, without polling where the cloud can tell by itself.
    ///
    /// [`Timeout`](crate::ErrorKind::Timeout) at the deadline; [`Conflict`](crate::ErrorKind::Conflict) as soon as the machine can
    /// no longer get there. Waiting for [`Goal::Destroyed`](crate::Goal::Destroyed) succeeds with the last that was seen of it.
    /// Dropping the future leaves the machine alone.
    async fn wait(&self, id: &MachineId, until: &Until) -> Result<Machine>;

    /// Starts, stops, reboots or suspends. A machine that is there already is left alone. Returns when the cloud has
    /// accepted; [`wait`](Self::wait) tells when it is done. Dropping the future leaves the machine in either state.
    async fn power(&self, id: &MachineId, to: Power) -> Result<()>;

    /// Destroys a machine, running or not. Idempotent: one that is gone is [`Destroyed::AlreadyGone`]. The caller repeats
    /// until `get` says that it is gone. Dropping the future leaves a machine that can be destroyed again.
    async fn destroy(&self, id: &MachineId) -> Result<Destroyed>;

    /// What the machine's own command wrote, oldest first. With `follow`, goes on until the machine has ended and all it
    /// wrote was delivered; without, ends with what is there. `tail` and `since` leave out what is older. Lines that are lost
    /// are marked by a line of [`Stream::System`](crate::Stream::System).
    fn logs(&self, id: MachineId, how: LogOptions) -> BoxStream<'static, Result<LogLine>>;

    /// Runs a command inside a running machine; a machine that does not run is a [`Conflict`](crate::ErrorKind::Conflict).
    ///
    /// The exit status is the supervisor's word. A program that is missing ends with 127, one that cannot be executed with
    /// 126. All that it wrote comes before its end, and nothing after. Its arguments pass through no shell; without input it
    /// reads the end of it at once. Dropping the session hangs up where the command is in our hands
    /// ([`exec_live`](Capabilities::exec_live)).
    async fn exec(&self, id: &MachineId, command: Exec) -> Result<ExecSession>;

    /// What opens a shell in a running machine for a person, or has a shell there run `line`. Changes nothing in the cloud. A
    /// machine that does not run is a [`Conflict`](crate::ErrorKind::Conflict).
    async fn shell(&self, id: &MachineId, line: Option<&str>) -> Result<Shell>;

    /// What is on offer.
    fn catalog(&self) -> &dyn Catalog;

    /// Volumes, where the provider has them.
    fn volumes(&self) -> Option<&dyn Volumes>;

    /// Snapshots, where the provider has them.
    fn snapshots(&self) -> Option<&dyn Snapshots>;

    /// Registered ssh keys, where the provider has them.
    fn ssh_keys(&self) -> Option<&dyn SshKeys>;

    /// Hosted DNS, where the provider has it.
    fn dns(&self) -> Option<&dyn Dns>;

    /// Projects, where the provider has them.
    fn projects(&self) -> Option<&dyn Projects>;
}
