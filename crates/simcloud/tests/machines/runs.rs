//! What runs in a machine, and what is told of it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::{MACHINES, create, exec, exit, logs, order, until_processes, up, wait, wrote};

pub(crate) async fn a_command_that_ends_says_how() {
    let (running, caller) = up().await;
    for (script, code, signal) in [("exit 3", 3, -1), ("exit 0", 0, -1), ("kill -9 $$", 137, 9)] {
        let machine = create(&caller, script, json!({})).await;
        let ended = exit(&wait(&caller, &machine, "stopped").await);
        let told = (&ended["guest_exit_code"], &ended["guest_signal"], &ended["requested_stop"]);
        assert_eq!(told, (&json!(code), &json!(signal), &json!(false)), "{script}");
    }
    running.shutdown().await;
}

pub(crate) async fn a_log_goes_on_where_it_was_left() {
    let (running, caller) = up().await;
    let machine =
        create(&caller, "i=0; while [ $i -lt 250 ]; do i=$((i+1)); echo $i; done; echo end >&2", json!({})).await;
    wait(&caller, &machine, "stopped").await;
    let (mut lines, mut token) = (Vec::new(), "1".to_owned());
    for expected in [100, 100, 51, 0] {
        let (page, next) = logs(&caller, &machine, &token).await;
        assert_eq!(page.len(), expected, "lines on a page");
        lines.extend(page);
        token = next;
    }
    let expected: Vec<String> = (1..=250).map(|number| number.to_string()).chain(["end".to_owned()]).collect();
    assert_eq!(lines, expected);
    let (last, _) = logs(&caller, &machine, "").await;
    assert_eq!(last, expected[151..], "without a token, the last hundred");
    caller.call("GET", "/api/v1/apps/web/logs?next_token=odd", Value::Null, 400).await;
    running.shutdown().await;
}

pub(crate) async fn commands_run_inside() {
    let (running, caller) = up().await;
    let machine = create(&caller, "exec sleep 1000", json!({})).await;
    wait(&caller, &machine, "started").await;
    let script = json!({"command": ["sh", "-c", "cat; echo err >&2; exit 4"], "stdin": "given"});
    assert_eq!(exec(&caller, &machine, script).await, (4, "given".to_owned(), "err\n".to_owned()));
    let line = json!({"cmd": "printf '[%s]' \"a b\" c"});
    assert_eq!(exec(&caller, &machine, line).await.1, "[a b][c]");
    assert_eq!(exec(&caller, &machine, json!({"command": ["no-such-program"]})).await.0, 127);
    let run = format!("{machine}/exec");
    let slow = json!({"command": ["sleep", "31.4159"], "timeout": 1});
    let slow = caller.call("POST", &run, slow, 408).await;
    assert!(slow["error"].as_str().unwrap().contains("deadline_exceeded"), "{slow}");
    until_processes("31.4159", 0).await;
    for wrong in [json!({}), json!({"command": []}), json!({"command": [1]}), json!({"cmd": "a 'b"})] {
        caller.call("POST", &run, wrong, 400).await;
    }
    caller.call("POST", &format!("{machine}/stop"), json!({"signal": "SIGKILL"}), 200).await;
    wait(&caller, &machine, "stopped").await;
    caller.call("POST", &run, json!({"command": ["true"]}), 412).await;
    running.shutdown().await;
}

pub(crate) async fn a_program_that_is_missing_ends_the_machine() {
    let (running, caller) = up().await;
    let machine = create(&caller, "", json!({"init": {"exec": ["/no/such/program"]}})).await;
    let stopped = wait(&caller, &machine, "stopped").await;
    assert_eq!(exit(&stopped)["guest_exit_code"], 127);
    running.shutdown().await;
}

pub(crate) async fn the_machine_has_its_files_and_variables() {
    let (running, caller) = up().await;
    let script = "cat /run/note; echo $OWN $FLY_APP_NAME $FLY_REGION $FLY_MACHINE_ID; exec sleep 1000";
    let more = json!({
        "env": {"OWN": "mine"},
        "files": [{"guest_path": "/run/note", "raw_value": "bm90ZWQK"}],
    });
    let machine = create(&caller, script, more).await;
    let id = machine.rsplit('/').next().unwrap();
    wrote(&caller, &machine, &["noted", &format!("mine web iad {id}")]).await;
    running.shutdown().await;
}

