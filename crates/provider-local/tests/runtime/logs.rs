//! What a machine prints is kept, byte for byte.

use std::fs;
use std::time::{Duration, Instant};

use crate::common::machine::Machine;
use crate::common::{Case, until};

pub(crate) const CASES: &[Case] = &[
    ("a_line_of_10_mib_is_kept_in_pieces", a_line_of_10_mib_is_kept_in_pieces),
    ("binary_output_is_kept", binary_output_is_kept),
    ("the_beginning_of_a_line_shows_when_it_goes_quiet", the_beginning_of_a_line_shows_when_it_goes_quiet),
    ("a_million_lines_are_kept_in_time", a_million_lines_are_kept_in_time),
    ("files_rotate_by_number_and_the_oldest_go", files_rotate_by_number_and_the_oldest_go),
    ("what_was_torn_stays_apart", what_was_torn_stays_apart),
    ("a_full_disk_is_survived_and_marked", a_full_disk_is_survived_and_marked),
];

fn a_line_of_10_mib_is_kept_in_pieces() {
    let machine = Machine::sh("head -c 10485760 /dev/zero | tr '\\0' x; echo; printf unfinished");
    assert_eq!(machine.run().wait()["code"], 0);
    let pieces = machine.pieces(b'o');
    assert!(pieces.iter().all(|(_, text)| text.len() <= 64 * 1024));
    let mut expected = vec![b'x'; 10 * 1024 * 1024];
    expected.extend_from_slice(b"\nunfinished");
    assert!(machine.output(b'o') == expected);
    assert_eq!(pieces.iter().filter(|(partial, _)| !partial).count(), 1);
    assert_eq!(pieces.last().unwrap(), &(true, b"unfinished".to_vec()));
}

fn binary_output_is_kept() {
    let machine = Machine::sh("printf '\\000\\001\\377\\n\\n\\r\\n'; head -c 70000 /dev/zero");
    machine.run().wait();
    let mut expected = b"\0\x01\xff\n\n\r\n".to_vec();
    expected.extend(vec![0; 70_000]);
    assert!(machine.output(b'o') == expected);
}

fn the_beginning_of_a_line_shows_when_it_goes_quiet() {
    let machine = Machine::sh("printf 'name? '; sleep 3; echo there");
    machine.run();
    until("the prompt shows", || machine.pieces(b'o') == [(true, b"name? ".to_vec())]);
    machine.wait();
    assert_eq!(machine.pieces(b'o'), [(true, b"name? ".to_vec()), (false, b"there".to_vec())]);
}

fn a_million_lines_are_kept_in_time() {
    let machine = Machine::new(&["seq", "1000000"]);
    let begun = Instant::now();
    assert_eq!(machine.run().wait()["code"], 0);
    let took = begun.elapsed();
    let log = machine.stdout();
    let mut expected = 0;
    for line in log.lines() {
        expected += 1;
        assert_eq!(line.parse(), Ok(expected));
    }
    assert_eq!(expected, 1_000_000);
    // The target is 1.5 s for a release build on a quiet computer; this is to notice a collapse.
    assert!(took < Duration::from_secs(15), "{took:?}");
}

fn files_rotate_by_number_and_the_oldest_go() {
    let machine = Machine::sh("exec head -c 340000000 /dev/zero");
    assert_eq!(machine.run().wait()["code"], 0);
    let mut files: Vec<_> = fs::read_dir(machine.dir.join("log")).unwrap().map(|file| file.unwrap()).collect();
    files.sort_by_key(fs::DirEntry::file_name);
    assert_eq!(files.len(), 8);
    assert_ne!(files[0].file_name(), "00000001.log");
    for pair in files.windows(2) {
        let number = |file: &fs::DirEntry| file.file_name().to_str().unwrap()[..8].parse::<u32>().unwrap();
        assert_eq!(number(&pair[0]) + 1, number(&pair[1]));
        let size = pair[0].metadata().unwrap().len();
        assert!(size <= 32 * 1024 * 1024 && size > 31 * 1024 * 1024, "{size}");
        // A piece is never torn by the end of a file.
        assert!(
            fs::read(pair[0].path()).unwrap().ends_with(b"\n") && fs::read(pair[1].path()).unwrap().starts_with(b"20")
        );
    }
}

fn what_was_torn_stays_apart() {
    let machine = Machine::sh("echo new");
    fs::write(machine.dir.join("log/00000004.log"), "2026-11-20T19:46:00.123456Z oF torn by a cra").unwrap();
    machine.run().wait();
    assert!(fs::read(machine.dir.join("log/00000005.log")).unwrap().ends_with(b"oF new\n"));
    assert!(fs::read(machine.dir.join("log/00000004.log")).unwrap().ends_with(b"a cra"));
}

/// A limit on the size of files does what a full disk does, and can be lifted.
fn a_full_disk_is_survived_and_marked() {
    let machine = Machine::sh(
        "while ! test -e /work/go; do sleep 0.01; done; seq 200000; touch /work/printed
         while ! test -e /work/on; do sleep 0.01; done; echo after",
    );
    machine.run();
    let work = machine.dir.join("rw/work");
    let shim = i32::try_from(machine.state()["shim"]["pid"].as_i64().unwrap()).unwrap();
    let limit = |bytes: Option<u64>| {
        let limit = rustix::process::Rlimit { current: bytes, maximum: None };
        rustix::process::prlimit(rustix::process::Pid::from_raw(shim), rustix::process::Resource::Fsize, limit)
    };
    limit(Some(100_000)).unwrap();
    fs::write(work.join("go"), "").unwrap();
    until("the machine has printed all of it", || work.join("printed").exists());
    until("the loss is noticed", || machine.shim_log().contains("output is being lost"));
    limit(None).unwrap();
    fs::write(work.join("on"), "").unwrap();
    assert_eq!(machine.wait()["code"], 0);
    let kept = machine.stdout();
    assert!(kept.starts_with("1\n2\n3\n") && kept.ends_with("\nafter\n"), "{}", kept.len());
    assert!(kept.len() < 1_288_895, "something was lost");
    let marks = String::from_utf8(machine.output(b's')).unwrap();
    assert!(marks.contains("bytes of output were lost here"), "{marks}");
}
