//! Deliberate mistakes in what keeps machines from being leaked, one at a time: the tests have to catch each of them.

mod mistakes;
mod suite;
mod tree;

use std::time::Instant;

use self::mistakes::{MISTAKES, Mistake};
use self::suite::{ALL, Suite, Verdict};
use self::tree::Tree;
use crate::{Outcome, root};

/// Makes the mistakes whose names contain one of `which`, or all, in a copy of the sources, and prints who caught them.
pub(crate) fn run(which: &[&str]) -> Outcome {
    let is_meant = |mistake: &&Mistake| which.is_empty() || which.iter().any(|part| mistake.name.contains(part));
    let meant: Vec<_> = MISTAKES.iter().filter(is_meant).collect();
    if meant.is_empty() {
        return Err(format!("no mistake has a name with `{}` in it", which.join("` or `")));
    }
    let tree = Tree::copy(&root())?;
    // All of them, before an hour is spent on the first.
    for mistake in &meant {
        tree.check(mistake)?;
    }
    println!("without a mistake, everything has to pass:");
    for suite in ALL.iter().filter(|suite| meant.iter().any(|mistake| mistake.suites.contains(suite))) {
        let began = Instant::now();
        match suite.run(tree.path(), &tree.build())? {
            Verdict::Passed => println!("  {suite} passes, in {} s", began.elapsed().as_secs()),
            Verdict::DoesNotBuild(why) => return Err(format!("the tests do not build:\n{why}")),
            Verdict::Failed(tests) => return Err(format!("{suite} fails without a mistake: {}", tests.join(", "))),
        }
    }
    println!("\n| mistake | caught by | tests that fail | seconds |\n|---|---|---|---|");
    let mut survived = Vec::new();
    for mistake in &meant {
        let began = Instant::now();
        let caught = catch(&tree, mistake)?;
        let seconds = began.elapsed().as_secs();
        match caught {
            Some((suite, tests)) => {
                let (count, first) = (tests.len(), tests.first().map(String::as_str).unwrap_or_default());
                println!("| {} | {suite}: `{first}` | {count} | {seconds} |", mistake.name);
            }
            None => {
                println!("| {} | nobody | 0 | {seconds} |", mistake.name);
                survived.push(mistake.name);
            }
        }
    }
    println!("\n{} mistakes, {} caught", meant.len(), meant.len() - survived.len());
    if survived.is_empty() { Ok(()) } else { Err(format!("nobody caught: {}", survived.join("; "))) }
}

/// Who catches `mistake`, and by which tests; the first of its suites that does.
fn catch(tree: &Tree, mistake: &Mistake) -> Outcome<Option<(Suite, Vec<String>)>> {
    let _made = tree.make(mistake)?;
    for suite in mistake.suites {
        match suite.run(tree.path(), &tree.build())? {
            Verdict::Passed => {}
            Verdict::DoesNotBuild(why) => return Err(format!("`{}` does not build:\n{why}", mistake.name)),
            Verdict::Failed(tests) => return Ok(Some((*suite, tests))),
        }
    }
    Ok(None)
}
