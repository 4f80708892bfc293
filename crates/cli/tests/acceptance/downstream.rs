//! The scripts that call the older tool, as they are written: by sh, with jq and awk behind pipes.

use std::process::Command;

use crate::dns::shell;
use crate::stage::{CLOUDS, DO, Stage};
use crate::status::with_server;
use crate::support::{Said, eventually, finish};

/// Whether this computer has jq; a computer that has to have everything is told that it lacks it.
fn has_jq() -> bool {
    let has = Command::new("jq").arg("--version").output().is_ok();
    assert!(has || std::env::var_os("MACHINE_REQUIRE").is_none(), "there is no jq: install it");
    has
}

#[track_caller]
fn script(stage: &Stage, text: &str) -> Said {
    finish(shell(stage, text), b"")
}

#[test]
fn a_cluster_host_is_made_polled_and_destroyed() {
    if !has_jq() {
        return;
    }
    let stage = Stage::with(DO, &["--speed", "20"]);
    stage.playing.zone("example.com");
    stage.configure(&with_server(&DO.config("  dns-zone: example.com\n")));
    let begin = r#"
        set -e
        MACHINE_CMD="machine --config-file $HOME/.config/machine/config.yml"
        $MACHINE_CMD create --name k3s-host --type box --wait-for-ip >&2
        MACHINE_ID=$($MACHINE_CMD list --name k3s-host --output json | jq -r '.[0].id')
        echo "$MACHINE_ID"
    "#;
    let id = script(&stage, begin).expect(0).out().trim_end().to_owned();
    assert_eq!(stage.done(&["list", "-q"]), format!("{id}\n"));
    let poll = format!("machine status --id {id} --output json | jq -r '.[0][\"cloud-init-status\"]'");
    eventually("it to be up", || script(&stage, &poll).expect(0).out() == "UP\n");
    script(&stage, "machine status | grep 'cloud-init-status=UP'").expect(0);
    let end = format!(
        r#"
        set -e
        test "$(machine list --id {id} --output json | jq length)" -eq 1
        test "$(machine list --id 999999 --output json | jq length)" -eq 0
        cleanup() {{ machine destroy --no-confirm --delete-dns {id}; }}
        trap cleanup EXIT
        machine list-domain --output json example.com | jq -r '.[] | select(.name == "k3s-host") | .data'
    "#
    );
    let said = script(&stage, &end).expect(0);
    assert!(said.out().starts_with("127."), "{said:?}");
    script(&stage, "test \"$(machine list --output json | jq length)\" -eq 0").expect(0);
    assert_eq!(stage.done(&["list-domain", "--all", "-n", "k3s-host"]), "");
    stage.end();
}

#[test]
fn ids_go_from_list_to_destroy() {
    if !has_jq() {
        return;
    }
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        script(&stage, "machine check || { echo 'check failed' >&2; exit 1; }").expect(0);
        let text = r#"
            set -e
            machine create --name ci-host --no-initialize > /dev/null
            machine create --name ci-host --no-initialize > /dev/null
            ids=$(machine list --all --name ci-host -q)
            test "$(echo "$ids" | wc -l)" -eq 2
            machine destroy --all --no-confirm $ids
            machine list --all --name ci-host -q
        "#;
        assert_eq!(script(&stage, text).expect(0).out(), "");
        // A person answers for each.
        let text = r"
            set -e
            machine create --name one --no-initialize > /dev/null
            machine create --name two --no-initialize > /dev/null
            printf 'YES\nYES\n' | machine destroy $(machine list -q) > asked
            grep -c 'Type YES' asked
            machine list -q
        ";
        assert_eq!(script(&stage, text).expect(0).out().lines().count(), 1);
        // Every run of a CI has a client of its own, and must leave nothing.
        let text = r#"
            set -e
            SESSION=ci-$(date +%s)-$$
            machine --session-id "$SESSION" create --name leak --type box --wait-for-ip --output json > made.json
            test "$(jq -r '.type' made.json)" = box
            id=$(machine --session-id "$SESSION" list --name leak --output json | jq -r '.[0].id')
            test "$id" = "$(jq -r '.id' made.json)"
            echo "$SESSION" > session
        "#;
        script(&stage, text).expect(0);
        let text = r#"
            set -e
            SESSION=$(cat session)
            machine list --output json | jq length
            machine --session-id "$SESSION" destroy --no-confirm --delete-dns "$(jq -r '.id' made.json)"
            machine --session-id "$SESSION" list --output json | jq length
        "#;
        assert_eq!(script(&stage, text).expect(0).out(), "0\n0\n");
        stage.end();
    }
}
