//! Plans from real directories.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use machine_core::{EnvVar, FileSpec, MachineName, Port, SizeRequest, VolumeId, VolumeMount};

use super::*;

use crate::testing::Scratch;

/// A home directory with toolchains and secrets in it.
struct Home {
    scratch: Scratch,
}

impl Home {
    fn new(dirs: &[&str]) -> Self {
        let home = Self { scratch: Scratch::new() };
        for dir in dirs {
            std::fs::create_dir_all(home.path(dir)).unwrap();
        }
        home
    }

    fn path(&self, below: &str) -> PathBuf {
        self.scratch.path().join("home").join(below)
    }

    fn text(&self, below: &str) -> String {
        self.path(below).display().to_string().trim_end_matches('/').to_owned()
    }

    fn discovered(&self, path: &[&str], vars: &[(&str, &str)]) -> Vec<(String, bool)> {
        let creator = self.creator(path, vars);
        let home = self.path("");
        let found = toolchains::discover(&home, &creator, &self.scratch.path().join("state"));
        let below = |toolchain: crate::record::Toolchain| {
            let path = toolchain.path.to_string_lossy().into_owned();
            (path[self.text("").len() + 1..].to_owned(), toolchain.writable)
        };
        found.into_iter().map(below).collect()
    }

    fn creator(&self, path: &[&str], vars: &[(&str, &str)]) -> CreatorEnv {
        let path: Vec<String> =
            path.iter().map(|dir| if dir.starts_with('/') { (*dir).to_owned() } else { self.text(dir) }).collect();
        let mut all = vec![("HOME".to_owned(), self.text("")), ("PATH".to_owned(), path.join(":"))];
        all.extend(vars.iter().map(|(name, value)| ((*name).to_owned(), value.replace('~', &self.text("")))));
        all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

fn plan(home: &Home, creator: &CreatorEnv, spec: &MachineSpec) -> Result<Plan> {
    let state = home.scratch.path().join("state");
    let planner = Planner {
        creator,
        computer: Computer { cpus: 2, memory_mib: 4096 },
        state_dir: &state,
        isolation: Isolation::Auto,
        mounts: &[],
    };
    planner.plan(&crate::testing::spec("web", 'a').intent, spec)
}

fn spec() -> MachineSpec {
    MachineSpec::new("web".parse::<MachineName>().unwrap())
}

#[test]
fn toolchains_are_found_through_path_with_what_they_need() {
    let home = Home::new(&[".cargo/bin", ".rustup/toolchains", ".pyenv/shims", "go/bin", ".nvm/versions/node/v20/bin"]);
    let path = ["/usr/bin", ".cargo/bin", ".pyenv/shims", "go/bin", ".nvm/versions/node/v20/bin", ".missing/bin"];
    let found = home.discovered(&path, &[]);
    let expected = [(".cargo", true), (".nvm", false), (".pyenv", false), (".rustup", false), ("go", true)];
    assert_eq!(found, expected.map(|(path, writable)| (path.to_owned(), writable)));
}

#[test]
fn of_an_unknown_directory_only_what_is_on_path_shows() {
    let home = Home::new(&[".tool/bin", ".tool/secrets", "projects/x/bin", ".local/bin", ".local/share/uv"]);
    let found = home.discovered(&[".tool/bin", "projects/x/bin", ".local/bin"], &[]);
    let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, [".local/bin", ".local/share/uv", ".tool/bin", "projects/x/bin"]);
}

#[test]
fn credentials_are_never_shown() {
    let home =
        Home::new(&[".aws/bin", ".docker/bin", ".config/gcloud/bin", ".ssh", ".fly/bin", ".cargo/bin", ".x/.ssh"]);
    symlink(home.path(".ssh"), home.path("innocent")).unwrap();
    let path = [".aws/bin", ".docker/bin", ".config/gcloud/bin", ".ssh", ".fly/bin", "innocent", ".config", ""];
    assert_eq!(home.discovered(&path, &[("GOPATH", "~"), ("JAVA_HOME", "~/.ssh")]), []);
    let creator = home.creator(&[".cargo/bin"], &[]);
    let found = toolchains::discover(&home.path(""), &creator, &home.path("state"));
    assert_eq!(found[0].hidden, ["credentials", "credentials.toml"].map(OsText::from));
    // A state directory inside a toolchain keeps all of it from showing.
    assert!(toolchains::discover(&home.path(""), &creator, &home.path(".cargo/state")).is_empty());
}

#[test]
fn variables_name_toolchains_too() {
    let home = Home::new(&["my-cargo/bin", "jdk", "gopath/pkg"]);
    let vars =
        [("CARGO_HOME", "~/my-cargo"), ("JAVA_HOME", "~/jdk"), ("GOPATH", "~/gopath"), ("GOROOT", "/usr/lib/go")];
    let found = home.discovered(&["/usr/bin", "my-cargo/bin"], &vars);
    let expected = [("gopath", true), ("jdk", false), ("my-cargo", true)];
    assert_eq!(found, expected.map(|(path, writable)| (path.to_owned(), writable)));
}

#[test]
fn links_are_followed_and_nested_ones_shown_once() {
    let home = Home::new(&["tools/go/bin", ".pyenv/bin", ".pyenv/plugins/x/bin"]);
    symlink(home.path("tools/go/bin"), home.path("bin")).unwrap();
    let found = home.discovered(&["bin", ".pyenv/bin", ".pyenv/plugins/x/bin"], &[("PYENV_ROOT", "~/.pyenv")]);
    let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, [".pyenv", "bin", "tools/go/bin"]);
}

