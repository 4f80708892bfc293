//! `machine ssh-keys`.

use crate::playing::Playing;
use crate::support::Home;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@here\n";
/// As `ssh-keygen -l -E md5` has it.
const FINGERPRINT: &str = "0f:a2:0a:d7:38:3e:65:45:08:6b:63:84:1c:ff:dc:ba";

#[test]
fn keys_are_registered_listed_with_their_fingerprint_and_taken_off() {
    for name in ["digitalocean", "vultr"] {
        let home = Home::new();
        let cloud = Playing::begin(&home, name, &["--no-machines"]);
        let run = |args: &[&str]| cloud.machine(&home, args);
        std::fs::write(home.path().join("id.pub"), KEY).unwrap();
        assert_eq!(run(&["ssh-keys"]), (0, String::new()));
        let (code, id) = run(&["ssh-keys", "add", "laptop", "id.pub"]);
        assert_eq!(code, 0, "{id}");
        let id = id.trim_end();
        // Scripts take this line apart.
        assert_eq!(run(&["ssh-keys"]), (0, format!("{id}: laptop ({FINGERPRINT})\n")));
        let json = cloud.json(&home, &["ssh-keys", "-o", "json"]);
        assert_eq!((&json[0]["id"], &json[0]["fingerprint"]), (&id.into(), &FINGERPRINT.into()));
        assert!(run(&["ledger", "list"]).1.contains("ssh-key\tlaptop"));
        let (code, text) = run(&["ssh-keys", "add", "again", "id.pub"]);
        assert!(code == 5, "{code}: {text}");
        let (code, text) = run(&["ssh-keys", "destroy", "laptop"]);
        assert!(code == 1 && text.contains("Type YES"), "{code}: {text}");
        let (code, text) = run(&["ssh-keys", "destroy", "--yes", "laptpo"]);
        assert!(code == 3 && text.contains("did you mean laptop?"), "{code}: {text}");
        assert_eq!(run(&["ssh-keys", "destroy", "--yes", "laptop"]).0, 0);
        assert_eq!(run(&["ssh-keys"]), (0, String::new()));
        cloud.end();
    }
}

#[test]
fn what_is_no_public_key_goes_nowhere() {
    let home = Home::new();
    let cloud = Playing::begin(&home, "vultr", &["--no-machines"]);
    for (text, says) in [
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1\n", "is a private key"),
        ("hello\n", "is no public ssh key"),
        ("", "is no public ssh key"),
        (&format!("{KEY}{KEY}"), "more than one line"),
    ] {
        std::fs::write(home.path().join("file"), text).unwrap();
        let (code, said) = cloud.machine(&home, &["ssh-keys", "add", "laptop", "file"]);
        assert!(code == 2 && said.contains(says) && !said.contains("b3BlbnNzaC1"), "{code}: {said}");
    }
    let (code, said) = cloud.machine(&home, &["ssh-keys", "add", "laptop", "nowhere.pub"]);
    assert!(code == 1 && said.contains("cannot read nowhere.pub"), "{code}: {said}");
    assert_eq!(cloud.machine(&home, &["ssh-keys"]), (0, String::new()));
    cloud.end();
}

#[test]
fn where_no_keys_are_kept_it_is_refused() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &["--no-machines"]);
    let (code, text) = fly.machine(&home, &["ssh-keys"]);
    assert!(code == 2 && text.contains("no ssh keys are registered with it"), "{code}: {text}");
    assert!(home.machine(["ssh-keys", "add", "a", "b"]).expect(2).stderr.contains("no ssh keys are registered"));
    fly.end();
}
