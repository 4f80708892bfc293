//! What cloud-init says of itself: its log, and files that tell how far it is.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::inside::cloud_init::output;
use crate::inside::disk;
use crate::inside::system::say;

const LOG: &str = "/var/log/cloud-init.log";

/// The stages that it tells about.
const STAGES: &[&str] = &["init-local", "init", "modules-config", "modules-final"];

/// The report of one boot.
#[derive(Debug)]
pub(super) struct Report {
    source: String,
    began: Timestamp,
    clock: Instant,
    errors: Mutex<Vec<(String, String)>>,
}

impl Report {
    /// Begins it: from now on the status is `running`.
    pub(super) fn begin(source: &str) -> io::Result<Self> {
        let report = Self {
            source: source.to_owned(),
            began: Timestamp::now(),
            clock: Instant::now(),
            errors: Mutex::default(),
        };
        report.write("running", None)?;
        report.log("INFO", "a boot begins");
        Ok(report)
    }

    /// Something went wrong in that stage; the boot goes on.
    pub(super) fn error(&self, stage: &str, what: &str) {
        self.log("WARNING", what);
        say(&format!("cloud-init: {what}"));
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).push((stage.to_owned(), what.to_owned()));
    }

    /// Something is not as on a machine of the cloud's.
    pub(super) fn warn(&self, what: &str) {
        self.log("WARNING", what);
        say(&format!("cloud-init: {what}"));
    }

    /// Ends it.
    pub(super) fn finish(&self, message: Option<&str>) {
        let now = Timestamp::now();
        let usual = "Cloud-init v. $version finished at $timestamp. Datasource $datasource.  Up $uptime seconds";
        let uptime = format!("{:.2}", self.clock.elapsed().as_secs_f64());
        let mut text = message.unwrap_or(usual).to_owned();
        for (name, value) in [
            ("version", "simulated"),
            ("timestamp", &*now.to_string()),
            ("datasource", &self.source),
            ("uptime", &uptime),
        ] {
            // As it may stand in a template of either kind.
            for mark in [
                format!("${name}"),
                format!("${}", name.to_uppercase()),
                format!("{{{{{name}}}}}"),
                format!("{{{{ {name} }}}}"),
            ] {
                text = text.replace(&mark, value);
            }
        }
        if let Ok(mut output) = output() {
            let _ = writeln!(output, "{text}");
        }
        say(&text);
        let state = if self.errors().is_empty() { "done" } else { "error" };
        if let Err(error) = self.write(state, Some(now)) {
            say(&format!("cloud-init: its status cannot be written: {error}"));
        }
    }

    fn errors(&self) -> Vec<(String, String)> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn log(&self, level: &str, what: &str) {
        let file = fs::OpenOptions::new().create(true).append(true).open(LOG);
        if let Ok(mut file) = file {
            let _ = writeln!(file, "{:.3} - simcloud[{level}]: {what}", Timestamp::now());
        }
    }

    fn write(&self, state: &str, finished: Option<Timestamp>) -> io::Result<()> {
        let errors = self.errors();
        let seconds = |at: Timestamp| at.as_duration().as_secs_f64();
        let mut v1 =
            json!({"datasource": self.source, "stage": if finished.is_some() { Value::Null } else { json!("init") }});
        for stage in STAGES {
            let own: Vec<&str> = errors.iter().filter(|(at, _)| at == stage).map(|(_, what)| what.as_str()).collect();
            v1[stage] = json!({"errors": own, "start": seconds(self.began), "finished": finished.map(seconds)});
        }
        let run = Path::new("/run/cloud-init");
        disk::write(&run.join("status.json"), &serde_json::to_vec_pretty(&json!({"v1": v1}))?, 0o644)?;
        disk::write(&run.join(".state"), format!("{state}\n").as_bytes(), 0o644)?;
        let all: Vec<&str> = errors.iter().map(|(_, what)| what.as_str()).collect();
        let detail = format!("detail: {}\nerrors: {}\n", self.source, serde_json::to_string(&all)?);
        disk::write(&run.join(".detail"), detail.as_bytes(), 0o644)?;
        if finished.is_some() {
            // Last: who waits for the end waits for this.
            let result = json!({"v1": {"datasource": self.source, "errors": all}});
            disk::write(&run.join("result.json"), &serde_json::to_vec_pretty(&result)?, 0o644)?;
        }
        Ok(())
    }
}
