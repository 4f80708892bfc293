//! Logs on real files, read while they are written.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use futures::StreamExt as _;
use jiff::Timestamp;
use machine_core::Stream;
use rustix::fs::FlockOperation;

use super::*;
use crate::log_format::head;
use crate::testing::{self, Scratch};

/// A log that a test writes.
struct Log {
    scratch: Scratch,
    dir: PathBuf,
    clock: i64,
}

impl Log {
    fn new() -> Self {
        let scratch = Scratch::new();
        let dir = testing::place(&scratch.store(), "web", 'a').path().to_owned();
        Self { scratch, dir, clock: 1_000_000_000 }
    }

    fn write(&mut self, file: u64, records: &[(Stream, &str, bool)]) {
        let mut bytes = Vec::new();
        for (stream, text, partial) in records {
            self.clock += 1;
            bytes.extend_from_slice(&head(Timestamp::new(self.clock, 0).unwrap(), *stream, *partial));
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(b'\n');
        }
        self.append(file, &bytes);
    }

    fn lines(&mut self, file: u64, numbers: std::ops::Range<u32>) {
        for number in numbers {
            self.write(file, &[(Stream::Stdout, &format!("line {number}"), false)]);
        }
    }

    fn append(&self, file: u64, bytes: &[u8]) {
        let path = self.dir.join("log").join(files::name(file));
        OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(bytes).unwrap();
    }

    /// Makes the machine look alive for as long as the file is open.
    fn come_alive(&self) -> File {
        let lock = File::create(self.dir.join("shim.lock")).unwrap();
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
        lock
    }

    fn stream(&self, how: LogOptions) -> BoxStream<'static, Result<LogLine>> {
        stream(self.scratch.store().require_machine(&testing::id('a')).unwrap(), how)
    }

    async fn read(&self, how: LogOptions) -> Vec<String> {
        self.stream(how).map(|line| show(&line.unwrap())).collect().await
    }

    async fn tail(&self, lines: usize) -> Vec<String> {
        self.read(LogOptions { tail: Some(lines), ..LogOptions::default() }).await
    }
}

fn show(line: &LogLine) -> String {
    let text = String::from_utf8_lossy(&line.text);
    let stream = match line.stream {
        Stream::Stdout => 'o',
        Stream::Stderr => 'e',
        Stream::System => 's',
    };
    format!("{stream}{} {text}", if line.partial { "+" } else { "" })
}

async fn next(lines: &mut BoxStream<'static, Result<LogLine>>) -> Option<String> {
    let line = tokio::time::timeout(Duration::from_secs(5), lines.next()).await.unwrap();
    line.map(|line| show(&line.unwrap()))
}

#[tokio::test]
async fn all_of_it_across_files_with_raw_bytes() {
    let mut log = Log::new();
    assert_eq!(log.read(LogOptions::default()).await, [] as [&str; 0]);
    log.write(1, &[(Stream::Stdout, "out", false), (Stream::Stderr, "err", false), (Stream::Stdout, "", false)]);
    log.write(
        2,
        &[(Stream::Stdout, "long ", true), (Stream::Stdout, "line", false), (Stream::Stdout, "no feed", true)],
    );
    let expected = ["o out", "e err", "o ", "o+ long ", "o line", "o+ no feed"];
    assert_eq!(log.read(LogOptions::default()).await, expected);
}

#[tokio::test]
async fn what_was_rotated_away_is_marked() {
    let mut log = Log::new();
    log.lines(3, 0..2);
    log.lines(4, 2..3);
    log.lines(7, 3..4);
    let gap = "s earlier output was rotated away";
    assert_eq!(log.read(LogOptions::default()).await, [gap, "o line 0", "o line 1", "o line 2", gap, "o line 3"]);
    assert_eq!(log.tail(1).await, ["o line 3"], "what was not asked for is not missing");
    assert_eq!(log.tail(9).await.len(), 6, "what was asked for is");
}

#[tokio::test]
async fn the_last_lines_are_found_from_the_end() {
    let mut log = Log::new();
    log.lines(1, 0..3000);
    log.lines(2, 3000..6000);
    for wanted in [0, 1, 2, 2999, 3000, 3001, 5999, 6000, 7000] {
        let tail = log.tail(wanted).await;
        assert_eq!(tail.len(), wanted.min(6000), "{wanted}");
        let first = 6000 - wanted.min(6000);
        assert_eq!(tail.first().cloned(), (wanted > 0).then(|| format!("o line {first}")), "{wanted}");
    }
}

