//! Real droplets, by the API and by OpenSSH.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::too_many_lines,
    reason = "a test ends where it goes wrong"
)]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Trial};
use machine_simcloud::{Cloud, Quirks, SimCloud};
use serde_json::{Value, json};

fn main() -> ExitCode {
    if let Some(code) = machine_simcloud::dispatch() {
        return code;
    }
    let life = Trial::test("a_droplet_is_a_machine_that_one_can_log_in_to", || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let clouds =
                SimCloud::builder().cloud(Cloud::DigitalOcean, 0).speed(60.0).quirks(Quirks::none()).rate_limits(false);
            let running = clouds.start().await.unwrap();
            let address = running.address(Cloud::DigitalOcean).unwrap().to_string();
            tokio::task::spawn_blocking(move || life(&address)).await.unwrap();
            running.shutdown().await;
        });
        Ok(())
    });
    let instance = Trial::test("an_instance_is_a_machine_that_one_can_log_in_to", || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let clouds =
                SimCloud::builder().cloud(Cloud::Vultr, 0).speed(60.0).quirks(Quirks::none()).rate_limits(false);
            let running = clouds.start().await.unwrap();
            let address = running.address(Cloud::Vultr).unwrap().to_string();
            tokio::task::spawn_blocking(move || instance(&address)).await.unwrap();
            running.shutdown().await;
        });
        Ok(())
    });
    libtest_mimic::run(&Arguments::from_args(), vec![life, instance]).exit_code()
}

/// A request of the API.
fn call(address: &str, method: &str, path: &str, body: &Value) -> Value {
    let mut stream = TcpStream::connect(address).unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer t\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 2"), "{answer}");
    serde_json::from_str(body).unwrap_or_default()
}

/// Does it again until it comes to something.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{what}: not after 30 seconds");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn is(address: &str, id: u64, status: &str) -> Value {
    until(status, || {
        let droplet = call(address, "GET", &format!("/v2/droplets/{id}"), &Value::Null)["droplet"].clone();
        (droplet["status"] == status && droplet["locked"] == false).then_some(droplet)
    })
}

fn act(address: &str, id: u64, kind: &str, then: &str) {
    call(address, "POST", &format!("/v2/droplets/{id}/actions"), &json!({"type": kind}));
    is(address, id, then);
}

/// OpenSSH, with what it needs to know of the host.
struct Ssh {
    dir: PathBuf,
    host: String,
}

impl Ssh {
    fn command(&self, user: &str) -> Command {
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "none", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"]);
        ssh.arg("-o").arg(format!("UserKnownHostsFile={}", self.dir.join("known").display()));
        ssh.arg("-i").arg(self.dir.join("login")).args(["-p", &machine_simcloud::ssh_port().to_string()]);
        ssh.arg(format!("{user}@{}", self.host)).stdin(Stdio::null());
        ssh
    }

    fn run(&self, user: &str, command: &str) -> Output {
        self.command(user).arg(command).output().unwrap()
    }

    fn says(&self, user: &str, command: &str) -> String {
        let output = self.run(user, command);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{command}: {}\n{out}\n{err}", output.status);
        out.trim().to_owned()
    }
}

fn key(path: &Path) -> (String, String) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status().unwrap();
    assert!(made.success());
    let read = |path: &Path| std::fs::read_to_string(path).unwrap().trim().to_owned();
    (read(path), read(&path.with_extension("pub")))
}

