//! `machine batch`: many jobs by one command.

use std::fs;
use std::io::BufReader;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::guides;
use crate::playing::Playing;
use crate::support::{Home, Said, end_of, eventually, finish, read_until, signal};

/// The results, in the order of the jobs.
#[track_caller]
fn results(said: &Said) -> Vec<Value> {
    let mut results: Vec<Value> = said.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    results.sort_by_key(|result| result["index"].as_u64());
    results
}

/// One field of each.
fn each(results: &[Value], field: &str) -> Value {
    results.iter().map(|result| result[field].clone()).collect()
}

#[test]
fn every_job_has_a_result_and_is_kept() {
    let home = Home::new();
    let jobs = "
        defaults: {timeout: 20s, env: {WHO: world, N: 1}}
        items:
        - command: [sh, -c, 'mkdir out; echo hello $WHO $N $HERE | tee out/f; sleep 0.5']
          env: {N: 2, HERE: null}
        - {name: bad, tag: t1, command: [sh, -c, 'exit 3']}
        - {agent: shell, prompt: 'mkdir out; echo prompt'}
        - {command: [sleep, '60'], timeout: 1s}
        - {command: [no-such-program]}";
    fs::write(home.path().join("jobs.yml"), jobs).unwrap();
    let mut command = home.command(["batch", "jobs.yml", "--fetch", "out", "--into", "results"]);
    command.env("HERE", "here");
    let said = finish(command, b"").expect(9);
    let told = results(&said);
    assert_eq!(each(&told, "name"), json!(["1", "bad", "3", "4", "5"]));
    assert_eq!(each(&told, "outcome"), json!(["succeeded", "failed", "succeeded", "timed-out", "failed"]));
    assert_eq!(each(&told, "exit_code"), json!([0, 3, 0, 124, 127]));
    assert_eq!(each(&told, "tag"), json!([null, "t1", null, null, null]));
    assert_eq!(said.stderr.trim(), "5 jobs: 2 succeeded, 2 failed, 1 timed out");
    let first = said.out().lines().next().unwrap().to_owned();
    assert!(!first.contains("\"index\":0"), "results come as they come: {first}");
    assert_eq!(fs::read_to_string(home.path().join("results/1/out/f")).unwrap(), "hello world 2 here\n");
    let logs = |index: usize| home.machine(["jobs", "logs", told[index]["job"].as_str().unwrap()]).expect(0).out();
    assert_eq!((logs(0).as_str(), logs(2).as_str()), ("hello world 2 here\n", "prompt\n"));
    let shown = home.machine(["jobs", "show", told[1]["job"].as_str().unwrap()]).expect(0).out();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert!(shown["gone"].is_object() && shown["ended"]["code"] == 3, "{shown}");
    home.assert_clean();
}

#[test]
fn the_exit_code_says_whether_all_some_or_none_have_succeeded() {
    let home = Home::new();
    for (codes, expected) in [(&[0, 0][..], 0), (&[0, 1], 9), (&[1, 2], 1)] {
        let lines = codes.iter().map(|code| format!("{{\"command\": [\"sh\", \"-c\", \"exit {code}\"]}}\n"));
        let said = home.machine_with_input(["batch", "-"], lines.collect::<String>().as_bytes()).expect(expected);
        assert_eq!(results(&said).len(), codes.len());
    }
    let said = home.machine_with_input(
        ["batch", "-", "-j", "1", "--on-failure", "stop"],
        b"- command: [\"false\"]\n- command: [\"true\"]\n",
    );
    let said = said.expect(1);
    assert_eq!(each(&results(&said), "outcome"), json!(["failed", "not-begun"]));
    assert!(said.stderr.contains("machine batch resume"), "{}", said.stderr);
    home.assert_clean();
}