#[tokio::test]
async fn pieces_count_as_the_line_that_they_are() {
    let mut log = Log::new();
    let piece = "x".repeat(crate::log_format::MAX_PIECE);
    log.write(1, &[(Stream::Stdout, "before", false)]);
    log.write(1, &[(Stream::Stdout, &piece, true), (Stream::Stdout, &piece, true), (Stream::Stdout, "end", false)]);
    log.write(1, &[(Stream::Stderr, "unfinished", true)]);
    assert_eq!(log.tail(1).await, ["e+ unfinished"]);
    let two: Vec<usize> = log.tail(2).await.iter().map(String::len).collect();
    assert_eq!(two, [piece.len() + 3, piece.len() + 3, 5, 13]);
    assert_eq!(log.tail(3).await.len(), 5);
}

#[tokio::test]
async fn only_since_then() {
    let mut log = Log::new();
    log.lines(1, 0..10);
    let since = Some(Timestamp::new(1_000_000_008, 0).unwrap());
    let lines = log.read(LogOptions { since, ..LogOptions::default() }).await;
    assert_eq!(lines, ["o line 7", "o line 8", "o line 9"]);
    let lines = log.read(LogOptions { since, tail: Some(1), ..LogOptions::default() }).await;
    assert_eq!(lines, ["o line 9"]);
}

#[tokio::test]
async fn files_are_stamped_by_a_coarser_clock_than_lines() {
    let mut log = Log::new();
    log.lines(1, 0..1);
    let written = Timestamp::new(log.clock, 0).unwrap();
    let stamped = SystemTime::from(written) - Duration::from_millis(4);
    let file = File::options().append(true).open(log.dir.join("log").join(files::name(1))).unwrap();
    file.set_modified(stamped).unwrap();
    assert_eq!(log.read(LogOptions { since: Some(written), ..LogOptions::default() }).await, ["o line 0"]);
}

#[tokio::test]
async fn following_sees_what_comes_across_rotation_until_the_end() {
    let mut log = Log::new();
    let alive = log.come_alive();
    log.lines(1, 0..1);
    let mut lines = log.stream(LogOptions { follow: true, ..LogOptions::default() });
    assert_eq!(next(&mut lines).await.unwrap(), "o line 0");
    for number in 1..4 {
        log.lines(u64::from(number), number..number + 1);
        let written = std::time::Instant::now();
        assert_eq!(next(&mut lines).await.unwrap(), format!("o line {number}"));
        assert!(written.elapsed() < Duration::from_millis(150), "it is told, not found by looking now and then");
    }
    // A line that is half written is not shown before it is whole.
    log.append(3, &head(Timestamp::new(1_000_000_100, 0).unwrap(), Stream::Stdout, false));
    assert!(tokio::time::timeout(Duration::from_millis(50), lines.next()).await.is_err());
    log.append(3, b"whole\n");
    assert_eq!(next(&mut lines).await.unwrap(), "o whole");
    log.lines(3, 9..10);
    drop(alive);
    assert_eq!(next(&mut lines).await.unwrap(), "o line 9");
    assert_eq!(next(&mut lines).await, None);
}

#[tokio::test]
async fn what_a_dead_writer_left_unfinished_is_not_lost() {
    let mut log = Log::new();
    log.lines(1, 0..1);
    let mut torn = head(Timestamp::new(1_000_000_100, 0).unwrap(), Stream::Stderr, false).to_vec();
    torn.extend_from_slice(b"cut");
    log.append(1, &torn);
    assert_eq!(log.read(LogOptions::default()).await, ["o line 0", "e+ cut"]);
    let _alive = log.come_alive();
    assert_eq!(log.read(LogOptions::default()).await, ["o line 0"], "its writer is still at it");
}

#[tokio::test]
async fn damage_is_marked_and_passed_over() {
    let mut log = Log::new();
    log.lines(1, 0..1);
    log.append(1, &[0; 5000]);
    log.append(1, b"\nnonsense\n");
    log.append(1, &vec![b'x'; 200_000]);
    log.append(1, b"\n");
    log.lines(1, 1..2);
    let lines = log.read(LogOptions::default()).await;
    assert_eq!((lines.first().unwrap().as_str(), lines.last().unwrap().as_str()), ("o line 0", "o line 1"));
    assert!(lines[1..lines.len() - 1].iter().all(|line| line == "s a part of the log is damaged and was left out"));
}

#[tokio::test]
async fn a_long_log_is_quick_and_lossless() {
    let mut log = Log::new();
    let text = "a line of output as programs write them, of a usual length";
    let mut bytes = Vec::new();
    for number in 0..100_000_u32 {
        bytes.extend_from_slice(&head(
            Timestamp::new(1_000_000_000 + i64::from(number / 50), 0).unwrap(),
            Stream::Stdout,
            false,
        ));
        bytes.extend_from_slice(format!("{number} {text}\n").as_bytes());
    }
    log.append(1, &bytes);
    log.clock = 0;
    let mut lines = log.stream(LogOptions::default());
    let mut count = 0_u32;
    while let Some(line) = lines.next().await {
        assert_eq!(line.unwrap().text, format!("{count} {text}"));
        count += 1;
    }
    assert_eq!(count, 100_000);
}
