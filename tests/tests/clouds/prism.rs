//! Prism: a mock server that checks requests by a description of an API.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it has to read the description and listen.
const PATIENCE: Duration = Duration::from_mins(1);

/// A prism that plays one cloud. It ends with this.
pub(crate) struct Prism {
    child: Child,
    url: String,
}

/// Where `.ci/tools` puts it.
fn program() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
    target.join("tools/prism/node_modules/.bin/prism")
}

impl Prism {
    /// Starts it on the description in that file of the simulated clouds; why there is none otherwise.
    pub(crate) fn start(description: &str) -> Result<Self, String> {
        let program = program();
        if !program.exists() {
            return Err(format!("{} is not there; `.ci/tools` installs it where there is npm", program.display()));
        }
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/simcloud/specs").join(description);
        // A port that was free a moment ago: prism cannot be given a socket that listens.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap().port();
        let mut command = Command::new(&program);
        // Where there was no Node.js, `.ci/tools` has put one beside its other programs.
        let bin = program.ancestors().nth(4).map(|tools| tools.join("bin")).unwrap_or_default();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::env::split_paths(&path).chain([bin])).unwrap();
        command.env("PATH", path);
        command.arg("mock").arg(file).args(["--host", "127.0.0.1", "--errors", "--verboseLevel", "error", "--port"]);
        command.arg(port.to_string()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let prism = Self { child: command.spawn().unwrap(), url: format!("http://127.0.0.1:{port}") };
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < PATIENCE, "prism does not listen within {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(prism)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        // One that has ended by itself is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
