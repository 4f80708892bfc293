//! The names of machines in DNS: given, taken back, and never those of others.

use crate::playing::Playing;
use crate::support::Home;

/// The clouds that host DNS.
const CLOUDS: [&str; 2] = ["digitalocean", "vultr"];

const ZONE: &str = "example.com";

struct Scene {
    home: Home,
    cloud: Playing,
}

impl Scene {
    fn new(cloud: &'static str) -> Self {
        let home = Home::new();
        let cloud = Playing::begin(&home, cloud, &["--no-machines", "--speed", "60"]);
        cloud.zone(ZONE);
        Self { home, cloud }
    }

    fn run(&self, args: &[&str]) -> (i32, String) {
        self.cloud.machine(&self.home, args)
    }

    #[track_caller]
    fn done(&self, args: &[&str]) -> String {
        let (code, text) = self.run(args);
        assert_eq!(code, 0, "{args:?}: {text}");
        text.trim_end().to_owned()
    }

    /// A new machine's id and address.
    fn machine(&self, name: &str) -> (String, String) {
        (self.done(&["-q", "create", name]), self.done(&["ip", name]))
    }

    fn records(&self) -> Vec<String> {
        let text = self.done(&["list-domain", ZONE, "--all", "-m", "*"]);
        text.lines().filter(|line| !line.contains("\tNS\t") && !line.contains("\tSOA\t")).map(str::to_owned).collect()
    }
}

#[test]
fn a_name_is_given_once_and_goes_with_its_machine() {
    for cloud in CLOUDS {
        let scene = Scene::new(cloud);
        let (_, ip) = scene.machine("web-1");
        let (code, text) = scene.run(&["domains", "add-name", "web-1", "example.net"]);
        assert!(code == 3 && text.contains("DNS zone `example.net` not found"), "{code}: {text}");
        assert_eq!(scene.done(&["domains", "add-name", "web-1", "Example.com."]), "web-1.example.com");
        assert_eq!(scene.done(&["domains", "add-name", "web-1", ZONE]), "web-1.example.com");
        assert_eq!(scene.records(), [format!("web-1\tA\t{ip}")], "one that says the same is left alone");
        let json = scene.cloud.json(&scene.home, &["list-domain", ZONE, "-o", "json"]);
        assert_eq!(json[0]["ttl"], 300);
        assert!(scene.done(&["ledger", "list"]).contains(&format!("example.com/web-1 A {ip}")));
        assert_eq!(scene.run(&["destroy", "--yes", "web-1"]).0, 0);
        assert_eq!(scene.records(), Vec::<String>::new());
        scene.cloud.end();
    }
}

#[test]
fn only_the_record_with_the_machines_name_and_address_is_taken_back() {
    for cloud in CLOUDS {
        let scene = Scene::new(cloud);
        let (_, ip) = scene.machine("web-1");
        let by_hand =
            [["web-1", "TXT", "kept"], ["web-1", "A", "198.51.100.7"], ["www", "A", &ip], ["web-1", "A", &ip]];
        for record in by_hand {
            scene.done(&[&["domains", "add-record", ZONE][..], &record].concat());
        }
        scene.done(&["domains", "remove-name", "web-1", ZONE]);
        let rest = ["web-1\tA\t198.51.100.7".to_owned(), "web-1\tTXT\tkept".to_owned(), format!("www\tA\t{ip}")];
        assert_eq!(scene.records(), rest);
        // There is none any more, and that is fine.
        scene.done(&["domains", "remove-name", "web-1", ZONE]);
        let (code, text) = scene.run(&["domains", "remove-name", "web-1", "gone.example"]);
        assert!(code == 0 && text.contains("there is no DNS zone `gone.example`"), "{code}: {text}");
        assert_eq!(scene.records(), rest);
        scene.cloud.end();
    }
}

#[test]
fn a_name_that_somebody_else_has_is_refused() {
    for cloud in CLOUDS {
        let scene = Scene::new(cloud);
        scene.machine("web-1");
        // Made by another computer.
        let elsewhere = Home::new();
        let add = ["domains", "add-record", ZONE, "web-1", "A", "198.51.100.7"];
        assert_eq!(scene.cloud.machine(&elsewhere, &add).0, 0);
        let (code, text) = scene.run(&["domains", "add-name", "web-1", ZONE]);
        assert!(code == 5 && text.contains("web-1.example.com says 198.51.100.7 (A) already"), "{code}: {text}");
        // A name that stands for another, even where we have made that.
        scene.machine("web-2");
        scene.done(&["domains", "add-record", ZONE, "web-2", "CNAME", "www.example.net"]);
        let (code, text) = scene.run(&["domains", "add-name", "web-2", ZONE]);
        assert!(code == 5 && text.contains("web-2.example.com says www.example.net (CNAME) already"), "{code}: {text}");
        assert_eq!(scene.records(), ["web-1\tA\t198.51.100.7", "web-2\tCNAME\twww.example.net"]);
        scene.cloud.end();
    }
}

#[test]
fn a_name_of_ours_goes_over_to_the_next_machine_unless_the_last_is_still_there() {
    for cloud in CLOUDS {
        let scene = Scene::new(cloud);
        let (first, ip) = scene.machine("web-1");
        scene.done(&["domains", "add-name", "web-1", ZONE]);
        // Another of the same name: these clouds allow that.
        let second = scene.done(&["-q", "create", "web-1"]);
        let (code, text) = scene.run(&["domains", "add-name", &second, ZONE]);
        assert!(code == 5 && text.contains(&first) && text.contains("is still there"), "{code}: {text}");
        assert_eq!(scene.records(), [format!("web-1\tA\t{ip}")]);
        // One that was made for no machine, or for one that has gone, is replaced.
        assert_eq!(scene.run(&["destroy", "--yes", &first]).0, 0);
        scene.done(&["domains", "add-record", ZONE, "web-1", "A", "198.51.100.7"]);
        assert!(scene.done(&["domains", "add-name", &second, ZONE]).contains("said 198.51.100.7 before"));
        let ip = scene.done(&["ip", &second]);
        assert_eq!(scene.records(), [format!("web-1\tA\t{ip}")]);
        scene.cloud.end();
    }
}
