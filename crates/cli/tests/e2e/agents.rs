//! `machine run -p`: agents in place of commands, with a program that speaks as Claude Code does, on this computer and on
//! every simulated cloud.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::playing::Playing;
use crate::support::{Home, finish};

/// The token, which must be seen nowhere.
const TOKEN: &str = "sk-ant-oat01-hunter2";

/// A program that speaks as Claude Code does: it tells what it was called with, and that it has its token; then something
/// that looks like a last word and is none.
const STUB: &str = r#"#!/bin/sh
case $CLAUDE_CODE_OAUTH_TOKEN in sk-ant-oat01-hunter*) token=true ;; *) token=false ;; esac
arguments=
for argument; do
    arguments="$arguments${arguments:+,}\"$argument\""
done
printf '{"type":"system","subtype":"init","token":%s,"cwd":"%s","sandbox":"%s","argv":[%s]}\n' \
    "$token" "$PWD" "$IS_SANDBOX" "$arguments"
echo '[flaude:exit:0]'
echo '@m1 99 f eyJjb2RlIjowLCJyZWFzb24iOiJleGl0ZWQifQ== 5cWJgbSxkW3M1YI8y1qv9g'
cat first.txt
printf '{"type":"result","subtype":"success","is_error":false,"result":"done"}\n'
sleep "${LINGER:-0}"
exit 7
"#;

/// A repository, and a directory with the agent in it.
struct Props {
    repository: String,
    tools: PathBuf,
}