fn life(address: &str) {
    let dir = tempfile::tempdir().unwrap();
    let (_, login) = key(&dir.path().join("login"));
    let (host, host_public) = key(&dir.path().join("host"));
    let known = call(address, "POST", "/v2/account/keys", &json!({"name": "k", "public_key": login}));
    let indented = host.replace('\n', "\n    ");
    let user_data = format!(
        "#cloud-config
ssh_keys:
  ed25519_private: |
    {indented}
users:
  - default
  - {{name: deploy, shell: /bin/bash, groups: 'sudo', ssh_authorized_keys: ['{login}']}}
write_files:
  - {{path: /etc/motto, content: 'it: \"works\"', permissions: '0640', owner: 'root:root'}}
  - {{path: /home/deploy/mine, content: aGVsbG8=, encoding: b64, owner: 'deploy:deploy', defer: true}}
bootcmd:
  - echo boot >> /var/log/boots
runcmd:
  - [sh, -c, 'echo once >> /var/log/onces']
  - cd /srv && (/usr/bin/python3 -m http.server 4242 > /dev/null 2>&1 &)
packages: [htop]
"
    );
    let wish = json!({"name": "web", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64",
        "ssh_keys": [known["ssh_key"]["id"]], "user_data": user_data});
    let id = call(address, "POST", "/v2/droplets", &wish)["droplet"]["id"].as_u64().unwrap();
    let droplet = is(address, id, "active");
    let networks = droplet["networks"]["v4"].as_array().unwrap();
    let public = networks.iter().find(|network| network["type"] == "public").unwrap();
    let ssh = Ssh { dir: dir.path().to_owned(), host: public["ip_address"].as_str().unwrap().to_owned() };
    assert!(ssh.host.starts_with("127."), "{}", ssh.host);
    let port = machine_simcloud::ssh_port();
    let name = if port == 22 { ssh.host.clone() } else { format!("[{}]:{port}", ssh.host) };
    std::fs::write(dir.path().join("known"), format!("{name} {host_public}\n")).unwrap();

    until("ssh", || ssh.run("root", "true").status.success().then_some(()));
    assert!(ssh.says("root", "cloud-init status --wait").contains("status: done"));
    assert!(ssh.says("root", "uname -a").starts_with("Linux web "));
    assert_eq!(ssh.run("root", "exit 7").status.code(), Some(7));
    assert_eq!(ssh.run("root", "kill -TERM $$").status.code(), Some(255), "OpenSSH says so of a signal");
    assert_eq!(ssh.says("root", "cat /etc/motto; stat -c ' %a %U' /etc/motto"), "it: \"works\" 640 root");
    assert_eq!(
        ssh.says("deploy", "id -un; cat ~/mine; echo; stat -c %U ~/mine; id -nG"),
        "deploy\nhello\ndeploy\ndeploy sudo"
    );
    assert_eq!(ssh.says("root", "cat /var/log/simcloud-packages.json | tr -d ' \\n'"), "[\"htop\"]");
    round_trip(&ssh);
    let terminal =
        ssh.command("root").args(["-tt", "test -t 0 && stty size && echo $TERM"]).env("TERM", "vt100").output();
    let terminal = String::from_utf8(terminal.unwrap().stdout).unwrap();
    assert!(terminal.contains("vt100"), "{terminal}");
    until("a server of the user's", || {
        let mut stream = TcpStream::connect((ssh.host.as_str(), 4242)).ok()?;
        write!(stream, "GET / HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.contains("200 OK").then_some(())
    });
    way_out(&ssh);
    new_host_key(&ssh, &name);

    act(address, id, "power_cycle", "active");
    until("ssh after a power cycle", || ssh.run("root", "true").status.success().then_some(()));
    assert!(ssh.says("root", "cloud-init status --wait").contains("status: done"));
    assert_eq!(ssh.says("root", "cat /var/log/boots /var/log/onces /etc/motto"), "boot\nboot\nonce\nit: \"works\"");
    ssh.run("root", "poweroff");
    is(address, id, "off");
    assert!(!ssh.run("root", "true").status.success());
    act(address, id, "power_on", "active");
    until("ssh after power on", || ssh.run("root", "true").status.success().then_some(()));
    call(address, "DELETE", &format!("/v2/droplets/{id}"), &Value::Null);
    until("the end", || TcpStream::connect((ssh.host.as_str(), port)).is_err().then_some(()));
}

/// A mebibyte goes in and comes out.
fn round_trip(ssh: &Ssh) {
    let sent: Vec<u8> = (0..1 << 20).map(|at: u32| (at % 251) as u8).collect();
    let mut cat = ssh.command("root").arg("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, bytes) = (cat.stdin.take().unwrap(), sent.clone());
    let writer = std::thread::spawn(move || stdin.write_all(&bytes).unwrap());
    let mut back = Vec::new();
    cat.stdout.take().unwrap().read_to_end(&mut back).unwrap();
    writer.join().unwrap();
    assert!(cat.wait().unwrap().success() && back == sent, "{} bytes came back", back.len());
}

/// A server of this computer is reached by the proxy.
fn way_out(ssh: &Ssh) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 1024];
        let read = stream.read(&mut head).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").unwrap();
        String::from_utf8_lossy(&head[..read]).into_owned()
    });
    let fetch = format!(
        "no_proxy= NO_PROXY= /usr/bin/python3 -c 'import urllib.request as r; print(r.urlopen(\"http://127.0.0.1:{port}/x\").read())'"
    );
    assert_eq!(ssh.says("root", &fetch), "b'hello'");
    assert!(server.join().unwrap().starts_with("GET /x HTTP/1.1\r\n"));
}

