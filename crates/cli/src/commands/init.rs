//! `machine init`.

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::Args;
use machine_config::{Config, Kind, NewAccount, NewValue, with_account, with_provider};
use machine_core::{EnvSetting, Error, ErrorKind, Layers, Result, Secret};

use crate::cli::Globals;
use crate::config_file::Draft;
use crate::dry_run;
use crate::failure::{Failure, code};
use crate::printer::Printer;
use crate::setup::Setup;
use crate::surroundings::Surroundings;
use crate::terminal;

const EXAMPLES: &str = "\
Examples:
  machine init                                               asks for everything
  machine init --provider digitalocean
  machine init --provider vultr --token-env VULTR_API_KEY    the file names the variable
  machine init --provider fly --section work --token-stdin < token";

/// The longest text that is taken for a token.
const TOKEN_AT_MOST: usize = 16 * 1024;

/// Sets up an account: asks for the provider and its token, tries the token, and writes both into the configuration file, which
/// nobody else can read. What else is in the file stays as it is.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Init {
    /// Take the token from standard input.
    #[arg(long, conflicts_with = "token_env")]
    token_stdin: bool,
    /// Have the file name an environment variable that holds the token [default: the provider's own].
    #[arg(long, value_name = "VARIABLE", num_args = 0..=1, default_missing_value = "")]
    token_env: Option<String>,
    /// The name of the section [default: the provider's].
    #[arg(long, value_name = "NAME")]
    section: Option<String>,
    /// Replace the token of a section that is there already, without asking.
    #[arg(long, short)]
    yes: bool,
}

/// Where the token comes from.
enum Token {
    Here(Secret),
    Variable(String),
}

/// What everything is asked with.
struct Desk<'a> {
    printer: &'a Printer,
    globals: Globals,
    surroundings: Surroundings,
    config: Config,
    file: PathBuf,
}

impl Init {
    /// Asks, tries, writes.
    ///
    /// # Errors
    /// `Invalid` where something has to be asked and there is no terminal; `Unauthenticated` where the provider refuses the token:
    /// the file is as it was then.
    pub(crate) async fn run(
        &self,
        globals: Globals,
        surroundings: Surroundings,
        printer: &Printer,
    ) -> Result<u8, Failure> {
        let asked = globals.config_file.as_deref().filter(|file| !file.as_os_str().is_empty());
        let file = Config::place(&surroundings.environment, asked).ok_or_else(|| {
            Error::new(ErrorKind::Config, "there is no place for the configuration file: HOME is not set")
                .with_hint("name one with --config-file")
        })?;
        let config = Config::at(surroundings.registry.clone(), surroundings.environment.clone(), &file)?;
        let desk = Desk { printer, globals, surroundings, config, file };
        let (kind, section) = self.account(&desk)?;
        let Some(setting) = kind.credential() else {
            printer
                .line(format_args!("{} needs no token and nothing in the configuration file.", kind.info().title))?;
            return next(&desk, &section);
        };
        let what = format!("set {} in the section `{section}` of {}", setting.key, desk.file.display());
        if dry_run::told(&desk.globals, printer, what)? {
            return Ok(code::OK);
        }
        self.may_replace(&desk, &section, setting)?;
        let token = self.token(&desk, &kind, setting)?;
        let value = match &token {
            Token::Here(secret) => NewValue::Secret(secret),
            Token::Variable(name) => NewValue::Variable(name),
        };
        let account = NewAccount { section: &section, kind: kind.info().kind, key: setting.key, value: &value };
        write(&desk, &account).await?;
        printer.line(format_args!("Written: {}", desk.file.display()))?;
        next(&desk, &section)
    }

