//! What `docs/guide/ci.md` and `docs/guide/scheduled.md` have readers copy: workflows, and a line for cron.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use machine_tests::documents::{blocks, commands};
use serde_json::Value;

fn workflows(guide: &str) -> Vec<Value> {
    blocks(guide, "yaml").iter().map(|block| serde_yaml::from_str(block).unwrap()).collect()
}

/// The command lines of `machine` in the steps of a workflow's only job.
fn lines(workflow: &Value) -> Vec<String> {
    let jobs = workflow["jobs"].as_object().unwrap();
    assert_eq!(jobs.len(), 1);
    let steps = jobs.values().next().unwrap()["steps"].as_array().unwrap().clone();
    assert!(steps.iter().all(|step| step["uses"].is_string() != step["run"].is_string()), "{steps:?}");
    steps.iter().filter_map(|step| step["run"].as_str()).flat_map(str::lines).flat_map(commands).collect()
}

/// Reads a command line as `machine` would; redirections are the shell's.
#[track_caller]
fn read(line: &str) -> clap::ArgMatches {
    let words = shlex::split(line).unwrap();
    let words = words.iter().map(String::as_str).take_while(|word| !matches!(*word, ">" | ">>" | "<"));
    machine_cli::command_tree().try_get_matches_from(words).unwrap_or_else(|error| panic!("{line}: {error}"))
}

#[test]
fn the_workflows_are_ones_and_what_they_run_can_be_read() {
    let all: Vec<Value> = ["ci.md", "scheduled.md"].into_iter().flat_map(workflows).collect();
    let names: Vec<_> = all.iter().map(|workflow| workflow["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["fix", "review", "nightly"]);
    for (workflow, command) in all.iter().zip(["run", "run", "batch"]) {
        assert!(workflow["on"].is_object() && workflow["permissions"].is_object(), "{workflow}");
        let job = workflow["jobs"].as_object().unwrap().values().next().unwrap();
        assert!(job["timeout-minutes"].is_u64() && job["runs-on"].is_string(), "{job}");
        for (name, value) in job["env"].as_object().unwrap() {
            assert!(value.as_str().unwrap().starts_with("${{ "), "{name} is written down");
        }
        let read: Vec<_> = lines(workflow).iter().map(|line| read(line)).collect();
        assert!(read.iter().any(|matches| matches.subcommand_name() == Some(command)), "{workflow}");
    }
}

#[test]
fn the_agent_that_reviews_may_change_nothing() {
    let review = &workflows("ci.md")[1];
    let lines = lines(review);
    let matches = lines.iter().map(|line| read(line)).find(|matches| matches.subcommand_name() == Some("run")).unwrap();
    let run = matches.subcommand_matches("run").unwrap();
    assert_eq!(run.get_one::<String>("permission_mode").unwrap(), "plan");
    assert_eq!(review["permissions"]["contents"], "read");
}

#[test]
fn the_line_for_cron_is_one_that_can_be_read() {
    let block = blocks("scheduled.md", "text").remove(0);
    let words: Vec<&str> = block.trim().split(' ').collect();
    assert!(
        words[..5].iter().all(|word| word.chars().all(|letter| letter.is_ascii_digit() || letter == '*')),
        "{block}"
    );
    let (_, line) = block.trim().split_once(".lock\" ").unwrap();
    assert_eq!(read(line).subcommand_name(), Some("batch"));
}
