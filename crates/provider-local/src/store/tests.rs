//! The store on real files.
#![expect(clippy::disallowed_methods, reason = "what a test spawns, it waits for")]

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use machine_core::ErrorKind;

use super::*;
use crate::testing::{self, Scratch};

#[test]
fn many_that_open_a_store_for_the_first_time_all_succeed() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..50 {
        let root = directory.path().join(format!("below/{round}/state"));
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            let open = || {
                start.wait();
                Store::open(&root).map(drop)
            };
            let opened: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            for one in opened {
                one.join().unwrap().unwrap();
            }
        });
    }
}

#[test]
fn everything_is_for_its_owner_only() {
    let scratch = Scratch::new();
    let root = scratch.path().join("deep/er");
    let store = Store::open(&root).unwrap();
    let dir = testing::place(&store, "web", 'a');
    for path in [&root, &root.join("machines"), &root.join("trash"), dir.path(), &dir.path().join("rw")] {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700, "{}", path.display());
    }
    assert_eq!(dir.path().join("spec.json").metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_place_that_cannot_be_used_is_said_before_anything_is_made() {
    let scratch = Scratch::new();
    let file = scratch.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_eq!(Store::open(&file).unwrap_err().kind(), ErrorKind::Config);
    let error = Store::open(&file.join("below")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::System);
    assert!(error.to_string().contains("file/below"), "{error}");
    assert!(error.hint().is_some());
    let error = Store::open(Path::new("/proc/machine-state")).unwrap_err();
    assert!(error.hint().unwrap().contains("MACHINE_STATE_DIR"), "{error:?}");
}

#[test]
fn a_name_is_taken_once_and_a_crash_does_not_keep_it() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let first = testing::place(&store, "web", 'a');
    let names = store.lock_names().unwrap();
    let error = store.take_name(&names, "web", &testing::id('b')).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(error.to_string(), "a machine called `web` exists already");
    assert!(error.hint().unwrap().contains("machine destroy web"));
    // As after a crash between the name and the machine.
    std::fs::rename(first.path(), scratch.path().join("elsewhere")).unwrap();
    assert_eq!(store.dangling_names(&names).unwrap(), ["web"]);
    store.take_name(&names, "web", &testing::id('b')).unwrap();
    assert_eq!(store.named("web"), Some(testing::id('b')));
    // What another has by now is not taken off it.
    store.drop_name(&names, "web", &testing::id('a')).unwrap();
    assert_eq!(store.named("web"), Some(testing::id('b')));
}

