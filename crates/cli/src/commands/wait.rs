//! `machine wait`.

use std::time::Duration;

use clap::{Args, ValueEnum};
use machine_core::{Deadline, Goal, ProviderExt as _, Until};

use crate::app::App;
use crate::failure::{Failure, code};
use crate::progress::Progress;
use crate::{show, values};

const EXAMPLES: &str = "\
Examples:
  machine wait build-7
  machine wait web-1 --for running --timeout 30s";

/// Waits until a machine runs, has ended, or is gone.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Wait {
    /// Which, by name or id.
    name: String,
    /// What to wait for.
    #[arg(long = "for", value_name = "running|ended|destroyed", default_value = "ended", hide_possible_values = true)]
    goal: WaitGoal,
    /// Give up after this time, with exit code 8.
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    timeout: Option<Duration>,
}

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WaitGoal {
    /// It runs.
    Running,
    /// It has stopped, failed or gone.
    Ended,
    /// It is gone.
    Destroyed,
}

impl Wait {
    /// Waits, and shows the state that was reached.
    ///
    /// # Errors
    /// `Timeout`; `Conflict` where the machine can no longer get there.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let goal = match self.goal {
            WaitGoal::Running => Goal::Running,
            WaitGoal::Ended => Goal::Ended,
            WaitGoal::Destroyed => Goal::Destroyed,
        };
        let machine = app.provider().resolve(&self.name).await?;
        let deadline = Deadline::after(self.timeout.unwrap_or(Duration::MAX));
        let progress = Progress::new(&app.printer);
        let _line = progress.line(&machine.name, show::state(&machine));
        let machine = progress.during(app.provider().wait(&machine.id, &Until { goal, deadline })).await?;
        app.printer.line(show::state(&machine))?;
        Ok(code::OK)
    }
}