#[test]
fn without_a_home_worth_the_name_there_are_none() {
    let home = Home::new(&[]);
    for value in ["/", "", "relative", "/does/not/exist"] {
        let creator = CreatorEnv::from_iter([("HOME", value), ("PATH", "/usr/bin:/.cargo/bin")]);
        let plan = plan(&home, &creator, &spec()).unwrap();
        assert_eq!(plan.record.toolchains, [], "{value:?}");
        assert_eq!(plan.record.home, OsText::from("/root"));
    }
}

#[test]
fn the_environment_is_what_tools_need_and_nothing_else() {
    let home = Home::new(&[".cargo/bin", "secret/bin"]);
    let vars = [
        ("LANG", "C.UTF-8"),
        ("LC_ALL", "C"),
        ("TERM", "xterm"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("GITHUB_TOKEN", "hunter2"),
        ("CARGO_HOME", "~/.cargo"),
        ("JAVA_HOME", "/elsewhere/jdk"),
        ("https_proxy", "http://proxy:3128"),
        ("http_proxy", "http://user:hunter2@proxy:3128"),
        ("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"),
    ];
    let creator = home.creator(&[".cargo/bin", "/usr/bin", "/elsewhere/bin"], &vars);
    let mut wish = spec();
    wish.env = vec![EnvVar::new("LANG", "first"), EnvVar::new("A", "line\nline"), EnvVar::new("LANG", "last")];
    let env = plan(&home, &creator, &wish).unwrap().record.env;
    let names: Vec<_> = env.iter().map(|variable| variable.name.to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["PATH", "HOME", "LC_ALL", "https_proxy", "SSL_CERT_FILE", "CARGO_HOME", "A", "LANG"]);
    let value = |name: &str| {
        env.iter().find(|variable| variable.name == name.into()).unwrap().value.to_string_lossy().into_owned()
    };
    let bin = home.text(".cargo/bin");
    assert_eq!(value("PATH"), format!("{bin}:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin"));
    assert_eq!(value("LANG"), "last");
    assert!(env.iter().all(|variable| !variable.value.to_string_lossy().contains("hunter2")));
}

#[test]
fn mounts_that_would_show_secrets_or_our_own_state_are_refused() {
    let home = Home::new(&[".ssh", "data", ".aws"]);
    std::fs::create_dir_all(home.scratch.path().join("state/machines")).unwrap();
    let creator = home.creator(&[], &[]);
    let check = |source: &str| {
        let mut wish = spec();
        wish.mounts = vec![Mount { source: source.into(), target: "/data".into(), writable: true }];
        plan(&home, &creator, &wish).map(|plan| plan.record.mounts)
    };
    assert_eq!(check(&home.text("data")).unwrap()[0].target, OsText::from("/data"));
    let state = home.scratch.path().join("state").display().to_string();
    for (source, says) in [
        (home.text(".ssh"), ".ssh"),
        (home.text(""), ".ssh"),
        (home.text("data/../.aws"), ".aws"),
        ("/".to_owned(), "state directory"),
        (format!("{state}/machines"), "state directory"),
        (home.text("nothing-here"), "cannot be shown"),
        ("data".to_owned(), "not an absolute path"),
    ] {
        let error = check(&source).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(says), "{source}: {error}");
    }
    symlink(home.path(".ssh"), home.path("innocent")).unwrap();
    assert!(check(&home.text("innocent")).unwrap_err().to_string().contains("credentials"));
}