#[test]
fn two_makers_of_one_name_make_one_machine() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let wins: Vec<bool> = std::thread::scope(|scope| {
        let threads: Vec<_> = ('a'..='h')
            .map(|digit| {
                let store = &store;
                scope.spawn(move || {
                    let names = store.lock_names().unwrap();
                    let took = store.take_name(&names, "web", &testing::id(digit)).is_ok();
                    if took {
                        let nascent = store.make_machine(&testing::spec("web", digit)).unwrap();
                        store.place_machine(nascent).unwrap();
                    }
                    took
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(wins.iter().filter(|won| **won).count(), 1);
    assert_eq!(store.machine_ids().unwrap().len(), 1);
}

#[test]
fn who_changes_a_machine_is_named_to_who_comes_second() {
    let scratch = Scratch::new();
    let dir = testing::place(&scratch.store(), "web", 'a');
    let first = dir.lock("start").unwrap();
    let error = dir.lock("destroy").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    let pid = std::process::id();
    assert_eq!(error.to_string(), format!("machine `web` is busy: process {pid} is at it (start)"));
    let waiter = std::thread::spawn(move || dir.lock_patiently("destroy", Duration::from_secs(5)).map(drop));
    drop(first);
    waiter.join().unwrap().unwrap();
}

#[test]
fn a_record_that_cannot_be_read_is_named() {
    let scratch = Scratch::new();
    let dir = testing::place(&scratch.store(), "web", 'a');
    let spec = dir.path().join("spec.json");
    let why = |text: &str| {
        std::fs::write(&spec, text).unwrap();
        dir.spec().unwrap_err().to_string()
    };
    let name = format!("machines/{}/spec.json: ", testing::id('a'));
    assert!(why("{\"schema\":1,").starts_with(&name));
    assert!(why("").starts_with(&name));
    let newer = why(r#"{"schema":7,"id":{"shape":"that we do not know"}}"#);
    assert_eq!(newer, format!("{name}written by a newer version of machine (schema 7; this one knows 1)"));
    std::fs::remove_file(&spec).unwrap();
    assert_eq!(dir.spec().unwrap_err().to_string(), format!("{name}it is missing"));
}

#[test]
fn a_machine_that_is_in_the_making_is_no_rubbish() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let nascent = store.make_machine(&testing::spec("web", 'a')).unwrap();
    let other = Store::open(store.root()).unwrap();
    let sweeper = std::thread::spawn(move || other.rubbish());
    std::thread::sleep(Duration::from_millis(30));
    assert!(!sweeper.is_finished(), "the sweeper waits for the maker");
    store.place_machine(nascent).unwrap();
    assert!(sweeper.join().unwrap().unwrap().is_empty());
    let crashed = store.make_machine(&testing::spec("web", 'b')).unwrap();
    drop(crashed);
    let rubbish = store.rubbish().unwrap();
    assert_eq!(rubbish.len(), 1);
    store.delete_from_trash(&rubbish[0]).unwrap();
    assert!(store.rubbish().unwrap().is_empty());
}

#[test]
fn what_strangers_wrote_is_deleted_all_the_same() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let dir = testing::place(&store, "web", 'a');
    let keep = scratch.path().join("keep");
    std::fs::write(&keep, "outside").unwrap();
    let rw = dir.path().join("rw");
    std::os::unix::fs::symlink(scratch.path(), rw.join("link")).unwrap();
    std::fs::create_dir_all(rw.join("overlay/work/work")).unwrap();
    std::fs::write(rw.join("overlay/work/work/file"), "").unwrap();
    for locked in ["overlay/work/work", "overlay/work"] {
        std::fs::set_permissions(rw.join(locked), std::fs::Permissions::from_mode(0o000)).unwrap();
    }
    // Deeper than a path may be long and than descriptors are open.
    let mut deep = rustix::fs::open(&rw, machine_dir::OPEN_DIR, Mode::empty()).unwrap();
    for level in 0..1200 {
        rustix::fs::mkdirat(&deep, "d", DIR_MODE).unwrap();
        deep = rustix::fs::openat(&deep, "d", machine_dir::OPEN_DIR, Mode::empty()).unwrap();
        if level % 400 == 0 {
            create_new(&deep, "file", b"").unwrap();
        }
    }
    let name = store.displace_machine(dir.id()).unwrap().unwrap();
    assert!(store.machine(dir.id()).unwrap().is_none());
    store.delete_from_trash(&name).unwrap();
    assert!(store.rubbish().unwrap().is_empty());
    assert_eq!(std::fs::read_to_string(&keep).unwrap(), "outside", "no link is followed");
    assert_eq!(store.displace_machine(dir.id()).unwrap(), None);
}

#[test]
fn ids_do_not_climb_out_of_the_store() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for id in ["", "m-", "..", "m-../../x", "m-a/b", "v-abc", "m-a.b", "m-\u{e9}"] {
        assert!(store.machine(id).unwrap().is_none(), "{id:?}");
    }
    assert_eq!(store.require_machine("../machines").unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn secret_files_are_kept_in_memory_and_told_apart_by_their_store() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let id = format!("m-test{}", std::process::id());
    let kept = store.private_files(&id);
    let file = crate::order::FileOrder { path: "/run/secrets/token".into(), contents: "hunter2".into(), mode: 0o400 };
    if !kept.keep(&[file]).unwrap() {
        // No file system in memory: nothing is kept, rather than kept on a disk.
        return;
    }
    let loaded = kept.load().unwrap().unwrap();
    assert_eq!((loaded[0].contents.as_bytes(), loaded[0].mode), (&b"hunter2"[..], 0o400));
    assert_eq!(store.ids_in_memory(), [id.as_str()]);
    let other = Scratch::new();
    assert!(other.store().ids_in_memory().is_empty());
    crate::memory::remove(&id);
    assert!(kept.load().unwrap().is_none());
    assert!(store.ids_in_memory().is_empty());
}
