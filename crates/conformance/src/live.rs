//! The suite in front of a real account: only where somebody asks for it, for so much money and no more, and with a look at
//! the end at what was left behind.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use libtest_mimic::{Arguments, Completion, Trial};
use machine_core::{
    Call, CloudProvider, Completeness, Deadline, Error, ErrorKind, Goal, Interceptor, Layered, MachineId, MachineName,
    MachineSpec, Markers, Money, Operation, Price, ProviderExt as _, ProviderKind, Result, Selector, Until, VolumeId,
};
use serde_json::Value;

use crate::bench::{OWNER, owner_of_this_run};
use crate::program::trials;
use crate::report::Report;
use crate::{KindSubject, Subject};

/// The variable that names the accounts to try, with commas between.
const ASKED: &str = "MACHINE_LIVE";
/// The variable that says how much may be spent, in US dollars.
const LIMIT: &str = "MACHINE_LIVE_LIMIT";
/// What may be spent where nobody says.
const USUAL_LIMIT: Money = Money::from_micros(3_000_000);
/// The most that one machine may cost in an hour. Each is counted as a whole hour of that, however short it lives.
const DEAREST: Money = Money::from_micros(10_000);
/// How many cases run at once: accounts have limits on machines.
const AT_ONCE: usize = 4;
/// How long a machine of a real cloud may take to get somewhere.
const PATIENCE: Duration = Duration::from_mins(8);
/// How old what another run made has to be to count as left behind: longer than a run with all its patience.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(6);
/// How long a case may take there.
const DEADLINE: Duration = Duration::from_mins(20);

/// The suite in front of the account of `K` that the environment leads to, where `MACHINE_LIVE` names the kind and there is
/// a credential; one skipped test that says why otherwise.
pub fn live<K: ProviderKind>(config: Value) -> ExitCode {
    let mut arguments = Arguments::from_args();
    let asked = std::env::var(ASKED).unwrap_or_default();
    let kind = K::INFO.kind;
    if !asked.split(',').any(|name| name.trim() == kind) {
        return skipped(&arguments, format!("{ASKED} does not name `{kind}`; with it and a token, this spends money"));
    }
    let limit = match std::env::var(LIMIT).map(|text| dollars(&text)) {
        Err(_) => USUAL_LIMIT,
        Ok(Some(limit)) => limit,
        Ok(None) => return failed(&format!("{LIMIT} is not an amount of US dollars, like 2.50")),
    };
    let subject = Arc::new(Live { account: KindSubject::<K>::new(config), purse: Purse::new(limit) });
    match subject.open() {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::Unauthenticated => return skipped(&arguments, error.to_string()),
        Err(error) => return failed(&format!("the account cannot be opened: {error}")),
    }
    arguments.test_threads.get_or_insert(AT_ONCE);
    let report = Arc::new(Mutex::new(Report::default()));
    let shared: Arc<dyn Subject> = Arc::clone(&subject) as _;
    let conclusion = libtest_mimic::run(&arguments, trials(&shared, &report));
    if arguments.list {
        return conclusion.exit_code();
    }
    let _ = writeln!(std::io::stderr(), "spent at most {} of {limit}", subject.purse.spent());
    match swept(&*subject) {
        Ok(left) if left.is_empty() => conclusion.exit_code(),
        Ok(left) => failed(&format!("these were left behind, and are destroyed now: {}", left.join(", "))),
        Err(error) => failed(&format!("whether anything was left behind is not known: {error}")),
    }
}

fn skipped(arguments: &Arguments, why: String) -> ExitCode {
    let trial = Trial::ignorable_test("live", move || Ok(Completion::ignored_with(why)));
    libtest_mimic::run(arguments, vec![trial]).exit_code()
}

fn failed(why: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{why}");
    ExitCode::FAILURE
}

/// An amount of US dollars as a person writes it.
fn dollars(text: &str) -> Option<Money> {
    let amount: f64 = text.trim().trim_start_matches('$').parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be far below what fits")]
    (0.0..=100_000.0).contains(&amount).then(|| Money::from_micros((amount * 1e6) as i64))
}

/// A real account.
struct Live<K> {
    account: KindSubject<K>,
    purse: Purse,
}

impl<K: ProviderKind> Subject for Live<K> {
    fn open(&self) -> Result<Arc<dyn CloudProvider>> {
        Ok(Layered::around(self.account.open()?, self.purse.clone()))
    }

    fn open_with_bad_credential(&self) -> Option<Result<Arc<dyn CloudProvider>>> {
        self.account.open_with_bad_credential()
    }

    fn secrets(&self) -> Vec<String> {
        self.account.secrets()
    }

    fn spec(&self, name: MachineName) -> MachineSpec {
        MachineSpec { max_price: Some(Price { hourly: DEAREST, monthly_cap: None }), ..MachineSpec::new(name) }
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn deadline(&self) -> Duration {
        DEADLINE
    }
}

/// What may be spent, and what is.
#[derive(Debug, Clone)]
struct Purse {
    limit: Money,
    micros: Arc<AtomicI64>,
}

impl Purse {
    fn new(limit: Money) -> Self {
        Self { limit, micros: Arc::default() }
    }

    fn spent(&self) -> Money {
        Money::from_micros(self.micros.load(Ordering::SeqCst))
    }

