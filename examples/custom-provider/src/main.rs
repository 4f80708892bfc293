//! `machine` with one provider more.

fn main() -> std::process::ExitCode {
    machine_cli::Runner::builtin().provider::<custom_provider::PaperKind>().run()
}