/// The host key is replaced from inside, and holds from then on.
fn new_host_key(ssh: &Ssh, name: &str) {
    let path = "/etc/ssh/ssh_host_ed25519_key";
    let made = format!(
        "ssh-keygen -q -t ed25519 -N '' -f {path}.new && mv {path}.new {path} && mv {path}.new.pub {path}.pub && cat {path}.pub && systemctl reload ssh"
    );
    let public = ssh.says("root", &made);
    std::fs::write(ssh.dir.join("known"), format!("{name} {public}\n")).unwrap();
    until("the new host key", || ssh.run("root", "true").status.success().then_some(()));
}

/// The same at Vultr, whose user data is base64, with a block that outlives a halt.
fn instance(address: &str) {
    let dir = tempfile::tempdir().unwrap();
    let (_, login) = key(&dir.path().join("login"));
    let known = call(address, "POST", "/v2/ssh-keys", &json!({"name": "k", "ssh_key": login}));
    let wish = json!({"region": "ewr", "plan": "vc2-1c-1gb", "os_id": 2284, "hostname": "web", "label": "web",
        "sshkey_id": [known["ssh_key"]["id"]], "user_data": "IyEvYmluL3NoCmVjaG8gaGVsbG8gPiAvcm9vdC9oZWxsbwo="});
    let id = call(address, "POST", "/v2/instances", &wish)["instance"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v2/instances/{id}");
    let is = |power: &str| {
        until(power, || {
            let instance = call(address, "GET", &path, &Value::Null)["instance"].clone();
            (instance["power_status"] == power && instance["server_status"] == "ok").then_some(instance)
        })
    };
    let host = is("running")["main_ip"].as_str().unwrap().to_owned();
    let ssh = Ssh { dir: dir.path().to_owned(), host };
    let port = machine_simcloud::ssh_port().to_string();
    // Nobody chose its host key: it is taken as it comes.
    let scan = || Command::new("ssh-keyscan").args(["-t", "ed25519", "-p", &port, &ssh.host]).output().unwrap().stdout;
    std::fs::write(dir.path().join("known"), until("a host key", || Some(scan()).filter(|key| !key.is_empty())))
        .unwrap();
    assert!(ssh.says("root", "cloud-init status --wait").contains("status: done"));
    assert_eq!(ssh.says("root", "cat hello; hostname"), "hello\nweb");
    let wish = json!({"region": "ewr", "size_gb": 10, "label": "data"});
    let block = call(address, "POST", "/v2/blocks", &wish)["block"]["id"].as_str().unwrap().to_owned();
    let block = format!("/v2/blocks/{block}");
    until("a block", || (call(address, "GET", &block, &Value::Null)["block"]["status"] == "active").then_some(()));
    call(address, "POST", &format!("{block}/attach"), &json!({"instance_id": id, "live": true}));
    call(address, "POST", &format!("{path}/halt"), &Value::Null);
    is("stopped");
    assert!(!ssh.run("root", "true").status.success());
    call(address, "POST", &format!("{path}/start"), &Value::Null);
    is("running");
    until("ssh after a start", || ssh.run("root", "true").status.success().then_some(()));
    assert_eq!(ssh.says("root", "cat hello; echo kept > /mnt/data/it && cat /mnt/data/it"), "hello\nkept");
    call(address, "DELETE", &path, &Value::Null);
}
