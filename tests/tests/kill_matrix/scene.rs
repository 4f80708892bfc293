//! A cloud of a lane's own, and an account in it in which others have machines too.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use machine_simcloud::{Charge, Cloud, Handle, Running, SimCloud, Statement};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::command::{Call, Ended, Kill, SPEED, myself};

/// The account.
pub(crate) const TOKEN: &str = "matrix";
/// How long something may take to come to rest.
const REST: Duration = Duration::from_secs(20);
/// What is there beside ours and has to stay, by name.
const OURS: &str = "keep-ours";
const THEIRS: &str = "keep-theirs";

/// A cloud, an account, and the computers of two owners.
pub(crate) struct Scene {
    runtime: Runtime,
    running: Option<Running>,
    pub(crate) handle: Handle,
    pub(crate) cloud: Cloud,
    variables: Vec<(String, String)>,
    dir: TempDir,
    /// The machine that carries no marker.
    unmarked: String,
}

impl Drop for Scene {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.shutdown());
        }
    }
}

impl Scene {
    pub(crate) fn new(cloud: Cloud) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let builder = SimCloud::builder().cloud(cloud, 0).speed(SPEED.into()).rate_limits(false).machines(false);
        let running = runtime.block_on(builder.start()).unwrap();
        let url = running.url(cloud).unwrap();
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut variables = vec![variable("MACHINE_PROVIDER", crate::plan::name(cloud))];
        variables.extend(match cloud {
            Cloud::Fly => vec![
                variable("FLY_API_TOKEN", TOKEN),
                variable("FLY_FLAPS_BASE_URL", &url),
                variable("FLY_API_BASE_URL", &url),
            ],
            Cloud::DigitalOcean => {
                vec![variable("DIGITALOCEAN_ACCESS_TOKEN", TOKEN), variable("DIGITALOCEAN_API_URL", &url)]
            }
            _ => vec![variable("VULTR_API_KEY", TOKEN), variable("VULTR_API_URL", &format!("{url}/v2"))],
        });
        let handle = running.handle(cloud).unwrap();
        let dir = tempfile::tempdir().unwrap();
        // At Fly an account is an app, and every owner has one of its own where nobody names it.
        let config = dir.path().join("config.yml");
        std::fs::write(&config, "fly:\n  app: matrix\n").unwrap();
        variables.push(variable("MACHINE_CONFIG", config.to_str().unwrap()));
        let mut scene =
            Self { runtime, running: Some(running), handle, cloud, variables, dir, unmarked: String::new() };
        // What has to be there at the end, whatever happens: another owner's machine, one of ours, one that nobody marked.
        for (state, name) in [(scene.other_state(), THEIRS), (scene.state(), OURS)] {
            let made = scene.call(&state, &["create", name, "--ttl", "3000h", "--no-reaper"]);
            assert_eq!(made.code, Some(0), "{}", made.said);
        }
        scene.unmarked = scene.handle.seed(1, TOKEN).unwrap().remove(0);
        scene
    }

    /// The computer that dies.
    pub(crate) fn state(&self) -> PathBuf {
        self.dir.path().join("ours")
    }

    fn other_state(&self) -> PathBuf {
        self.dir.path().join("theirs")
    }

    /// A computer that knows nothing yet.
    pub(crate) fn empty_state(&self, name: &str) -> PathBuf {
        self.dir.path().join(format!("empty-{name}"))
    }

    pub(crate) fn call(&self, state: &Path, args: &[&str]) -> Ended {
        self.run(state, args, None, None)
    }

    pub(crate) fn run(&self, state: &Path, args: &[&str], kill: Option<Kill>, later: Option<u32>) -> Ended {
        Call { kill, later, ..self.plain(state, args) }.run(&myself())
    }

    /// A command that nothing happens to.
    pub(crate) fn plain<'a>(&'a self, state: &'a Path, args: &[&'a str]) -> Call<'a> {
        let (variables, home, cloud) = (&*self.variables, self.dir.path(), &self.handle);
        Call { variables, home, state, args: args.to_vec(), kill: None, cloud, later: None }
    }

    /// A directory for what else belongs to the scene.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Calls until it says that all is settled, which takes as long as absence takes to be believed. What it said last.
    pub(crate) fn until_settled(&self, state: &Path, args: &[&str], later: Option<u32>) -> Result<(), String> {
        let began = Instant::now();
        loop {
            let ended = self.run(state, args, None, later);
            if ended.code == Some(0) {
                return Ok(());
            }
            if began.elapsed() > REST {
                return Err(format!("`machine {}` does not come to rest: {ended:?}", args.join(" ")));
            }
            std::thread::sleep(Duration::from_millis(400));
        }
    }

    /// Everything of this name that was ever paid for.
    pub(crate) fn charges(&self, name: &str) -> Vec<Charge> {
        // A volume's name carries its markers where the cloud has no better place for them, or a tag; and Fly knows no hyphens.
        let (marked, tagged) = (format!("{name} ["), format!("{}_m", name.replace('-', "_")));
        let begins = |charge: &Charge| charge.name.starts_with(&marked) || charge.name.starts_with(&tagged);
        let is_its = |charge: &Charge| charge.name == name || charge.kind == "volume" && begins(charge);
        self.bill().charges.into_iter().filter(is_its).collect()
    }

    /// What still costs something of this name.
    pub(crate) fn open(&self, name: &str) -> Vec<Charge> {
        self.charges(name).into_iter().filter(|charge| charge.until.is_none()).collect()
    }

    /// How many things were ever paid for whose names begin so.
    pub(crate) fn count(&self, beginning: &str) -> usize {
        self.bill().charges.iter().filter(|charge| charge.name.starts_with(beginning)).count()
    }

    /// How many of them still cost something.
    pub(crate) fn open_count(&self, beginning: &str) -> usize {
        let is_open = |charge: &&Charge| charge.name.starts_with(beginning) && charge.until.is_none();
        self.bill().charges.iter().filter(is_open).count()
    }

    fn bill(&self) -> Statement {
        self.running.as_ref().and_then(|running| running.bill(self.cloud)).unwrap()
    }

    /// What had to stay and has not.
    pub(crate) fn wronged(&self) -> Vec<String> {
        let mut gone: Vec<String> =
            [OURS, THEIRS].into_iter().filter(|name| self.open(name).len() != 1).map(str::to_owned).collect();
        if !self.bill().charges.iter().any(|charge| charge.id == self.unmarked && charge.until.is_none()) {
            gone.push("the machine that carries no marker".to_owned());
        }
        gone
    }
}