    /// Takes out what a call may cost.
    fn pay(&self, call: Call<'_>) -> Result<()> {
        let costs = match call.operation {
            Operation::Create(_) => true,
            Operation::Part(name) => name.ends_with(".create") || name.ends_with(".resize"),
            _ => false,
        };
        if !costs {
            return Ok(());
        }
        let enough = |spent: i64| Some(spent + DEAREST.micros()).filter(|sum| *sum <= self.limit.micros());
        match self.micros.fetch_update(Ordering::SeqCst, Ordering::SeqCst, enough) {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::new(ErrorKind::Quota, format!("this would spend more than {}", self.limit))
                .with_hint(format!("{LIMIT} is the most that this run may spend, in US dollars"))),
        }
    }
}

impl Interceptor for Purse {
    async fn around<T: Send>(&self, call: Call<'_>, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        self.pay(call)?;
        work.await
    }

    fn around_stream<T: Send + 'static>(
        &self,
        _: Call<'_>,
        open: impl FnOnce() -> BoxStream<'static, Result<T>>,
    ) -> BoxStream<'static, Result<T>> {
        open()
    }
}

/// Destroys what this run of the suite left in the account, and what earlier ones did, and says what that was. Keys and DNS
/// records carry no owner; each case has put away its own, or has failed.
fn swept(subject: &dyn Subject) -> Result<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::io("there is no runtime for the last look", error))?;
    runtime.block_on(async {
        let provider = subject.open()?;
        let mut left = Vec::new();
        let (machines, completeness, problems) = provider.list_all(Selector::all()).await?;
        if completeness != Completeness::Complete {
            let what = format!("the list of machines is not complete: {}", problems.join("; "));
            return Err(Error::new(ErrorKind::Protocol, what));
        }
        let machines: Vec<_> =
            machines.into_iter().filter(|machine| is_left(machine.markers.as_ref(), machine.created_at)).collect();
        let gone = stream::iter(&machines).map(|machine| destroy_machine(&*provider, &machine.id)).buffer_unordered(4);
        gone.collect::<Vec<_>>().await.into_iter().collect::<Result<()>>()?;
        left.extend(machines.into_iter().map(|machine| format!("machine {}", machine.id)));
        if let Some(volumes) = provider.volumes() {
            for volume in
                volumes.list().await?.into_iter().filter(|volume| is_left(volume.markers.as_ref(), volume.created_at))
            {
                let id: VolumeId = volume.id;
                volumes.destroy(&id).await?;
                left.push(format!("volume {id}"));
            }
        }
        if let Some(snapshots) = provider.snapshots() {
            let all = snapshots.list().await?.into_iter();
            for snapshot in all.filter(|snapshot| is_left(snapshot.markers.as_ref(), snapshot.created_at)) {
                snapshots.destroy(&snapshot.id).await?;
                left.push(format!("snapshot {}", snapshot.id));
            }
        }
        Ok(left)
    })
}

async fn destroy_machine(provider: &dyn CloudProvider, id: &MachineId) -> Result<()> {
    provider.destroy(id).await?;
    let until = Until { goal: Goal::Destroyed, deadline: Deadline::after(PATIENCE) };
    match provider.wait(id, &until).await {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether this run of the suite made it; or another did, so long ago that nobody can be at work with it any more.
fn is_left(markers: Option<&Markers>, created_at: Option<Timestamp>) -> bool {
    let Some(owner) = markers.map(|markers| markers.owner.as_str()) else { return false };
    let old = created_at.is_some_and(|at| Timestamp::now().duration_since(at) > FORGOTTEN);
    owner.starts_with(owner_of_this_run()) || (old && owner.starts_with(OWNER))
}

#[cfg(test)]
mod tests {
    use machine_core::{IntentId, OwnerId};

    use super::*;

    #[test]
    fn dollars_are_read_as_people_write_them() {
        for (text, micros) in
            [("2.50", Some(2_500_000)), ("$1", Some(1_000_000)), ("0", Some(0)), ("-1", None), ("x", None)]
        {
            assert_eq!(dollars(text).map(Money::micros), micros, "{text}");
        }
    }

    #[test]
    fn what_others_are_at_work_with_is_left_alone() {
        let of = |owner: String| Markers { owner: OwnerId::new(owner), intent: IntentId::mint(), deadline: None };
        let (now, long_ago) = (Timestamp::now(), Timestamp::now() - SignedDuration::from_hours(7));
        let own = of(format!("{}x", owner_of_this_run()));
        let (other, person) = (of(format!("{OWNER}another-x")), of("somebody".to_owned()));
        assert!(is_left(Some(&own), Some(now)) && is_left(Some(&own), None));
        assert!(is_left(Some(&other), Some(long_ago)));
        assert!(!is_left(Some(&other), Some(now)) && !is_left(Some(&other), None));
        assert!(!is_left(Some(&person), Some(long_ago)) && !is_left(None, Some(long_ago)));
    }

    #[test]
    fn the_purse_is_empty_when_it_is_empty() {
        let purse = Purse::new(Money::from_micros(25_000));
        let info = machine_core::ProviderInfo { kind: "paper", title: "Paper", documentation: "https://example.org" };
        let capabilities = machine_core::Capabilities::minimal();
        let spec = MachineSpec::new("web-1".parse().unwrap());
        let call = |operation| Call { operation, info: &info, capabilities: &capabilities, subject: None };
        assert!(purse.pay(call(Operation::Create(&spec))).is_ok());
        assert!(purse.pay(call(Operation::Part("volumes.create"))).is_ok());
        assert!(purse.pay(call(Operation::List)).is_ok());
        assert_eq!(purse.pay(call(Operation::Create(&spec))).unwrap_err().kind(), ErrorKind::Quota);
        assert_eq!(purse.spent().micros(), 20_000);
    }
}