    /// The kind of provider, and the name of the section.
    fn account(&self, desk: &Desk<'_>) -> Result<(Kind, String)> {
        let named = match desk.globals.provider.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => name.to_owned(),
            None => desk.ask_for_kind()?,
        };
        let found = desk.config.section(&named)?;
        let name = self.section.as_deref().unwrap_or(found.name()).to_owned();
        let taken = desk.config.sections().into_iter().find(|(section, _)| *section == name);
        match taken {
            Some((_, other)) if other.info().kind != found.kind().info().kind => {
                let what = format!(
                    "the section `{name}` is for {}, not for {}",
                    other.info().title,
                    found.kind().info().title
                );
                Err(Error::new(ErrorKind::AlreadyExists, what).with_hint("choose another name with --section"))
            }
            _ if !is_plain(&name) => {
                let what = format!("`{name}` cannot be the name of a section");
                Err(Error::new(ErrorKind::Invalid, what).with_hint("use letters, digits, dashes and underscores"))
            }
            _ => Ok((found.kind().clone(), name)),
        }
    }

    /// Whether there is nothing to replace, or it may be.
    fn may_replace(&self, desk: &Desk<'_>, section: &str, setting: EnvSetting) -> Result<(), Failure> {
        let is_there = desk.config.sections().iter().any(|(name, _)| *name == section);
        if !is_there || self.yes {
            return Ok(());
        }
        let question = format!("The file has a section `{section}` already. Set its {}?", setting.key);
        if !desk.printer.streams().reads_terminal() {
            let what = format!("there is a section `{section}` in `{}` already", desk.file.display());
            return Err(Error::new(ErrorKind::AlreadyExists, what)
                .with_hint("add --yes to set its token, or choose another name with --section")
                .into());
        }
        if desk.confirm(&question, false)? {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Cancelled, "nothing was changed").into())
    }

    fn token(&self, desk: &Desk<'_>, kind: &Kind, setting: EnvSetting) -> Result<Token, Failure> {
        let environment = &desk.surroundings.environment;
        if let Some(name) = &self.token_env {
            let name = if name.is_empty() { setting.name } else { name };
            if environment.get(name).is_none() {
                let what = format!("the environment variable `{name}` is not set, so it cannot be tried");
                return Err(Error::new(ErrorKind::Unauthenticated, what)
                    .with_hint(format!("export {name} first"))
                    .into());
            }
            return Ok(Token::Variable(name.to_owned()));
        }
        if self.token_stdin {
            return Ok(Token::Here(from_input(desk.printer)?));
        }
        if !desk.printer.streams().reads_terminal() {
            return Err(desk.nobody_to_ask(kind.info().kind, setting).into());
        }
        let set = kind.credentials().into_iter().find(|name| environment.get(name).is_some());
        if let Some(name) = set
            && desk
                .confirm(&format!("{name} is set here. Have the file name it, instead of the token itself?"), true)?
        {
            return Ok(Token::Variable(name.to_owned()));
        }
        desk.printer.ask(format_args!("{} of {} (it is not shown): ", setting.key, kind.info().title));
        let secret = terminal::read_hidden(desk.printer.streams());
        desk.printer.ask("\n");
        secret.map(Token::Here)
    }
}

impl Desk<'_> {
    fn ask_for_kind(&self) -> Result<String> {
        let kinds: Vec<&Kind> = self.config.registry().iter().collect();
        if !self.printer.streams().reads_terminal() {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.info().kind).collect();
            return Err(Error::new(ErrorKind::Invalid, "there is no terminal to ask on which provider to set up")
                .with_hint(format!("add --provider ({}) and --token-stdin or --token-env", names.join(", "))));
        }
        let mut question = String::from("Which provider?\n");
        for (index, kind) in kinds.iter().enumerate() {
            question.push_str(&format!("  {}  {:<14} {}\n", index + 1, kind.info().kind, kind.info().title));
        }
        self.printer.ask(format_args!("{question}Number or name: "));
        let answer = self.answer()?;
        let chosen = answer.parse::<usize>().ok().and_then(|number| kinds.get(number.checked_sub(1)?));
        Ok(chosen.map_or(answer, |kind| kind.info().kind.to_owned()))
    }

    fn confirm(&self, question: &str, usual: bool) -> Result<bool> {
        self.printer.ask(format_args!("{question} {} ", if usual { "[Y/n]" } else { "[y/N]" }));
        Ok(match self.answer()?.to_lowercase().as_str() {
            "" => usual,
            answer => matches!(answer, "y" | "yes"),
        })
    }

    fn answer(&self) -> Result<String> {
        let line = self.printer.streams().read_line();
        let line = line.map_err(|errno| Error::io("cannot read the answer", errno.into()))?;
        Ok(line.trim().to_owned())
    }

    fn nobody_to_ask(&self, kind: &str, setting: EnvSetting) -> Error {
        let file = self.file.display();
        Error::new(ErrorKind::Invalid, "there is no terminal to ask for the token on").with_hint(format!(
            "add --token-stdin, or --token-env {}; or write it by hand into `{file}`: `{kind}: {{{}: TOKEN}}`",
            setting.name, setting.key
        ))
    }
}

