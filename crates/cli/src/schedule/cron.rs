//! A line in the user's crontab.

use machine_core::{Environment, Error, ErrorKind, Result};

use super::process;
use super::sweep::Sweep;

/// What our line ends with. To the shell that cron starts it is a comment.
const MARK: &str = "# machine-gc: written by `machine gc --install-timer`";

/// The line.
///
/// # Errors
/// [`ErrorKind::Config`] for a word that no shell can be told.
pub(super) fn line(sweep: &Sweep) -> Result<String> {
    let quoted = |word: &str| {
        let quoted = shlex::try_quote(word)
            .map_err(|_| Error::new(ErrorKind::Config, format!("`{word}` cannot be written into a crontab")))?;
        // A bare percent sign is a line feed to cron.
        Ok::<_, Error>(quoted.replace('%', "\\%"))
    };
    let words = sweep.words().map(quoted).collect::<Result<Vec<_>>>()?;
    Ok(format!("*/10 * * * * MACHINE_STATE_DIR={} {} {MARK}", quoted(&sweep.state)?, words.join(" ")))
}

/// The user's crontab, empty where there is none yet; nothing where this computer has no such thing.
///
/// # Errors
/// A crontab that cannot be read. It is left as it is then: what cannot be read must not be replaced.
pub(super) async fn read(environment: &Environment) -> Result<Option<String>> {
    let ended = match process::run(environment, "crontab", &["-l"], "").await {
        Ok(ended) => ended,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // Two families of cron, two ways to say that there is none yet.
    let is_none = |said: &str| said.contains("no crontab for") || said.contains("No such file or directory");
    match (ended.success, ended.stderr.trim()) {
        (true, _) => Ok(Some(ended.stdout)),
        (false, said) if is_none(said) => Ok(Some(String::new())),
        (false, said) => Err(Error::new(ErrorKind::System, format!("the crontab cannot be read: {said}"))),
    }
}

/// Whether our line is in it.
pub(super) fn has_line(crontab: &str) -> bool {
    crontab.lines().any(is_ours)
}

/// The crontab with our line, once, in place of what was ours before. Other lines stay as they are.
pub(super) fn with_line(crontab: &str, line: &str) -> String {
    format!("{}{line}\n", without_line(crontab))
}

/// The crontab without our line.
pub(super) fn without_line(crontab: &str) -> String {
    crontab.lines().filter(|line| !is_ours(line)).map(|line| format!("{line}\n")).collect()
}

/// Replaces the crontab.
///
/// # Errors
/// What `crontab` says.
pub(super) async fn write(environment: &Environment, crontab: &str) -> Result<()> {
    process::must(environment, "crontab", &["-"], crontab).await.map(drop)
}

fn is_ours(line: &str) -> bool {
    line.trim_end().ends_with(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_lines_stay_and_ours_is_there_once() {
        let sweep = Sweep::for_test("/opt/my tools/machine", "/s/50%", &["--quiet", "gc"]);
        let line = line(&sweep).unwrap();
        assert!(
            line.starts_with("*/10 * * * * MACHINE_STATE_DIR='/s/50\\%' '/opt/my tools/machine' --quiet gc # "),
            "{line}"
        );
        let others = "MAILTO=me\n# machine-gc is ours to say\n0 4 * * * backup\n";
        let once = with_line(others, &line);
        assert_eq!(with_line(&once, &line), once);
        assert!(has_line(&once) && !has_line(others));
        assert_eq!(without_line(&once), others);
        assert_eq!(with_line("", &line), format!("{line}\n"));
    }
}
