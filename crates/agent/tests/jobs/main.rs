//! Jobs on real machines of this computer, from the wish to the end. The test program is its own helper: it becomes the
//! machines' supervisors and guests, which is why it has a `main` of its own.

#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::print_stdout,
        clippy::disallowed_methods,
        reason = "a test program"
    )
)]

#[cfg(target_os = "linux")]
mod batch_cases;
#[cfg(target_os = "linux")]
mod cases;
#[cfg(target_os = "linux")]
mod guestless;
#[cfg(target_os = "linux")]
mod guestless_cases;
#[cfg(target_os = "linux")]
mod world;

#[cfg(target_os = "linux")]
use machine_local::Isolation;
#[cfg(target_os = "linux")]
use world::Kind;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    if let Some(code) = machine_local::dispatch().or_else(machine_guest::dispatch) {
        return code;
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut failed = 0;
    let isolated = cases::ISOLATED.iter().map(|case| (Kind::Guest(Isolation::Namespaces), case));
    let batches = batch_cases::BATCHES.iter().map(|case| (Kind::Guest(Isolation::Namespaces), case));
    let plain = cases::PLAIN.iter().map(|case| (Kind::Guest(Isolation::Process), case));
    let own = guestless_cases::OWN.iter().chain(cases::ALSO_OWN).map(|case| (Kind::Own, case));
    let session = guestless_cases::SESSION.iter().chain(cases::ALSO_SESSION).map(|case| (Kind::Session, case));
    for (kind, (name, case)) in isolated.chain(batches).chain(plain).chain(own).chain(session) {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| name.contains(wanted.as_str())) {
            continue;
        }
        let began = std::time::Instant::now();
        let passed = std::panic::catch_unwind(|| world::run(*case, kind)).is_ok();
        failed += usize::from(!passed);
        println!("test {name} ({kind:?}) ... {} ({:?})", if passed { "ok" } else { "FAILED" }, began.elapsed());
    }
    std::process::ExitCode::from(u8::from(failed > 0))
}
