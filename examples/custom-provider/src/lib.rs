//! Machines on paper, a sheet for each in a drawer: a whole provider.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};
use machine_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

/// Paper, as a kind of provider.
#[derive(Debug)]
pub struct PaperKind;

/// What stands in the section `paper:` of the configuration.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct PaperSection {
    /// The word that opens the drawer.
    access_token: Option<Secret>,
    /// The directory that is the drawer.
    drawer: Option<PathBuf>,
}

impl ProviderKind for PaperKind {
    type Config = PaperSection;
    const INFO: ProviderInfo = ProviderInfo { kind: "paper", title: "Paper", documentation: "https://paper.example" };
    const ENVIRONMENT: &'static [EnvSetting] = &[EnvSetting { name: "PAPER_TOKEN", key: "access-token" }];

    fn open(section: PaperSection, context: &OpenContext) -> Result<Opened> {
        let missing = || Error::new(ErrorKind::Unauthenticated, "there is no token").with_hint("set PAPER_TOKEN");
        let token = section.access_token.ok_or_else(missing)?;
        let drawer = section.drawer.unwrap_or_else(|| context.state_dir.clone());
        fs::create_dir_all(&drawer).map_err(|error| Error::io("there is no such drawer", error))?;
        let capabilities = Capabilities {
            remote: false,
            create_once: CreateOnce::IdFromIntent,
            stops_bill: StopsBill::Free,
            price_source: PriceSource::Free,
            list_lag: Duration::ZERO,
            rename: true,
            ..Capabilities::minimal()
        };
        Ok(Opened::new(Paper { token, drawer, capabilities }))
    }
}

#[derive(Debug)]
struct Paper {
    token: Secret,
    drawer: PathBuf,
    capabilities: Capabilities,
}

fn sheet_of(intent: IntentId) -> MachineId {
    MachineId::new(format!("sheet-{intent}"))
}

impl Paper {
    fn sheet(&self, id: &MachineId) -> PathBuf {
        self.drawer.join(format!("{}.json", id.as_str().replace('/', "-")))
    }

    fn read(&self, id: &MachineId) -> Result<Option<Machine>> {
        match fs::read(self.sheet(id)) {
            Ok(text) => {
                serde_json::from_slice(&text).map_err(|error| Error::new(ErrorKind::Protocol, error.to_string()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("cannot read a sheet", error)),
        }
    }

    fn write(&self, machine: Machine) -> Result<Machine> {
        let failed = |error| Error::io("cannot write a sheet", error);
        let draft = self.sheet(&machine.id).with_extension("draft");
        fs::write(&draft, serde_json::json!(machine).to_string()).map_err(failed)?;
        fs::rename(draft, self.sheet(&machine.id)).map_err(failed)?;
        Ok(machine)
    }

    fn read_all(&self) -> Result<Vec<Machine>> {
        let files = fs::read_dir(&self.drawer).map_err(|error| Error::io("cannot open the drawer", error))?;
        let names = files.flatten().filter_map(|file| file.file_name().into_string().ok());
        let ids = names.filter_map(|name| name.strip_suffix(".json").map(MachineId::new));
        ids.filter_map(|id| self.read(&id).transpose()).collect()
    }
}

#[async_trait]
impl CloudProvider for Paper {
    fn info(&self) -> &ProviderInfo {
        &PaperKind::INFO
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn account(&self) -> Result<Account> {
        if self.token.expose() != "open-sesame" {
            return Err(Error::new(ErrorKind::Unauthenticated, "the drawer does not open to this token"));
        }
        Ok(Account { id: AccountId::new("drawer"), name: self.drawer.display().to_string() })
    }

    async fn create(&self, intent: &RecordedIntent, spec: &MachineSpec) -> Result<Machine> {
        let id = sheet_of(intent.intent().id);
        if let Some(made) = self.read(&id)? {
            return Ok(made);
        }
        let mut sheet = Machine::new(id.as_str(), spec.name.as_str(), PaperKind::INFO.kind, "running");
        sheet.labels.clone_from(&spec.labels);
        sheet.created_at = Some(jiff::Timestamp::now());
        sheet.markers = Some(intent.intent().markers());
        self.write(sheet)
    }

    async fn preview(&self, spec: &MachineSpec) -> Result<Preview> {
        Ok(Preview { steps: vec![format!("write a sheet for `{}`", spec.name)], ..Preview::default() })
    }

    async fn find(&self, intent: IntentId) -> Result<Found> {
        let as_of = jiff::Timestamp::now();
        let machines = self.read(&sheet_of(intent))?.into_iter().collect();
        Ok(Found { machines, completeness: Completeness::Complete, as_of })
    }

    async fn get(&self, id: &MachineId) -> Result<Machine> {
        self.read(id)?.ok_or_else(|| Error::not_found("machine", id))
    }

    fn list(&self, which: Selector) -> BoxStream<'static, Result<Page>> {
        let sheets = self.read_all().map(|all| all.into_iter().filter(|one| which.matches(one)).collect());
        stream::iter([sheets.map(Page::only)]).boxed()
    }

    async fn update(&self, id: &MachineId, change: &MachineChange) -> Result<Machine> {
        let mut machine = self.get(id).await?;
        change.apply_to(&mut machine);
        self.write(machine)
    }

    async fn wait(&self, id: &MachineId, until: &Until) -> Result<Machine> {
        poll_until(|| self.get(id), until, Duration::from_millis(50)).await
    }

    async fn power(&self, id: &MachineId, to: Power) -> Result<()> {
        let state = match to {
            Power::Start | Power::Reboot { .. } => "running",
            Power::Stop { .. } => "stopped",
            _ => return Err(Error::unsupported(PaperKind::INFO.kind, "a sheet cannot be suspended")),
        };
        self.write(Machine { state: state.into(), raw_state: state.into(), ..self.get(id).await? }).map(drop)
    }

    async fn destroy(&self, id: &MachineId) -> Result<Destroyed> {
        match fs::remove_file(self.sheet(id)) {
            Ok(()) => Ok(Destroyed::Accepted),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Destroyed::AlreadyGone),
            Err(error) => Err(Error::io("cannot shred a sheet", error)),
        }
    }

    fn logs(&self, _: MachineId, _: LogOptions) -> BoxStream<'static, Result<LogLine>> {
        stream::iter([Err(Error::unsupported(PaperKind::INFO.kind, "a sheet keeps no log"))]).boxed()
    }

    async fn exec(&self, _: &MachineId, _: Exec) -> Result<ExecSession> {
        Err(Error::unsupported(PaperKind::INFO.kind, "nothing runs on paper"))
    }

    async fn shell(&self, _: &MachineId, _: Option<&str>) -> Result<Shell> {
        Err(Error::unsupported(PaperKind::INFO.kind, "nothing runs on paper"))
    }

    fn catalog(&self) -> &dyn Catalog {
        &NothingOnOffer
    }

    fn volumes(&self) -> Option<&dyn Volumes> {
        None
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        None
    }

    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        None
    }

    fn dns(&self) -> Option<&dyn Dns> {
        None
    }

    fn projects(&self) -> Option<&dyn Projects> {
        None
    }
}
