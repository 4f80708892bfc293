//! `machine man`: pages that `man` can show.

use std::fs;
use std::process::Command;

use crate::support::Home;

#[test]
fn every_page_is_written_and_renders_without_a_warning() {
    let home = Home::new();
    let dir = home.path().join("share/man1");
    let said = home.machine(["man", dir.to_str().unwrap()]).expect(0);
    assert!(said.out().is_empty() && said.stderr.contains("pages written"), "{said:?}");
    let mut pages = 0;
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        pages += 1;
        let rendered = Command::new("groff").args(["-man", "-Tutf8", "-ww", "-P-cbou"]).arg(&path).output();
        match rendered {
            Ok(output) => {
                let (text, warnings) =
                    (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
                assert!(output.status.success() && warnings.is_empty(), "{}: {warnings}", path.display());
                assert!(text.contains("NAME") && text.contains("machine"), "{}: {text}", path.display());
            }
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{}", path.display()),
        }
    }
    assert!(pages > 30, "{pages}");
    let all = home.machine(["man"]).expect(0).out();
    assert_eq!(all.matches("\n.TH ").count(), pages, "the same pages");
    home.machine(["man", "/proc/nowhere"]).expect(1);
    assert!(!home.state().exists(), "nothing else is made");
}