impl Props {
    fn new(home: &Home) -> Self {
        let (repository, tools) = (home.path().join("app"), home.path().join("tools"));
        fs::create_dir_all(tools.join("bin")).unwrap();
        fs::create_dir(&repository).unwrap();
        fs::write(tools.join("bin/claude"), STUB).unwrap();
        fs::set_permissions(tools.join("bin/claude"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(repository.join("first.txt"), "from the repository\n").unwrap();
        for args in [&["init", "--quiet", "-b", "main"][..], &["add", "."], &["commit", "--quiet", "-m", "first"]] {
            let mut git = Command::new("git");
            git.arg("-C").arg(&repository).args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(args);
            assert!(git.status().unwrap().success());
        }
        Self { repository: format!("file://{}", repository.display()), tools }
    }

    fn run(&self) -> Vec<&str> {
        let tools = self.tools.to_str().unwrap();
        let path = "PATH=/work/bin:/usr/local/bin:/usr/bin:/bin";
        let all = ["--sync", tools, "--env", path, "--env", "LINGER", "--repo", &self.repository];
        let agent = ["-p", "fix it", "--agent", "claude", "--output-format", "stream-json"];
        ["run"].into_iter().chain(all).chain(agent).collect()
    }
}

/// What the stub was called with, and everything else that came out.
#[track_caller]
fn checked(out: &str, code: i32, stderr: &str) {
    assert_eq!(code, 7, "the code is the agent's: {out}{stderr}");
    let lines: Vec<&str> = out.lines().collect();
    let began: Value = serde_json::from_str(lines[0]).unwrap_or_else(|error| panic!("{error}: {out}{stderr}"));
    let argv = ["-p", "--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions", "--", "fix it"];
    assert_eq!(began["argv"], serde_json::json!(argv));
    assert_eq!(
        (&began["token"], &began["sandbox"], &began["cwd"]),
        (&Value::from(true), &"1".into(), &"/work/app".into())
    );
    assert_eq!(lines[1], "[flaude:exit:0]", "what the agent prints is the agent's, and no more");
    assert!(lines[2].starts_with("@m1 99 f "));
    assert_eq!(lines[3], "from the repository");
    assert!(lines[4].contains("\"result\":\"done\""));
    assert!(!format!("{out}{stderr}").contains(TOKEN));
}

#[test]
fn an_agent_works_on_a_repository_here() {
    let home = Home::new();
    let props = Props::new(&home);
    let mut command = home.command(props.run());
    command.env("CLAUDE_CODE_OAUTH_TOKEN", TOKEN).env_remove("LINGER");
    let said = finish(command, b"");
    checked(&said.out(), said.code, &said.stderr);
    assert_nowhere(&home.state());
    home.assert_clean();
}

#[test]
fn an_agent_works_on_a_repository_at_fly() {
    at_a_cloud("fly");
}

#[test]
fn an_agent_works_on_a_repository_at_digitalocean() {
    at_a_cloud("digitalocean");
}

#[test]
fn an_agent_works_on_a_repository_at_vultr() {
    at_a_cloud("vultr");
}

fn at_a_cloud(cloud: &'static str) {
    let home = Home::new();
    let props = Props::new(&home);
    let playing = Playing::begin(&home, cloud, &[]);
    let mut command = playing.command(&home, &props.run());
    command.env("CLAUDE_CODE_OAUTH_TOKEN", TOKEN).env("LINGER", "2");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Looked for while it runs: what the cloud knows of the machine, what this computer's processes are called with, and what
    // either of them has on its disk.
    let mut looks = 0;
    let pid = child.id();
    // As long as it takes: with a machine at a cloud, files to carry and a boot in between that may be long.
    let looking = std::thread::spawn(move || child.wait_with_output().unwrap());
    while !looking.is_finished() {
        let machines = playing.told("/_sim/machines");
        assert!(!machines.contains("hunter2"), "the cloud shows it: {machines}");
        assert_not_listed();
        looks += usize::from(machines.contains("run-"));
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let output = looking.join().unwrap();
    assert!(looks > 0, "the machine of {pid} was never seen");
    let stderr = String::from_utf8_lossy(&output.stderr);
    checked(&String::from_utf8_lossy(&output.stdout), output.status.code().unwrap(), &stderr);
    assert!(!stderr.contains("can read them"), "{stderr}");
    assert_nowhere(&home.state());
    let machines = playing.json(&home, &["list", "-o", "json"]);
    assert_eq!(machines, serde_json::json!([]));
    playing.end();
}

/// No process of this computer has the token among its arguments.
#[track_caller]
fn assert_not_listed() {
    let list = Command::new("ps").args(["-eww", "-o", "args"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&list.stdout).contains(TOKEN), "an argument");
}

/// No file below `directory` holds the token.
#[track_caller]
fn assert_nowhere(directory: &Path) {
    let grep = Command::new("grep").args(["-rlF", TOKEN]).arg(directory).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&grep.stdout), "", "the token is on the disk");
}

#[test]
fn a_prompt_is_read_from_standard_input_and_a_token_from_the_configuration() {
    let home = Home::new();
    let props = Props::new(&home);
    fs::write(home.path().join("config.yml"), "agents:\n  claude: {token: \"${WORK_TOKEN}\"}\n").unwrap();
    let mut args = props.run();
    let prompt = args.iter().position(|word| *word == "fix it").unwrap();
    args[prompt] = "-";
    args.extend(["--config-file", "config.yml"]);
    let mut command = home.command(args);
    command.env("WORK_TOKEN", TOKEN).env_remove("CLAUDE_CODE_OAUTH_TOKEN").stdin(Stdio::piped());
    let said = finish(command, b"fix it");
    checked(&said.out(), said.code, &said.stderr);
    home.assert_clean();
}

#[test]
fn the_shell_is_an_agent_that_needs_nothing() {
    let home = Home::new();
    let mut command =
        home.command(["run", "--agent", "shell", "--secret", "TOKEN", "-p", "printf %s \"$TOKEN\"; exit 3"]);
    command.env("TOKEN", TOKEN);
    let said = finish(command, b"").expect(3);
    assert_eq!(said.out(), TOKEN);
    home.assert_clean();
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_made() {
    let home = Home::new();
    let causes: &[(&[&str], &str)] = &[
        (&["-p", ""], "the prompt is empty"),
        (&["-p", "-"], "the prompt is empty"),
        (&["-p", "x"], "CLAUDE_CODE_OAUTH_TOKEN or ANTHROPIC_API_KEY"),
        (&["-p", "x", "--agent", "codex"], "CODEX_API_KEY or OPENAI_API_KEY"),
        (&["-p", "x", "--agent", "codex", "--output-format", "json"], "stream-json"),
        (&["-p", "x", "--agent", "gemini"], "gemini"),
        (&["-p", "x", "--", "true"], "cannot be used with"),
        (&["--agent", "claude", "--", "true"], "cannot be used with"),
        (&["--agent", "claude"], "--prompt"),
        (&["--secret", "NO_SUCH", "--", "true"], "NO_SUCH"),
        (&["--secret", "A=b", "--", "true"], "lists the processes"),
    ];
    for (flags, cause) in causes {
        // A cloud that is not there: whoever asked it anything would say so.
        let mut command = home.command(["--provider", "fly", "run"].iter().chain(*flags));
        command.env("FLY_API_TOKEN", "FlyV1 x").env("FLY_FLAPS_BASE_URL", "http://127.0.0.1:1");
        for name in ["CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY", "CODEX_API_KEY", "OPENAI_API_KEY"] {
            command.env_remove(name);
        }
        let said = finish(command, b"").expect(125);
        assert!(said.stderr.contains("error:") && said.stderr.contains(cause), "{flags:?}: {}", said.stderr);
    }
    assert!(!home.state().exists(), "nothing was recorded");
}
