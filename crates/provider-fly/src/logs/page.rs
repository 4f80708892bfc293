//! One page of a log after the other, each line once.

use std::collections::{HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use machine_core::{LogLine, MachineId, Result};
use serde_json::Value;

use super::line;
use crate::fly::Fly;
use crate::wire::answers::{LogEntry, Logs};

/// How many lines are remembered as told: pages repeat those at their edges.
const REMEMBERED: usize = 4_096;

/// The clock of the host on which a line is stamped may be behind.
const SLACK: SignedDuration = SignedDuration::from_secs(1);

/// Where a log goes on.
pub(super) struct Pages {
    token: Option<String>,
    /// Lines before this are not wanted.
    since: Option<Timestamp>,
    seen: HashSet<String>,
    order: VecDeque<String>,
}

/// What one request brought.
pub(super) struct Page {
    /// The lines that are wanted.
    pub(super) lines: Vec<LogLine>,
    /// Whether there was any line that was not there before, wanted or not.
    pub(super) fresh: bool,
}

impl Pages {
    /// From that moment on; the cloud's own choice otherwise, which is the last hundred lines.
    pub(super) fn new(from: Option<Timestamp>, since: Option<Timestamp>) -> Self {
        let from = from.map(|from| from.checked_sub(SLACK).unwrap_or(from));
        // Where the log goes on is told by a time in nanoseconds, which can as well be made up.
        let token = from.map(|from| from.as_nanosecond().to_string());
        Self { token, since, seen: HashSet::new(), order: VecDeque::new() }
    }

    /// The next page.
    ///
    /// # Errors
    /// What the cloud says.
    pub(super) async fn next(&mut self, fly: &Fly, id: &MachineId) -> Result<Page> {
        let app = fly.app().await?;
        let request = fly.logs.get(["api", "v1", "apps", app, "logs"]).query("instance", id.as_str());
        let logs: Logs = request.query_opt("next_token", self.token.as_deref()).send().await?;
        Ok(self.take(logs, id))
    }

    fn take(&mut self, logs: Logs, id: &MachineId) -> Page {
        let (mut lines, mut fresh) = (Vec::new(), false);
        for entry in logs.data {
            // A cloud that does not filter tells of other machines as well.
            let other = entry.attributes.instance.as_deref().is_some_and(|instance| instance != id.as_str());
            if !self.is_new(&entry) {
                continue;
            }
            fresh = true;
            let line = line::line(entry.attributes);
            if !other && self.since.is_none_or(|since| line.at >= since) {
                lines.push(line);
            }
        }
        let next = match logs.meta.next_token {
            Some(Value::String(token)) if !token.is_empty() => Some(token),
            Some(Value::Number(token)) => Some(token.to_string()),
            _ => None,
        };
        self.token = next.or_else(|| self.token.take());
        Page { lines, fresh }
    }

    /// Whether a line was not told before. One without an id is known by all that is told of it.
    fn is_new(&mut self, entry: &LogEntry) -> bool {
        let attributes = &entry.attributes;
        let key = match entry.id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => id.to_owned(),
            None => format!("{:?} {:?} {:?}", attributes.timestamp, attributes.instance, attributes.message),
        };
        if !self.seen.insert(key.clone()) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn take(pages: &mut Pages, logs: Value) -> (Vec<String>, bool, Option<String>) {
        let page = pages.take(serde_json::from_value(logs).unwrap(), &MachineId::new("e1"));
        let text = |line: &LogLine| String::from_utf8_lossy(&line.text).into_owned();
        (page.lines.iter().map(text).collect(), page.fresh, pages.token.clone())
    }

    fn entry(id: &str, second: u32, message: &str) -> Value {
        json!({"id": id, "attributes": {"timestamp": format!("2026-01-01T00:00:{second:02}Z"), "message": message}})
    }

    #[test]
    fn each_line_comes_once_and_the_token_is_kept() {
        let mut pages = Pages::new(Timestamp::from_second(100).ok(), None);
        assert_eq!(pages.token.as_deref(), Some("99000000000"));
        let first = json!({"data": [entry("1", 1, "a"), entry("2", 2, "b")], "meta": {"next_token": "77"}});
        assert_eq!(take(&mut pages, first), (vec!["a".into(), "b".into()], true, Some("77".into())));
        let second = json!({"data": [entry("2", 2, "b"), entry("3", 2, "b")], "meta": {"next_token": 78}});
        assert_eq!(take(&mut pages, second), (vec!["b".into()], true, Some("78".into())));
        assert_eq!(take(&mut pages, json!({"data": [entry("3", 2, "b")]})), (vec![], false, Some("78".into())));
        assert_eq!(take(&mut pages, json!({"meta": {"next_token": ""}})), (vec![], false, Some("78".into())));
    }

    #[test]
    fn what_is_older_or_of_another_machine_is_left_out() {
        let mut pages = Pages::new(None, "2026-01-01T00:00:02Z".parse().ok());
        let mut other = entry("9", 3, "other");
        other["attributes"]["instance"] = json!("e2");
        let logs = json!({"data": [entry("1", 1, "old"), entry("2", 2, "new"), other]});
        assert_eq!(take(&mut pages, logs), (vec!["new".into()], true, None));
    }
}
