//! What `docs/guide/gc.md` has readers copy into files of theirs.

#![allow(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use machine_tests::documents::{blocks, commands};
use serde_json::Value;

const GUIDE: &str = "gc.md";

fn yaml() -> Vec<Value> {
    blocks(GUIDE, "yaml").iter().map(|block| serde_yaml::from_str(block).unwrap()).collect()
}

#[test]
fn the_workflow_sweeps_regularly_and_one_at_a_time() {
    let workflow = yaml().into_iter().find(|document| document["jobs"].is_object()).unwrap();
    let cron = workflow["on"]["schedule"][0]["cron"].as_str().unwrap();
    assert_eq!(cron.split(' ').count(), 5, "{cron}");
    assert_eq!(workflow["concurrency"]["cancel-in-progress"], false, "a sweep is not torn in the middle");
    let job = &workflow["jobs"]["sweep"];
    for kind in machine_cli::Runner::builtin().registry().iter().filter(|kind| !kind.environment().is_empty()) {
        let given = job["env"].as_object().unwrap();
        let credential = kind.credentials().into_iter().find_map(|name| Some((name, given.get(name)?)));
        let (name, value) = credential.unwrap_or_else(|| panic!("no secret for {}", kind.info().kind));
        assert_eq!(value.as_str().unwrap(), format!("${{{{ secrets.{name} }}}}"));
    }
    let steps = job["steps"].as_array().unwrap().iter().filter_map(|step| step["run"].as_str());
    let lines: Vec<_> = steps.flat_map(commands).collect();
    assert!(lines.iter().any(|line| line.ends_with(" gc --all-owners --expired")), "{lines:?}");
    for line in lines {
        let words = shlex::split(&line).unwrap();
        machine_cli::command_tree().try_get_matches_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn the_configurations_are_ones() {
    let schema = jsonschema::validator_for(&machine_cli::Runner::builtin().registry().schema()).unwrap();
    let configurations: Vec<_> = yaml().into_iter().filter(|document| !document["jobs"].is_object()).collect();
    assert!(configurations.len() >= 3, "they were found");
    for configuration in configurations {
        let wrong: Vec<_> = schema.iter_errors(&configuration).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{configuration}: {wrong:?}");
    }
}

#[test]
fn the_line_for_cron_is_one_that_can_be_read() {
    let lines: Vec<String> =
        blocks(GUIDE, "text").iter().flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let line = lines.iter().find_map(|line| line.strip_prefix("*/10 * * * * ")).unwrap();
    machine_cli::command_tree().try_get_matches_from(shlex::split(line).unwrap()).unwrap();
}
