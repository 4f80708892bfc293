//! `machine projects`.

use clap::Args;

use crate::app::App;
use crate::failure::{Failure, code};
use crate::show::{self, ListOutput};

const EXAMPLES: &str = "\
Examples:
  machine projects
  machine projects -o json";

/// Shows the provider's own projects, by which it groups what the account has.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = show::columns_help(&show::name_columns()))]
pub(crate) struct Projects {
    /// How to show them.
    #[command(flatten)]
    output: ListOutput,
}

impl Projects {
    /// Lists their names; none where the provider has no projects.
    ///
    /// # Errors
    /// The provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let mut names: Vec<String> = match app.provider().projects() {
            Some(projects) => projects.list().await?.into_iter().map(|project| project.name).collect(),
            None => {
                app.printer.note(format_args!("provider `{}` has no projects", app.provider().info().kind));
                Vec::new()
            }
        };
        names.sort();
        show::names(&app.printer, &self.output, &names)?;
        Ok(code::OK)
    }
}
