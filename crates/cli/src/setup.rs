//! What a command knows before it has a provider: flags, configuration, where things are kept.

use std::path::PathBuf;

use machine_config::{Choice, Config, Section};
use machine_core::{Error, ErrorKind, OpenContext, Opened, OwnerSource, Result};
use machine_fleet::StateDir;

use crate::cli::Globals;
use crate::printer::Printer;
use crate::several;
use crate::surroundings::Surroundings;
use crate::ttl;

/// What a command knows before it has a provider.
#[derive(Clone)]
pub(crate) struct Setup {
    /// Where to say things.
    pub(crate) printer: Printer,
    /// The flags that every command takes.
    pub(crate) globals: Globals,
    /// What we were given from outside.
    pub(crate) surroundings: Surroundings,
    /// The configuration.
    pub(crate) config: Config,
}

impl Setup {
    /// Reads the configuration.
    ///
    /// # Errors
    /// A configuration that cannot be read.
    pub(crate) fn load(globals: Globals, surroundings: Surroundings, printer: Printer) -> Result<Self> {
        let Surroundings { registry, environment, .. } = &surroundings;
        let asked = globals.config_file.as_deref().filter(|file| !file.as_os_str().is_empty());
        let config = Config::load(registry.clone(), environment.clone(), asked)?;
        if config.is_outdated() {
            printer.warn("~/.machine is where the configuration used to be; move it to ~/.config/machine");
        }
        Ok(Self { printer, globals, surroundings, config })
    }

    /// The one provider that the command line names, where it names any.
    ///
    /// # Errors
    /// Several, which few commands can do with.
    pub(crate) fn asked_provider(&self) -> Result<Option<&str>> {
        let asked = self.globals.provider.as_deref().filter(|name| !name.is_empty());
        match asked.filter(|_| several::are_named(self)) {
            None => Ok(asked),
            Some(several) => {
                let what = format!("this command is for one provider, and `--provider {several}` names several");
                Err(Error::new(ErrorKind::Invalid, what).with_hint("`machine list`, `plan` and `create` take several"))
            }
        }
    }

    /// The account to use.
    ///
    /// # Errors
    /// A provider that there is none of; a section that cannot be read.
    pub(crate) fn choose(&self) -> Result<Choice> {
        let Choice { section, why } = self.config.choose(self.asked_provider()?)?;
        Ok(Choice { section: self.tuned(section), why })
    }

    /// The settings with what the command line says for every account.
    pub(crate) fn tuned(&self, section: Section) -> Section {
        if self.globals.no_rate_limit { section.overridden("rate-limit", false, "--no-rate-limit") } else { section }
    }

    /// What is wrong with the configuration and does not keep it from being used.
    ///
    /// # Errors
    /// What does.
    pub(crate) fn flaws(&self, section: &Section) -> Result<Vec<Error>> {
        self.config.budget()?;
        let mut flaws = self.config.unknown_keys();
        flaws.extend(section.check()?);
        ttl::configured(self, section)?;
        self.config.is_swept_elsewhere()?;
        Ok(flaws)
    }

    /// Says what is wrong and can be lived with.
    ///
    /// # Errors
    /// The first of it where the command line is strict.
    pub(crate) fn tolerate(&self, flaws: Vec<Error>) -> Result<()> {
        for flaw in flaws {
            if self.globals.strict {
                return Err(flaw);
            }
            self.printer.warn_of(&flaw);
        }
        Ok(())
    }

    /// Where things are kept on this computer; it may not be there yet.
    ///
    /// # Errors
    /// Where nothing says so.
    pub(crate) fn state(&self) -> Result<PathBuf> {
        StateDir::resolve(&self.surroundings.environment)
    }

    /// Opens the provider of that account, without layers. Makes no request.
    ///
    /// # Errors
    /// What is wrong with its settings, with their place.
    pub(crate) fn open(&self, section: &Section) -> Result<Opened> {
        let Surroundings { environment, clock, program, .. } = &self.surroundings;
        let state = self.state()?;
        section.open(&OpenContext {
            state_dir: state.join(section.kind().info().kind),
            program: program.clone(),
            environment: environment.clone(),
            clock: clock.clone(),
            owner: OwnerSource::from_fn(move || {
                let state = state.clone();
                async move { StateDir::open(state)?.owner().await }
            }),
        })
    }
}
