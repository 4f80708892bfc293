//! `docs/guide/create-flags.md` against the program and the simulated clouds.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::rows::{DO, FLY, ROW, VULTR};
use crate::scene::Scene;

const DOCUMENT: &str = "../../docs/guide/create-flags.md";

/// The providers, in the order of the columns.
const COLUMNS: [&str; 4] = ["local", FLY, DO, VULTR];

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC4Nn2DWhyCvJvlPZFjnL3xPQDXwLkTp3Ay9XJDMQqjr somebody";

/// What the document says of each flag at each provider.
fn table() -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT)).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows = rows.map(cells).map(|mut cells| (cells.remove(0).trim_matches('`').to_owned(), cells));
    rows.collect()
}

/// The words with which a cell says that a flag is refused; none for what is done.
#[track_caller]
fn refusal(cell: &str) -> Option<&str> {
    let done = cell == "done" || cell.starts_with("done: ");
    let refused = cell.strip_prefix("refused: ");
    assert!(done != refused.is_some(), "a cell says `done` or `refused: WHY`, and not `{cell}`");
    refused
}

/// The flag with something to say to it, in the provider's words.
fn sample(flag: &str, provider: &str) -> Vec<&'static str> {
    let (size, region) = match provider {
        FLY => ("shared-cpu-2x", "iad"),
        DO => ("s-1vcpu-2gb", "nyc3"),
        VULTR => ("vc2-1c-2gb", "ewr"),
        _ => ("half", "local"),
    };
    match flag {
        "COMMAND" => vec!["--", "sleep", "60"],
        "--env" => vec!["--env", "A=b"],
        "--env-file" => vec!["--env-file", "env.txt"],
        "--workdir" => vec!["--workdir", "/tmp"],
        "--ttl" => vec!["--ttl", "1h"],
        "--image" => vec!["--image", "debian-12"],
        "--size" => vec!["--size", size],
        "--region" => vec!["--region", region],
        "--ssh-key" => vec!["--ssh-key", "somebody"],
        "--user-data" => vec!["--user-data", "short.txt"],
        "--cpus" => vec!["--cpus", "1"],
        "--memory" => vec!["--memory", "512m"],
        "--pids" => vec!["--pids", "100"],
        "--net" => vec!["--net", "none"],
        "--publish" => vec!["--net", "none", "--publish", "18080:80"],
        "--mount" => vec!["--mount", "short.txt:/tmp/short.txt"],
        "--volume" => vec!["--volume", "data-1:/data"],
        "--max-price" => vec!["--max-price", "1"],
        "--label" => vec!["--label", "a=b"],
        "--tag" => vec!["--tag", "blue"],
        flag => panic!("there is no sample of {flag}"),
    }
}

#[test]
fn the_table_has_every_flag_and_no_other() {
    let tree = machine_cli::command_tree();
    let create = tree.find_subcommand("create").expect("there is such a command");
    // What is not about the machine itself, or is what a type of the configuration stands for.
    let others = [
        "name",
        "named",
        "of_type",
        "initialize",
        "no_initialize",
        "wait",
        "no_wait",
        "timeout",
        "count",
        "plan",
        "choice",
        "progress",
        "no_progress",
        "wait_for_ip",
        "no_wait_for_ip",
        "update_dns",
        "no_update_dns",
        "progress",
        "no_progress",
        "output",
    ];
    let own = create.get_arguments().filter(|argument| !argument.is_global_set());
    let own = own.filter(|argument| others.iter().all(|other| argument.get_id() != *other));
    let flags = own.filter(|argument| argument.get_long() != Some("help")).map(|argument| match argument.get_long() {
        Some(long) => format!("--{long}"),
        None => argument.get_value_names().expect("a positional has a name")[0].to_string(),
    });
    let mut flags: Vec<_> = flags.collect();
    flags.sort();
    assert_eq!(table().into_keys().collect::<Vec<_>>(), flags);
    assert!(table().values().all(|cells| cells.len() == COLUMNS.len()), "every row has a cell for every provider");
}

#[test]
fn what_this_computer_refuses_is_refused_with_these_words() {
    // Any scene will do: the home is what is needed. What is done here is what the other tests of this command are about.
    let scene = Scene::new(VULTR);
    for (flag, cells) in table() {
        if let Some(words) = refusal(&cells[0]) {
            check(&scene, "local", &flag, Some(words));
        }
    }
}

#[test]
fn fly_does_what_the_table_says() {
    column(1);
}

#[test]
fn digitalocean_does_what_the_table_says() {
    column(2);
}

#[test]
fn vultr_does_what_the_table_says() {
    column(3);
}

fn column(number: usize) {
    let provider = COLUMNS[number];
    let scene = Scene::new(provider);
    match provider {
        DO => drop(scene.ask("POST", "/v2/account/keys", &json!({"name": "somebody", "public_key": KEY}))),
        VULTR => drop(scene.ask("POST", "/v2/ssh-keys", &json!({"name": "somebody", "ssh_key": KEY}))),
        _ => {}
    }
    for (flag, cells) in table() {
        check(&scene, provider, &flag, refusal(&cells[number]));
    }
}

/// Creates a machine with the flag, which is refused with these words and leaves nothing, or done.
fn check(scene: &Scene, provider: &str, flag: &str, refused: Option<&str>) {
    std::fs::write(scene.path().join("env.txt"), "A=b\n").unwrap();
    let mut args = vec!["--provider", provider, "create", "flagged"];
    args.extend(sample(flag, provider));
    let machines = || scene.ask("GET", "/_sim/machines", &Value::Null)["machines"].as_array().map_or(0, Vec::len);
    let before = machines();
    let (code, out, err) = scene.machine(&ROW, &args);
    match refused {
        Some(words) => {
            assert!(code == 2 && out.is_empty() && err.contains(words), "{provider} {flag}: {code} {out}{err}");
            assert_eq!(machines(), before, "{provider} {flag}: nothing is left");
        }
        None => {
            assert_eq!(code, 0, "{provider} {flag}: {err}");
            let (code, _, err) = scene.machine(&ROW, &["--provider", provider, "destroy", "--yes", "flagged"]);
            assert_eq!(code, 0, "{provider} {flag}: {err}");
        }
    }
}
