//! Budgets before the simulated clouds: what is refused, what is asked meanwhile, what is held, and what is shown of it.

use std::collections::BTreeMap;
use std::process::Stdio;

use serde_json::Value;

use crate::rows::{DO, FLY, ROW, VULTR};
use crate::scene::Scene;

/// The machine with that name, within that budget.
fn within<'a>(scene: &Scene, budget: &str, args: &[&'a str]) -> Vec<&'a str> {
    let text = format!("fly:\n  region: iad\nbudget: {{{budget}}}\n");
    std::fs::write(scene.path().join("budget.yml"), text).unwrap();
    ["--config-file", "budget.yml"].iter().chain(args).copied().collect()
}

/// How often each operation was asked for.
fn asked(scene: &Scene) -> BTreeMap<String, u64> {
    serde_json::from_value(scene.ask("GET", "/_sim/requests", &Value::Null)).unwrap()
}

fn machines(scene: &Scene) -> usize {
    scene.ask("GET", "/_sim/machines", &Value::Null)["machines"].as_array().unwrap().len()
}

/// What that says as JSON.
fn cost(scene: &Scene, budget: &str) -> Value {
    let (code, out, err) = scene.machine(&ROW, &within(scene, budget, &["cost", "-o", "json"]));
    assert_eq!((code, err.as_str()), (0, ""));
    serde_json::from_str(&out).unwrap()
}

#[test]
fn what_the_budget_does_not_leave_is_refused_before_anything_is_made() {
    for cloud in [FLY, DO, VULTR] {
        let scene = Scene::new(cloud);
        let (before, there) = (asked(&scene), machines(&scene));
        for (budget, what) in [
            ("per-machine: 0.5", &["create", "dear"][..]),
            ("per-day: 0.01", &["create", "dear"]),
            ("providers: {VULTR: 0}", &["create", "dear", "--ttl", "1h"]),
            ("per-machine: 1", &["volumes", "create", "dear", "--size", "40g"]),
        ] {
            let budget = budget.replace("VULTR", cloud);
            let (code, out, err) = scene.machine(&ROW, &within(&scene, &budget, what));
            assert_eq!((code, out.as_str()), (7, ""), "{cloud} {budget}: {err}");
            assert!(err.starts_with("error: `dear` costs up to $") && err.contains("\nhint: "), "{cloud}: {err}");
        }
        // A job's machine is a machine; the code is that of a failure around a job.
        let (code, out, err) = scene.machine(&ROW, &within(&scene, "per-day: 0.01", &["run", "--", "true"]));
        assert!(code == 125 && out.is_empty() && err.contains("the budget allows"), "{cloud}: {code} {err}");
        let mut after = asked(&scene);
        after.retain(|operation, times| before.get(operation) != Some(times));
        match cloud {
            FLY => assert!(after.is_empty(), "{after:?}"),
            // Only the prices have to be asked for.
            _ => assert!(
                after.keys().all(|asked| asked.contains("region") || asked.contains("size") || asked.contains("plan")),
                "{after:?}"
            ),
        }
        assert_eq!(machines(&scene), there, "{cloud}");
    }
}

#[test]
fn a_price_is_told_on_standard_error_before_it_is_paid() {
    for cloud in [FLY, DO, VULTR] {
        let scene = Scene::new(cloud);
        let before = asked(&scene);
        let (code, out, err) = scene.machine(&ROW, &["create", "web-1"]);
        assert_eq!((code, out.lines().count()), (0, 1), "{cloud}: {err}");
        assert!(err.lines().any(|line| line.starts_with("web-1: $") && line.ends_with(" a month at most")), "{err}");
        // The price comes from the lists that a create needs in any case, and takes no request more.
        let again = |(operation, times): &(&String, &u64)| {
            ["region", "size", "plan"].iter().any(|list| operation.contains(list))
                && **times > before.get(*operation).copied().unwrap_or_default() + 1
        };
        assert_eq!(asked(&scene).iter().find(again), None, "{cloud}");
        let (_, _, err) = scene.machine(&ROW, &["create", "web-2", "--ttl", "90m"]);
        assert!(err.lines().any(|line| line.starts_with("web-2: $") && line.contains(" at most until 2")), "{err}");
        let (_, _, err) = scene.machine(&ROW, &["volumes", "create", "data-9", "--size", "40g"]);
        assert!(err.lines().any(|line| line.starts_with("data-9: $") && line.contains(".00 a month at most")), "{err}");
        let (_, _, err) = scene.machine(&ROW, &["-q", "create", "web-3"]);
        assert!(!err.contains('$'), "{err}");
    }
}