pub(crate) async fn a_volume_outlives_its_machine() {
    let (running, caller) = up().await;
    let made = caller.call("POST", "/v1/apps/web/volumes", json!({"name": "data", "region": "iad"}), 200).await;
    let mounts = json!({"mounts": [{"volume": made["id"], "path": "/data"}]});
    for round in 1..=2 {
        let machine = create(&caller, "echo kept >>/data/file; cat /data/file", mounts.clone()).await;
        wait(&caller, &machine, "stopped").await;
        wrote(&caller, &machine, &["kept", "kept"][..round]).await;
        caller.call("DELETE", &machine, Value::Null, 200).await;
        wait(&caller, &machine, "destroyed").await;
    }
    running.shutdown().await;
}

pub(crate) async fn signals_are_sent() {
    let (running, caller) = up().await;
    let script = "trap 'echo usr' USR1; trap 'echo int; exit 5' INT; echo up; while :; do sleep 0.02; done";
    let machine = create(&caller, script, json!({})).await;
    wrote(&caller, &machine, &["up"]).await;
    caller.call("POST", &format!("{machine}/signal"), json!({"signal": "SIGUSR1"}), 200).await;
    wrote(&caller, &machine, &["up", "usr"]).await;
    assert_eq!(caller.get(&machine).await["state"], "started");
    caller.call("POST", &format!("{machine}/stop"), json!({"signal": "SIGINT", "timeout": "10s"}), 200).await;
    let ended = exit(&wait(&caller, &machine, "stopped").await);
    assert_eq!((&ended["guest_exit_code"], &ended["requested_stop"]), (&json!(5), &json!(true)));
    wrote(&caller, &machine, &["up", "usr", "int"]).await;
    running.shutdown().await;
}

pub(crate) async fn a_command_that_fails_is_started_again() {
    let (running, caller) = up().await;
    let made = caller.call("POST", "/v1/apps/web/volumes", json!({"name": "tries", "region": "iad"}), 200).await;
    let more = json!({
        "restart": {"policy": "on-failure", "max_retries": 5},
        "mounts": [{"volume": made["id"], "path": "/tries"}],
    });
    let script = "echo try >>/tries/all; [ $(wc -l </tries/all) -ge 3 ] || exit 1; echo done; exec sleep 1000";
    let machine = create(&caller, script, more).await;
    wrote(&caller, &machine, &["done"]).await;
    let events = caller.get(&machine).await["events"].as_array().unwrap().clone();
    let exits: Vec<_> = events.iter().filter(|event| event["type"] == "exit").collect();
    assert_eq!(exits.len(), 2);
    assert!(exits.iter().all(|event| event["request"]["exit_event"]["restarting"] == true), "{exits:?}");
    running.shutdown().await;
}

pub(crate) async fn another_configuration_makes_another_machine() {
    let (running, caller) = up().await;
    let script = "touch /tmp/old; echo $COLOUR; exec sleep 1000";
    let machine = create(&caller, script, json!({"env": {"COLOUR": "red"}})).await;
    wrote(&caller, &machine, &["red"]).await;
    let other = order("ls /tmp; echo $COLOUR; exec sleep 1000", json!({"env": {"COLOUR": "blue"}}));
    caller.call("POST", &machine, other, 200).await;
    wrote(&caller, &machine, &["red", "blue"]).await;
    assert_eq!(exit(&wait(&caller, &machine, "started").await), Value::Null, "what was replaced has not ended");
    running.shutdown().await;
}

pub(crate) async fn a_restart_and_a_suspension() {
    let (running, caller) = up().await;
    let machine = create(&caller, "echo ran; exec sleep 1000", json!({})).await;
    wrote(&caller, &machine, &["ran"]).await;
    caller.call("POST", &format!("{machine}/restart"), Value::Null, 200).await;
    wrote(&caller, &machine, &["ran", "ran"]).await;
    let again = wait(&caller, &machine, "started").await;
    assert_eq!((&exit(&again)["restarting"], &exit(&again)["guest_signal"]), (&json!(true), &json!(2)));
    caller.call("POST", &format!("{machine}/suspend"), Value::Null, 200).await;
    wait(&caller, &machine, "suspended").await;
    caller.call("POST", &format!("{machine}/start"), Value::Null, 200).await;
    wrote(&caller, &machine, &["ran", "ran", "ran"]).await;
    running.shutdown().await;
}

pub(crate) async fn a_machine_that_is_to_go_goes() {
    let (running, caller) = up().await;
    let machine = create(&caller, "echo bye", json!({"auto_destroy": true})).await;
    let gone = wait(&caller, &machine, "destroyed").await;
    assert_eq!(exit(&gone)["guest_exit_code"], 0);
    wrote(&caller, &machine, &["bye"]).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(caller.get(MACHINES).await, json!([]));
    running.shutdown().await;
}
