//! The library without the command: one machine of this computer, made, used and destroyed through the trait.

#![expect(clippy::print_stdout, reason = "an example talks to the person at the terminal")]

use std::process::ExitCode;

use futures::StreamExt as _;
use machine_core::{
    CloudProvider as _, Exec, ExecEvent, IntentDraft, Lifetime, MachineSpec, OwnerId, RecordedIntent, Result,
    VolatileIntents,
};
use machine_local::{LocalConfig, LocalProvider};

fn main() -> Result<ExitCode> {
    // A local machine is supervised by this same program, started again.
    if let Some(code) = machine_local::dispatch() {
        return Ok(code);
    }
    example().map(|()| ExitCode::SUCCESS)
}

#[tokio::main(flavor = "current_thread")]
async fn example() -> Result<()> {
    let provider = LocalProvider::open(LocalConfig::default())?;
    let spec = MachineSpec::new("example".parse()?);
    // Nothing is made before somebody remembers the wish. `VolatileIntents` forgets it when the process dies; the ledger of
    // `machine-fleet` does not.
    let store = VolatileIntents::new(OwnerId::new("example"));
    let draft = IntentDraft::machine(&spec, "local", Lifetime::Client);
    let machine = provider.create(&RecordedIntent::record(&store, draft).await?, &spec).await?;
    let mut session = provider.exec(&machine.id, Exec::of(["uname", "-n"])).await?;
    while let Some(event) = session.events.next().await {
        if let ExecEvent::Stdout(bytes) = event? {
            print!("{}", String::from_utf8_lossy(&bytes));
        }
    }
    provider.destroy(&machine.id).await?;
    Ok(())
}
