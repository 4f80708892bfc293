#![expect(clippy::disallowed_methods, reason = "what a test spawns, it waits for")]

use super::*;

fn dir() -> (tempfile::TempDir, StateDir) {
    let outer = tempfile::tempdir().unwrap();
    let dir = StateDir::open(outer.path().join("state")).unwrap();
    (outer, dir)
}

#[tokio::test]
async fn an_owner_stays_what_it_is() {
    let (_outer, dir) = dir();
    let owner = of(&dir).await.unwrap();
    assert_eq!(owner.as_str().len(), LENGTH);
    assert!(owner.as_str().bytes().all(|byte| ALPHABET.contains(&byte)));
    assert_eq!(of(&dir).await.unwrap(), owner);
}

#[tokio::test]
async fn a_copied_directory_has_an_owner_of_its_own_and_the_original_keeps_its() {
    let (outer, dir) = dir();
    let owner = of(&dir).await.unwrap();
    let copy = StateDir::open(outer.path().join("copy")).unwrap();
    fs::copy(dir.path().join(FILE), copy.path().join(FILE)).unwrap();
    let other = of(&copy).await.unwrap();
    assert_ne!(other, owner);
    assert_eq!(of(&copy).await.unwrap(), other);
    assert_eq!(of(&dir).await.unwrap(), owner);
}

#[tokio::test]
async fn a_renamed_directory_keeps_its_owner() {
    let (outer, dir) = dir();
    let owner = of(&dir).await.unwrap();
    fs::rename(dir.path(), outer.path().join("moved")).unwrap();
    assert_eq!(of(&StateDir::open(outer.path().join("moved")).unwrap()).await.unwrap(), owner);
}

#[tokio::test]
async fn another_computer_gets_another_owner_and_leaves_the_first_one_there() {
    let (_outer, dir) = dir();
    let owner = of(&dir).await.unwrap();
    let path = dir.path().join(FILE);
    let elsewhere = fs::read_to_string(&path).unwrap().replace(&computer(), "00000000000000000000000000000000");
    fs::write(&path, elsewhere).unwrap();
    let ours = of(&dir).await.unwrap();
    assert_ne!(ours, owner);
    assert!(fs::read_to_string(&path).unwrap().contains(owner.as_str()));
    assert_eq!(of(&dir).await.unwrap(), ours);
}

#[test]
fn a_birthday_that_only_one_side_knows_decides_nothing() {
    let (_outer, dir) = dir();
    let place = Place::of(&dir).unwrap();
    assert!(place.is(&Place { born: None, ..place.clone() }));
    assert!(!place.is(&Place { inode: place.inode + 1, ..place.clone() }));
    if let Some(born) = place.born {
        let later = Some(born + std::time::Duration::from_secs(1));
        assert!(!place.is(&Place { born: later, ..place.clone() }));
    }
}

#[tokio::test]
async fn a_damaged_owner_is_refused_and_left_as_it_is() {
    let (_outer, dir) = dir();
    of(&dir).await.unwrap();
    let path = dir.path().join(FILE);
    for damaged in ["", "{", "{\"owners\": 3}"] {
        fs::write(&path, damaged).unwrap();
        let error = of(&dir).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ledger);
        assert!(error.to_string().contains("owner"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
    }
}

#[tokio::test]
async fn many_at_once_agree_on_one_owner() {
    let (_outer, dir) = dir();
    let opening = (0..8).map(|_| {
        let dir = dir.clone();
        tokio::spawn(async move { of(&dir).await.unwrap() })
    });
    let mut owners = std::collections::HashSet::new();
    for opened in opening.collect::<Vec<_>>() {
        owners.insert(opened.await.unwrap());
    }
    assert_eq!(owners.len(), 1);
}
