use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn resolve(variables: &[(&str, &str)]) -> Result<PathBuf> {
    StateDir::resolve(&variables.iter().copied().collect())
}

#[test]
fn the_first_variable_that_says_something_wins() {
    let all = [("MACHINE_STATE_DIR", "/m"), ("XDG_STATE_HOME", "/x"), ("HOME", "/h")];
    assert_eq!(resolve(&all).unwrap(), Path::new("/m"));
    assert_eq!(resolve(&all[1..]).unwrap(), Path::new("/x/machine"));
    assert_eq!(resolve(&all[2..]).unwrap(), Path::new("/h/.local/state/machine"));
    assert_eq!(resolve(&[("MACHINE_STATE_DIR", ""), ("HOME", "/h")]).unwrap(), Path::new("/h/.local/state/machine"));
    assert_eq!(resolve(&[("XDG_STATE_HOME", "x"), ("HOME", "/h")]).unwrap(), Path::new("/h/.local/state/machine"));
    assert!(resolve(&[("MACHINE_STATE_DIR", "here")]).unwrap().is_absolute());
}

#[test]
fn without_a_home_the_message_says_what_to_set() {
    let error = resolve(&[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("HOME"), "{error}");
    assert!(error.hint().unwrap().contains("MACHINE_STATE_DIR"));
}

#[test]
fn it_is_made_private_and_left_clean() {
    let outer = tempfile::tempdir().unwrap();
    let path = outer.path().join("a/b/machine");
    let dir = StateDir::open(&path).unwrap();
    assert_eq!(fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "the probe stayed");
    StateDir::open(&path).unwrap();
}

#[test]
fn a_directory_that_others_may_write_to_is_refused() {
    let outer = tempfile::tempdir().unwrap();
    let path = outer.path().join("open");
    StateDir::open(&path).unwrap();
    for mode in [0o777, 0o720, 0o702] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = StateDir::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.hint().unwrap().contains("chmod go-w"), "{error}");
    }
}

#[test]
fn a_file_in_its_place_is_refused() {
    let outer = tempfile::tempdir().unwrap();
    let path = outer.path().join("file");
    fs::write(&path, "").unwrap();
    let error = StateDir::open(&path).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
}
