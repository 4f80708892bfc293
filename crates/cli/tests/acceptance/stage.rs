//! The stage of every test: a simulated cloud, and a home with a configuration as the users of the older tool have one.

use std::cell::Cell;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::playing::Playing;
use crate::support::{Home, Said, finish};

/// A name that a section of the file is called by, and that of the cloud that plays it.
pub(crate) const DO: Cloud = Cloud { section: "digital-ocean", played: "digitalocean", credential: "access-token" };
pub(crate) const VULTR: Cloud = Cloud { section: "vultr", played: "vultr", credential: "api-key" };
pub(crate) const CLOUDS: [Cloud; 2] = [DO, VULTR];

/// Keys as people register them; the comments are what YAML trips over.
pub(crate) const KEYS: [&str; 2] = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me: here #1",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC4Nn2DWhyCvJvlPZFjnL3xPQDXwLkTp3Ay9XJDMQqjr ci@\"host\" - yes",
];

/// The client id of the home.
pub(crate) const CLIENT: &str = "744ff52d";

/// Types of machines.
pub(crate) const MACHINES: &str = "\
machines:
  Web:
    new-user-name: deploy
    script-url: https://s/x.sh
    script-dir: /opt/d
    script-path: /opt/d/x.sh
    script-args: \"-y --pw 'a b' $MACHINE_FQDN\"
  box: {new-user-name: ops}
";

/// A cloud that the older tool knows.
#[derive(Clone, Copy)]
pub(crate) struct Cloud {
    pub(crate) section: &'static str,
    pub(crate) played: &'static str,
    pub(crate) credential: &'static str,
}

impl Cloud {
    /// Its section of the file, with `more` lines.
    pub(crate) fn config(self, more: &str) -> String {
        let (image, size, region) = match self.section {
            "vultr" => ("2284", "vc2-1c-1gb", "ewr"),
            _ => ("ubuntu-24-04-x64", "s-1vcpu-1gb", "nyc3"),
        };
        let Self { section, credential, .. } = self;
        format!(
            "{section}:\n  {credential}: ${{TOKEN}}\n  ssh-key: laptop\n  machine-size: {size}\n  image: {image}\n  \
             region: {region}\n{more}{MACHINES}"
        )
    }

    /// What creates a machine there.
    pub(crate) fn create(self) -> &'static str {
        if self.section == "vultr" { "create_instance" } else { "create_droplet" }
    }
}

/// A cloud and a home.
pub(crate) struct Stage {
    pub(crate) home: Home,
    pub(crate) playing: Playing,
    pub(crate) cloud: Cloud,
    seen: Cell<usize>,
}

impl Stage {
    /// With the two keys `laptop` and `ci`, and a configuration that names the first.
    pub(crate) fn new(cloud: Cloud) -> Self {
        Self::with(cloud, &["--no-machines", "--speed", "120"])
    }

    /// The same, with these flags for the simulated cloud.
    pub(crate) fn with(cloud: Cloud, flags: &[&str]) -> Self {
        let home = Home::new();
        let playing = Playing::begin(&home, cloud.played, flags);
        let stage = Self { home, playing, cloud, seen: Cell::new(0) };
        for (name, key) in ["laptop", "ci"].iter().zip(KEYS) {
            let (path, field) = match cloud.section {
                "vultr" => ("/v2/ssh-keys", "ssh_key"),
                _ => ("/v2/account/keys", "public_key"),
            };
            stage.put(path, &json!({"name": name, field: key}));
        }
        stage.configure(&cloud.config(""));
        std::fs::write(stage.config_dir().join("session-id.yml"), format!("id: {CLIENT}\n")).unwrap();
        stage
    }

    pub(crate) fn config_dir(&self) -> std::path::PathBuf {
        self.home.path().join("home/.config/machine")
    }

    /// Writes the configuration file.
    pub(crate) fn configure(&self, text: &str) {
        std::fs::create_dir_all(self.config_dir()).unwrap();
        std::fs::write(self.config_dir().join("config.yml"), text).unwrap();
    }

    /// `machine` as a user of the older tool has it: the file says who provides, and has the token from a variable.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.playing.command(&self.home, args);
        for name in ["MACHINE_PROVIDER", "DIGITALOCEAN_ACCESS_TOKEN", "VULTR_API_KEY"] {
            command.env_remove(name);
        }
        command.env("TOKEN", "simulated");
        command
    }

    #[track_caller]
    pub(crate) fn machine(&self, args: &[&str]) -> Said {
        finish(self.command(args), b"")
    }

    /// With this on standard input.
    #[track_caller]
    pub(crate) fn answered(&self, args: &[&str], input: &str) -> Said {
        let mut command = self.command(args);
        command.stdin(Stdio::piped());
        finish(command, input.as_bytes())
    }

    /// What it says on standard output, and it ends well.
    #[track_caller]
    pub(crate) fn done(&self, args: &[&str]) -> String {
        self.machine(args).expect(0).out()
    }

    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let out = self.done(args);
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{args:?}: {error}: {out}"))
    }

    /// A new machine's id and address.
    #[track_caller]
    pub(crate) fn made(&self, name: &str) -> (String, String) {
        let id = self.done(&["--quiet", "create", "--name", name, "--no-initialize", "--no-update-dns"]);
        (id.trim_end().to_owned(), self.done(&["ip", name]).trim_end().to_owned())
    }

    /// What the cloud answers to somebody else.
    #[track_caller]
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.playing.ask(method, path, &body);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
        serde_json::from_str(body).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn put(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", path, body)
    }

    /// A record that somebody else made.
    pub(crate) fn record(&self, zone: &str, kind: &str, name: &str, data: &str) {
        self.put(
            &format!("/v2/domains/{zone}/records"),
            &json!({"type": kind, "name": name, "data": data, "ttl": 1800}),
        );
    }

    /// What goes wrong at the cloud from now on.
    pub(crate) fn faults(&self, faults: &Value) {
        self.ask("POST", "/_sim/faults", faults);
    }

    pub(crate) fn calm(&self) {
        self.ask("DELETE", "/_sim/faults", &Value::Null);
    }

    /// What the cloud was asked since this was asked last.
    pub(crate) fn asked(&self) -> Vec<Value> {
        let all = self.ask("GET", "/_sim/traffic", &Value::Null);
        let all = all["requests"].as_array().unwrap();
        let from = self.seen.replace(all.len());
        all[from..].to_vec()
    }

    /// The same, but for what merely looks.
    pub(crate) fn changes(&self) -> Vec<Value> {
        self.asked().into_iter().filter(|asked| asked["method"] != "GET").collect()
    }

    /// What a machine is made with: the body of the only request that makes one.
    #[track_caller]
    pub(crate) fn creation(&self) -> Value {
        let asked = self.asked();
        let made: Vec<_> = asked.iter().filter(|asked| asked["operation"] == self.cloud.create()).collect();
        assert_eq!(made.len(), 1, "{asked:#?}");
        made[0]["body"].clone()
    }

    /// How many machines there are, whoever made them.
    pub(crate) fn machines(&self) -> usize {
        self.ask("GET", "/_sim/machines", &Value::Null)["machines"].as_array().unwrap().len()
    }

    pub(crate) fn end(self) {
        self.playing.end();
    }
}

/// The operations, one for each request.
pub(crate) fn operations(asked: &[Value]) -> Vec<&str> {
    asked.iter().map(|asked| asked["operation"].as_str().unwrap()).collect()
}