#[test]
fn what_cannot_be_run_is_refused_before_anything_is_made() {
    let home = Home::new();
    let wrong = [
        ("- command: [a]\n- cmd: [b]", 2, "item 2: unknown field `cmd`"),
        ("- {command: [a], provider: nowhere}", 2, "nowhere"),
        ("- {command: [a], timeout: soon}", 2, "job `1`: `timeout`"),
        ("- {command: [a], secrets: [ABSENT]}", 2, "job `1`: `--secret ABSENT`"),
        ("- {prompt: fix}", 4, "job `1`: claude needs a token"),
        ("- {prompt: ' '}", 2, "job `1`: the prompt is empty"),
        ("- {command: [a], repos: ['::']}", 2, "job `1`"),
        ("", 2, "there is no job in it"),
    ];
    for (text, code, expected) in wrong {
        let said = home.machine_with_input(["batch", "-"], text.as_bytes()).expect(code);
        assert!(said.stderr.contains(expected), "{text}: {}", said.stderr);
        assert_eq!(said.out(), "");
    }
    home.machine(["batch", "absent.yml"]).expect(2);
    home.machine(["batch"]).expect(2);
    home.machine(["batch", "resume", "absent"]).expect(3);
    home.machine(["--dry-run", "batch", "absent.yml"]).expect(2);
    assert!(home.names().is_empty(), "nothing was made");
    home.assert_clean();
}

