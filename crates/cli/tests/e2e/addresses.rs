//! `machine ip` and `machine suspend`.

use std::net::{IpAddr, Ipv4Addr};

use crate::playing::Playing;
use crate::support::{Home, eventually};

#[test]
fn a_machines_address_is_one_line() {
    for name in ["digitalocean", "vultr"] {
        let home = Home::new();
        let cloud = Playing::begin(&home, name, &["--no-machines", "--speed", "60"]);
        let run = |args: &[&str]| cloud.machine(&home, args);
        assert_eq!(run(&["create", "web-1"]).0, 0);
        assert_eq!(run(&["create", "web-2"]).0, 0);
        let (code, text) = run(&["ip", "web-1", "web-2"]);
        let addresses: Vec<Ipv4Addr> = text.lines().map(|line| line.parse().unwrap()).collect();
        assert!(code == 0 && addresses.len() == 2 && !addresses[0].is_unspecified(), "{code}: {text}");
        let (code, text) = run(&["ip", "web-1", "web-3"]);
        assert!(code == 9 && text.starts_with(&addresses[0].to_string()), "{code}: {text}");
        let (code, text) = run(&["ip", "--private", "web-1"]);
        match code {
            0 => assert!(text.trim_end().parse::<IpAddr>().is_ok(), "{text}"),
            code => assert!(code == 3 && text.contains("has no private address"), "{code}: {text}"),
        }
        let (code, text) = run(&["ip", "-6", "web-1"]);
        match code {
            0 => assert!(text.trim_end().parse::<IpAddr>().unwrap().is_ipv6(), "{text}"),
            code => assert!(code == 3 && text.contains("has no public IPv6 address"), "{code}: {text}"),
        }
        cloud.end();
    }
}

#[test]
fn a_machine_without_an_address_is_not_given_one() {
    let home = Home::new();
    home.machine(["create", "one"]).expect(0);
    let said = home.machine(["ip", "one"]).expect(3);
    assert!(said.stdout.is_empty() && said.stderr.contains("`one` has no public IPv4 address"), "{said:?}");
    assert!(home.machine(["ip", "two"]).expect(3).stderr.contains("no machine is called `two`"));
    home.machine(["destroy", "-y", "one"]).expect(0);
    home.assert_clean();
}

#[test]
fn machines_are_suspended_where_that_can_be() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &[]);
    let run = |args: &[&str]| fly.machine(&home, args);
    assert_eq!(run(&["create", "one", "--", "sleep", "1000"]).0, 0);
    let (code, text) = run(&["suspend", "one"]);
    assert_eq!(code, 0, "{text}");
    assert!(run(&["status", "one"]).1.contains("suspended"));
    let (code, text) = run(&["start", "one"]);
    assert_eq!(code, 0, "{text}");
    eventually("it to go on", || run(&["status", "one"]).1.contains("running"));
    assert_eq!(run(&["destroy", "--yes", "one"]).0, 0);
    fly.end();
    for name in ["digitalocean", "vultr"] {
        let cloud = Playing::begin(&home, name, &["--no-machines", "--speed", "60"]);
        let (code, text) = cloud.machine(&home, &["suspend", "one"]);
        assert!(code == 2 && text.contains("machines cannot be suspended") && text.contains("stop"), "{code}: {text}");
        cloud.end();
    }
    assert!(home.machine(["suspend", "one"]).expect(2).stderr.contains("machines cannot be suspended"));
}