/// Writes the file, once it is known that it reads as it is meant and that the provider takes the token.
async fn write(desk: &Desk<'_>, account: &NewAccount<'_>) -> Result<()> {
    let text = match fs::read_to_string(&desk.file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Error::io(format!("cannot read `{}`", desk.file.display()), error)),
    };
    let mut text = with_account(&text, account)?;
    let before = desk.config.sections();
    // What was used without a word must go on to be used without a word.
    if let [(only, _)] = before.as_slice()
        && *only != account.section
        && !desk.config.says_provider()
    {
        desk.printer.note(format_args!("`{only}` stays the provider where none is named"));
        text = with_provider(&text, only);
    }
    let draft = Draft::write(&desk.file, &text)?;
    let setup = Setup::load(
        Globals { config_file: Some(draft.path().to_owned()), ..desk.globals.clone() },
        desk.surroundings.clone(),
        desk.printer.clone(),
    )?;
    let expected = before.len() + usize::from(!before.iter().any(|(name, _)| *name == account.section));
    if setup.config.sections().len() != expected {
        let what = format!("`{}` is written in a way that is not changed from here", desk.file.display());
        return Err(Error::new(ErrorKind::Config, what)
            .with_hint(format!("write `{}` into the section `{}` by hand", account.key, account.section)));
    }
    attempt(&setup, account.section, desk.printer).await?;
    draft.put_in_place()
}

/// Tries the credential. One that is refused is an error; that nobody could be asked is not.
async fn attempt(setup: &Setup, section: &str, printer: &Printer) -> Result<()> {
    let section = setup.tuned(setup.config.section(section)?);
    let provider = Layers::default().around(setup.open(&section)?.provider);
    match provider.account().await {
        Ok(account) => printer.note(format_args!("The token is accepted: {}", account.name)),
        Err(error) if error.kind() == ErrorKind::Unauthenticated => {
            return Err(error.with_context("file", "left as it was"));
        }
        Err(error) => {
            printer.warn_of(&error);
            printer
                .warn("the token could not be tried and is written down all the same; `machine check` tries it again");
        }
    }
    Ok(())
}

fn from_input(printer: &Printer) -> Result<Secret> {
    let (mut text, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = printer.streams().read(&mut piece);
        let read = read.map_err(|errno| Error::io("cannot read the token", errno.into()))?;
        text.extend(piece.iter().take(read));
        if read == 0 || text.len() > TOKEN_AT_MOST {
            break;
        }
    }
    let text = String::from_utf8(text)
        .map_err(|_| Error::new(ErrorKind::Invalid, "the token on standard input is not text"))?;
    Ok(Secret::new(text.trim()))
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_'))
}

/// Says what to type now.
fn next(desk: &Desk<'_>, section: &str) -> Result<u8, Failure> {
    let config = Config::at(desk.config.registry().clone(), desk.surroundings.environment.clone(), &desk.file);
    let is_usual = config.is_ok_and(|config| config.choose(None).is_ok_and(|choice| choice.section.name() == section));
    let flag = if is_usual { String::new() } else { format!(" --provider {section}") };
    desk.printer.line(format_args!("Next: machine create{flag} web-1"))?;
    Ok(code::OK)
}