/// Three jobs that end, and one that takes as long as the variable says.
const WITH_A_SLOW_ONE: &str = "
    - {command: [\"true\"]}
    - {command: [sh, -c, 'exit 3']}
    - {name: slow, command: [sh, -c, 'echo runs; sleep $SPAN'], env: {SPAN: null}}
    - {command: [\"true\"]}";

/// The command about to be started.
fn slow(home: &Home) -> Command {
    fs::write(home.path().join("jobs.yml"), WITH_A_SLOW_ONE).unwrap();
    let mut command = home.command(["batch", "jobs.yml"]);
    command.env("SPAN", "60").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The batch that is kept.
fn only_batch(home: &Home) -> String {
    let names: Vec<_> = fs::read_dir(home.state().join("batches")).unwrap().collect();
    assert_eq!(names.len(), 1);
    names[0].as_ref().unwrap().file_name().into_string().unwrap()
}

/// Starts it, and waits until all but the slow one have ended.
fn begun(home: &Home) -> std::process::Child {
    let mut child = slow(home).spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..3 {
        read_until(&mut reader, "\n");
    }
    eventually("the slow one to run", || {
        home.names().len() == 1 && home.machine(["jobs", "list"]).expect(0).out().contains("running")
    });
    child
}

#[test]
fn a_batch_whose_command_is_killed_goes_on_with_what_is_not_done() {
    let home = Home::new();
    let child = begun(&home);
    let id = only_batch(&home);
    home.machine(["batch", "resume", &id]).expect(5);
    signal(&child, Signal::KILL);
    end_of(child).expect(137);
    eventually("the reaper to end the machine", || home.names().is_empty());
    let mut command = home.command(["batch", "resume", &id[..20]]);
    command.env("SPAN", "0");
    let said = finish(command, b"").expect(9);
    let told = results(&said);
    assert_eq!((each(&told, "name"), each(&told, "outcome")), (json!(["slow"]), json!(["succeeded"])));
    assert_eq!(said.stderr.trim(), "4 jobs: 3 succeeded, 1 failed");
    let said = home.machine(["batch", "resume", &id]).expect(9);
    assert_eq!(said.out(), "", "nothing is left to do");
    home.assert_clean();
}

#[test]
fn an_interrupted_batch_leaves_no_machine() {
    let home = Home::new();
    let child = begun(&home);
    signal(&child, Signal::INT);
    let said = end_of(child).expect(130);
    assert!(said.stderr.contains(&format!("machine batch resume {}", only_batch(&home))), "{}", said.stderr);
    assert!(home.names().is_empty());
    home.assert_clean();
}

#[test]
fn one_prompt_is_given_to_many_repositories() {
    let home = Home::new();
    let mut urls = "# two of them\n\n".to_owned();
    for name in ["app", "lib"] {
        let repository = home.path().join(name);
        fs::create_dir(&repository).unwrap();
        fs::write(repository.join("name.txt"), name).unwrap();
        for args in [&["init", "--quiet", "-b", "main"][..], &["add", "."], &["commit", "--quiet", "-m", "first"]] {
            let mut git = Command::new("git");
            git.arg("-C").arg(&repository).args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(args);
            assert!(git.status().unwrap().success());
        }
        urls += &format!("file://{}\n", repository.display());
    }
    fs::write(home.path().join("repos.txt"), urls).unwrap();
    let said = home.machine(["batch", "--repos", "repos.txt", "-p", "cat name.txt", "--agent", "shell"]).expect(0);
    let told = results(&said);
    for (result, name) in told.iter().zip(["app", "lib"]) {
        assert!(result["tag"].as_str().unwrap().ends_with(name), "{result}");
        assert_eq!(home.machine(["jobs", "logs", result["job"].as_str().unwrap()]).expect(0).out(), name);
    }
    home.assert_clean();
}

#[test]
fn a_full_cloud_is_left_for_the_next_that_is_named() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &[]);
    let full = json!([{
        "operation": "create_machine", "when": "before", "times": 1,
        "what": {"status": {"code": 503, "body": {"error": "no room", "status": "insufficient_capacity"}}},
    }]);
    let answer = fly.ask("POST", "/_sim/faults", &full.to_string());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let jobs = "- command: [echo, a]\n- command: [echo, b]\n";
    fs::write(home.path().join("jobs.yml"), jobs).unwrap();
    let (code, out, err) = fly.apart(&home, &[], &["batch", "jobs.yml", "-j", "1", "--provider", "fly,local"]);
    assert_eq!(code, 0, "{out}{err}");
    let told: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(each(&told, "provider"), json!(["local", "fly"]), "{out}");
    let bill: Value = serde_json::from_str(fly.told("/_sim/bill").split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let charges = bill["charges"].as_array().unwrap();
    assert!(charges.iter().all(|charge| charge["id"] == charges[0]["id"] && !charge["until"].is_null()), "{bill}");
    fly.end();
    home.assert_clean();
}

#[test]
fn its_guide_is_true() {
    let home = Home::new();
    let guide = guides::text("batch.md");
    let document = guide.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    fs::write(home.path().join("jobs.yml"), document).unwrap();
    let bin = guides::bin(&home);
    let commands = guides::commands(&guide);
    assert!(commands.len() > 1, "{commands:?}");
    for command in &commands {
        guides::check(&home, &bin, None, command);
    }
    home.assert_clean();
}

/// Runs a script of a guide, with `machine` first on the path; what it wrote.
fn script(home: &Home, bin: &std::path::Path, directory: &std::path::Path, text: &str) -> String {
    let mut command = Command::new("sh");
    command.args(["-ec", text]).current_dir(directory).env("HOME", home.path()).env("MACHINE_STATE_DIR", home.state());
    command.env(
        "PATH",
        std::env::join_paths([bin, "/usr/local/bin".as_ref(), "/usr/bin".as_ref(), "/bin".as_ref()]).unwrap(),
    );
    for (name, value) in [("NAME", "a"), ("EMAIL", "a@example.org")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn what_several_agents_have_changed_is_put_together_as_its_guide_says() {
    let home = Home::new();
    let (bin, app) = (guides::bin(&home), home.path().join("app"));
    fs::create_dir(&app).unwrap();
    fs::write(app.join("a.txt"), "one\ntwo\nthree\n").unwrap();
    let run = |text: &str| script(&home, &bin, &app, text);
    run("git init -qb main && git add . && git commit -qm first");
    // The agents of the guide, played by a shell: the third changes the line that the first has changed.
    let guide = guides::text("multi-agent.md");
    let block = |language: &str, number: usize| {
        let fence = format!("```{language}\n");
        guide.split(&fence).nth(number).and_then(|rest| rest.split("```").next()).unwrap().to_owned()
    };
    let mut parts: Value = serde_yaml::from_str(&block("yaml", 1)).unwrap();
    parts["defaults"]["agent"] = "shell".into();
    for (item, prompt) in parts["items"].as_array_mut().unwrap().iter_mut().zip([
        "sed -i s/two/TWO/ a.txt",
        "echo docs > b.txt; git add b.txt; git -c user.name=a -c user.email=a@b commit -qm docs",
        "sed -i s/two/zwei/ a.txt",
    ]) {
        item["prompt"] = prompt.into();
    }
    fs::write(app.join("parts.yml"), serde_yaml::to_string(&parts).unwrap()).unwrap();
    fs::write(app.join(".git/info/exclude"), "parts.yml\npatches\nconflict.txt\n").unwrap();
    run(&block("sh", 1));
    let said = run(&block("sh", 2));
    assert!(said.contains("conflict: patches/tests.patch") && said.matches("conflict: ").count() == 1, "{said}");
    assert!(said.contains("a.txt"), "the file is named: {said}");
    assert_eq!(fs::read_to_string(app.join("a.txt")).unwrap(), "one\nTWO\nthree\n");
    assert_eq!(run("git log --format=%s"), "parser\ndocs\nfirst\n", "the newest first, in the order of their names");
    assert_eq!(run("git status --short"), "");
    home.assert_clean();
}
