//! `machine list` of several accounts at once.

use serde_json::Value;

use crate::playing::Playing;
use crate::support::{Home, Said, finish};

const CONFIG: &str = "\
fly: {region: iad}
work: {kind: digitalocean}
vultr: {}
";

/// Three clouds with a machine each, and a home that has an account at all of them.
struct World {
    home: Home,
    clouds: Vec<(Home, Playing)>,
}

impl World {
    fn new() -> Self {
        let home = Home::new();
        let config = home.path().join("home/.config/machine");
        std::fs::create_dir_all(&config).unwrap();
        std::fs::write(config.join("config.yml"), CONFIG).unwrap();
        let clouds = ["fly", "digitalocean", "vultr"].map(|cloud| {
            let elsewhere = Home::new();
            let playing = Playing::begin(&elsewhere, cloud, &["--no-machines"]);
            (elsewhere, playing)
        });
        let world = Self { home, clouds: clouds.into() };
        for (section, name) in [("fly", "web-1"), ("work", "web-2"), ("vultr", "web-3")] {
            world.run(&[], &["--provider", section, "create", name]).expect(0);
        }
        world
    }

    /// `machine` with the variables of all three, and these.
    #[track_caller]
    fn run(&self, more: &[(&str, &str)], args: &[&str]) -> Said {
        let mut command = self.home.command(["--no-rate-limit"].iter().chain(args).copied());
        for (_, cloud) in &self.clouds {
            command.envs(cloud.variables.iter().map(|(name, value)| (name, value)));
        }
        command.envs(more.iter().copied());
        finish(command, b"")
    }

    /// Everything is taken away again.
    fn end(self) {
        for (section, name) in [("fly", "web-1"), ("work", "web-2"), ("vultr", "web-3")] {
            self.run(&[], &["--provider", section, "destroy", "--yes", name]).expect(0);
        }
        for (_, cloud) in self.clouds {
            cloud.end();
        }
    }
}

fn names(said: &Said) -> Vec<String> {
    let json: Value = serde_json::from_slice(&said.stdout).unwrap();
    json.as_array().unwrap().iter().map(|machine| machine["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_healthy_ones_are_listed_and_the_failed_one_is_named() {
    let world = World::new();
    // Every account, this computer included, is well.
    let said = world.run(&[], &["list", "--provider", "all", "-o", "json"]).expect(0);
    assert_eq!((names(&said), said.stderr.as_str()), (vec!["web-1".into(), "web-2".into(), "web-3".into()], ""));
    let json: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!((&json[1]["provider"], &json[1]["account"]), (&"digitalocean".into(), &"work".into()));

    // One is not: its token is refused.
    let bad = [("VULTR_API_KEY", "")];
    let table = world.run(&bad, &["list", "--provider", "all", "-o", "table"]).expect(9);
    let rows: Vec<Vec<String>> =
        table.out().lines().map(|line| line.split_whitespace().take(2).map(str::to_owned).collect()).collect();
    assert_eq!(rows, [["NAME", "PROVIDER"], ["web-1", "fly"], ["web-2", "work"]]);
    assert!(table.stderr.contains("error: `vultr` is not listed: ") && table.stderr.contains("hint: "), "{table:?}");

    let said = world.run(&bad, &["list", "--provider", "fly,vultr,work,fly", "-o", "json"]).expect(9);
    assert_eq!(names(&said), ["web-1", "web-2"]);
    let error: Value = serde_json::from_str(said.stderr.trim()).unwrap();
    assert_eq!((&error["error"]["code"], &error["error"]["kind"]), (&4.into(), &"unauthenticated".into()));

    let ids = world.run(&bad, &["list", "--provider", "all", "-o", "ids"]).expect(9);
    assert!(ids.out().lines().count() == 2 && ids.stderr.contains("`vultr`"), "{ids:?}");
    let text = world.run(&bad, &["list", "--provider", "vultr,work"]).expect(9);
    assert!(text.out().starts_with("work: web-2 ("), "{text:?}");

    // None is well: the code is the first one's, and nothing is shown.
    let none = [("VULTR_API_KEY", ""), ("DIGITALOCEAN_ACCESS_TOKEN", "")];
    let said = world.run(&none, &["list", "--provider", "vultr,work", "-o", "json"]).expect(4);
    assert!(said.stdout.is_empty() && said.stderr.lines().count() == 2, "{said:?}");
    world.end();
}

#[test]
fn an_account_that_fails_at_its_cloud_is_named_with_its_reason() {
    let world = World::new();
    let (_, cloud) = &world.clouds[1];
    let fault = r#"[{"operation":"list_droplets","when":"before","times":1000,
        "what":{"status":{"code":500,"body":{"id":"server_error","message":"Server Error"}}}}]"#;
    let answer = cloud.ask("POST", "/_sim/faults", fault);
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    let said = world.run(&[], &["list", "--provider", "all", "-o", "json"]).expect(9);
    assert_eq!(names(&said), ["web-1", "web-3"]);
    assert!(said.stderr.contains("`work` is not listed") && said.stderr.contains("Server Error"), "{said:?}");
    cloud.ask("DELETE", "/_sim/faults", "");
    world.end();
}

#[test]
fn other_commands_take_one_and_unknown_names_are_usage() {
    let home = Home::new();
    for args in [
        &["status"][..],
        &["destroy", "-y", "web-1"],
        &["gc"],
        &["gc", "--install-timer"],
        &["cost"],
        &["check"],
        &["config", "show"],
    ] {
        for several in ["local,fly", "all"] {
            let said = home.machine(args.iter().chain(&["--provider", several])).expect(2);
            assert!(
                said.stderr.contains("names several") && said.stderr.contains("machine list"),
                "{args:?}: {said:?}"
            );
        }
    }
    let said = home.machine(["list", "--provider", "local,flyy"]).expect(2);
    assert!(said.stderr.contains("no provider `flyy`") && said.stderr.contains("fly"), "{said:?}");
    let said = home.machine(["list", "--provider", "local,nowhere"]).expect(2);
    assert!(said.stderr.contains("there is: local, fly, digitalocean, vultr"), "{said:?}");
    home.machine(["list", "--provider", ","]).expect(2);
    assert_eq!(home.machine(["list", "--provider", "all"]).expect(0).out(), "");
}