#[test]
fn what_is_not_here_is_refused_with_what_to_do() {
    use ErrorKind::{Invalid, Unsupported};
    let home = Home::new(&[]);
    let creator = home.creator(&[], &[]);
    let refused = |change: &dyn Fn(&mut MachineSpec)| {
        let mut wish = spec();
        change(&mut wish);
        let error = plan(&home, &creator, &wish).unwrap_err();
        assert_eq!(error.effect(), machine_core::Effect::None);
        (error.kind(), error.to_string())
    };
    assert_eq!(refused(&|wish| wish.image = Some("debian-12".into())).0, Unsupported);
    assert_eq!(refused(&|wish| wish.user_data = Some("#cloud-config".into())).0, Unsupported);
    assert_eq!(refused(&|wish| wish.ssh_keys = vec!["mine".into()]).0, Unsupported);
    assert_eq!(refused(&|wish| wish.regions = vec!["ams".into()]).0, Invalid);
    assert_eq!(refused(&|wish| wish.size = SizeRequest::Named("huge".into())).0, Invalid);
    assert_eq!(refused(&|wish| wish.ports = vec![Port { host: 8080, guest: 80 }]).0, Invalid);
    let elsewhere = LocalOptions { address: Some([192, 0, 2, 1].into()), ..LocalOptions::default() };
    assert!(refused(&|wish| wish.options.set(&elsewhere).unwrap()).1.contains("192.0.2.1"));
    assert!(refused(&|wish| wish.command = vec!["a\0b".into()]).1.contains("zero byte"));
    assert!(refused(&|wish| wish.command = vec!["".into()]).1.contains("empty"));
    assert!(refused(&|wish| wish.env = vec![EnvVar::new("A=B", "")]).1.contains("A=B"));
    assert!(refused(&|wish| drop(wish.labels.insert("x".repeat(256), String::new()))).1.contains("256"));
    assert!(refused(&|wish| wish.workdir = Some("src".into())).1.contains("src"));
    for path in ["relative", "/", "/proc/x", "/a/../etc", "/dev/null"] {
        assert!(refused(&|wish| wish.files = vec![FileSpec::private(path, *b"x")]).1.contains("file"), "{path}");
    }
    let volume = |path: &str| VolumeMount { volume: VolumeId::new("v-1"), path: path.to_owned() };
    assert!(refused(&|wish| wish.volumes = vec![volume("/data"), volume("/more")]).1.contains("twice"));
    let mut fine = spec();
    fine.image = Some("host".into());
    fine.regions = vec!["ams".into(), "local".into()];
    fine.network = Network::None;
    fine.ports = vec![Port { host: 8080, guest: 80 }];
    fine.command = vec!["printf".into(), "a\nb \"c\"".into(), vec![0xff, 0xfe].into()];
    let plan = plan(&home, &creator, &fine).unwrap();
    assert_eq!(plan.record.command, fine.command);
    let read: SpecRecord = serde_json::from_slice(&serde_json::to_vec(&plan.record).unwrap()).unwrap();
    assert_eq!(read.command, fine.command, "any bytes survive the record");
}

#[test]
fn secrets_are_no_part_of_the_record() {
    let home = Home::new(&[]);
    let mut wish = spec();
    wish.files = vec![FileSpec::private("/run/secrets/token", *b"hunter2")];
    let plan = plan(&home, &home.creator(&[], &[]), &wish).unwrap();
    assert_eq!((plan.record.files, plan.files.len()), (1, 1));
    assert!(!serde_json::to_string(&plan.record).unwrap().contains("hunter2"));
    assert!(!format!("{plan:?}").contains("hunter2"));
}