#[test]
fn what_was_begun_and_never_settled_keeps_its_hold() {
    let scene = Scene::new(FLY);
    let held = |scene: &Scene| cost(scene, "")["total"]["held"].as_i64().unwrap();
    let before = held(&scene);
    // Killed when the wish is written down, before the request is sent.
    let mut doomed = scene.command(&ROW, &["--no-reaper", "create", "doomed"]);
    let killed = doomed.env("MACHINE_TEST_KILL_AT", "2").stderr(Stdio::null()).status().unwrap();
    assert!(!killed.success());
    let with = held(&scene);
    assert!(with > before, "{with} is not more than {before}");
    // All that there was is allowed, and the machine that may be there leaves nothing for another.
    let said = cost(&scene, "");
    let (today, held_today) = (&said["total"]["today"], &said["total"]["held_today"]);
    #[expect(clippy::cast_precision_loss, reason = "a few dollars")]
    let all = (today.as_i64().unwrap() + held_today.as_i64().unwrap()) as f64 / 1e6;
    let budget = format!("per-day: {all}");
    let (code, _, err) = scene.machine(&ROW, &within(&scene, &budget, &["create", "next", "--ttl", "1m"]));
    assert_eq!(code, 7, "{err}");
    let states: Vec<_> = said["things"].as_array().unwrap().iter().filter(|thing| thing["name"] == "doomed").collect();
    assert!(matches!(states.as_slice(), [one] if one["state"] == "sent" && one["spent"] == 0), "{states:?}");
    assert_eq!(held(&scene), with, "the sweep of that create has looked, and nothing is proved yet");
}

#[test]
fn of_two_that_are_made_at_once_one_finds_the_money_spent() {
    for cloud in [FLY, DO] {
        let scene = Scene::new(cloud);
        let said = cost(&scene, "");
        let spent = said["total"]["today"].as_i64().unwrap() + said["total"]["held_today"].as_i64().unwrap();
        let hour = said["things"].as_array().unwrap().iter().find(|thing| thing["name"] == "other").unwrap();
        // Room for one whole day of one more machine, today and tomorrow.
        let day = hour["rate"]["hourly"].as_i64().unwrap() * 24;
        let tomorrow: i64 = said["things"].as_array().unwrap().iter().map(a_day).sum();
        #[expect(clippy::cast_precision_loss, reason = "a few dollars")]
        let most = (spent.max(tomorrow) + day) as f64 / 1e6;
        let budget = format!("per-day: {most}");
        // The file is written before the first of them reads it.
        let commands = ["one", "two", "three"].map(|name| within(&scene, &budget, &["create", name]));
        let racing = commands
            .map(|args| scene.command(&ROW, &args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let mut codes = racing.map(|mut child| child.wait().unwrap().code().unwrap());
        codes.sort_unstable();
        assert_eq!(codes, [0, 7, 7], "{cloud}: {said:#}");
    }
}

/// What a thing costs on a day at most.
fn a_day(thing: &Value) -> i64 {
    thing["rate"]["hourly"].as_i64().unwrap() * 24
}

#[test]
fn what_was_spent_is_shown_to_people_and_programs() {
    let scene = Scene::new(DO);
    let (code, out, err) = scene.machine(&ROW, &["cost"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("PROVIDER "), "{out}");
    let row = |name: &str| out.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{out}")).to_owned();
    assert!(row("other").contains("machine") && row("held").contains("volume"), "{out}");
    assert!(out.contains("\ntoday:") && out.contains("\nthis month:") && out.contains("\nin all:"), "{out}");
    assert!(!out.contains("left"), "nothing is limited: {out}");

    let (_, out, _) = scene.machine(&ROW, &["ledger", "show", "other"]);
    assert!(out.lines().any(|line| line.starts_with("price:") && line.ends_with(" a month at most")), "{out}");

    let (_, out, _) = scene.machine(&ROW, &within(&scene, "per-day: 50, providers: {do: 40}", &["cost"]));
    assert!(out.contains(" of $50.00 a day\n") && out.contains("left at digitalocean: "), "{out}");
    let said = cost(&scene, "per-day: 50");
    assert_eq!(said["things"].as_array().unwrap().len(), 4);
    let (total, limit) = (&said["total"], &said["budget"]["per_day"]);
    let sum = total["today"].as_i64().unwrap() + total["held_today"].as_i64().unwrap();
    assert_eq!((limit["limit"].as_i64(), limit["left"].as_i64()), (Some(50_000_000), Some(50_000_000 - sum)));
    assert_eq!(said["providers"]["digitalocean"], *total);

    // Somebody who has nothing of another provider has spent nothing there.
    let (_, out, _) = scene.machine(&ROW, &["--provider", "fly", "cost"]);
    assert_eq!(
        out,
        "today:        $0.00 spent, $0.00 held\nthis month:   $0.00 spent\nin all:       $0.00 spent, $0.00 held\n"
    );
    let (code, _, err) = scene.machine(&ROW, &["destroy", "--yes", "other"]);
    assert_eq!(code, 0, "{err}");
    let after = cost(&scene, "");
    let gone = after["things"].as_array().unwrap().iter().find(|thing| thing["name"] == "other").unwrap();
    assert_eq!((&gone["state"], &gone["held"]), (&"gone".into(), &0.into()));
    assert!(gone["spent"].as_i64().unwrap() > 0, "{gone}");
}
