//! `docs/picture.svg`: the command at work, as a real terminal shows it.
//!
//! tmux is the terminal: a shell in it gets the commands below as key presses, and what stands on its screen at the end,
//! colours included, is drawn as text. Nothing in the picture is written by hand.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::{Outcome, root};

/// What is typed, in a directory with a small project in it.
const TYPED: &[&str] = &[
    "machine run -- sh -c 'echo hello from $(hostname); exit 3'; echo \"exit $?\"",
    "machine run --sync . -- make test",
    "machine create web --net none --publish 8080:80 -- python3 -m http.server 80",
    "curl -sI localhost:8080 | head -1",
    "machine exec web -- ps -e -o pid,comm",
    "machine list",
    "machine destroy --yes web && machine gc",
];
const COLUMNS: usize = 92;
const ROWS: usize = 34;
const CELL_WIDTH: f64 = 8.4;
const CELL_HEIGHT: f64 = 18.0;
const MARGIN: f64 = 16.0;

/// Builds the release binary, plays the session, writes the picture.
pub(crate) fn make() -> Outcome {
    let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--package", "machine-cli"])
        .current_dir(root())
        .status()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !built.success() {
        return Err("the release build failed".to_owned());
    }
    let home = tempfile::tempdir().map_err(|error| format!("cannot make a home directory: {error}"))?;
    let terminal = Terminal::open(home.path())?;
    for line in TYPED {
        terminal.type_line(line)?;
    }
    let screen = terminal.screen()?;
    let target = root().join("docs/picture.svg");
    std::fs::write(&target, draw(&screen)).map_err(|error| format!("{}: {error}", target.display()))?;
    println!("wrote {}", target.display());
    Ok(())
}

/// A tmux server of our own with one window.
struct Terminal {
    socket: std::path::PathBuf,
}

impl Terminal {
    fn open(home: &Path) -> Outcome<Self> {
        let terminal = Self { socket: home.join("tmux.sock") };
        let project = home.join("project");
        std::fs::create_dir_all(&project).map_err(|error| error.to_string())?;
        std::fs::write(project.join("Makefile"), "test:\n\t@echo running 3 tests; echo ok\n")
            .map_err(|error| error.to_string())?;
        let bin = root().join("target/release").canonicalize().map_err(|error| error.to_string())?;
        let shell = format!(
            "cd {}; exec env HOME={} PATH={}:$PATH PS1='\\[\\e[1;32m\\]$\\[\\e[0m\\] ' MACHINE_STATE_DIR={} bash --norc",
            project.display(),
            home.display(),
            bin.display(),
            home.join("state").display(),
        );
        let (columns, rows) = (COLUMNS.to_string(), ROWS.to_string());
        terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", &columns, "-y", &rows, &shell])?;
        terminal.tmux(&["set-option", "-g", "status", "off"])?;
        terminal.settle()?;
        Ok(terminal)
    }

    fn tmux(&self, args: &[&str]) -> Outcome<String> {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(&self.socket)
            .args(args)
            .output()
            .map_err(|error| format!("cannot run tmux: {error}"))?;
        if !output.status.success() {
            return Err(format!("tmux {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr)));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn type_line(&self, line: &str) -> Outcome {
        self.tmux(&["send-keys", "-l", line])?;
        self.tmux(&["send-keys", "Enter"])?;
        self.settle()
    }

    /// Waits until the shell shows an empty prompt and the screen has stood still for a moment.
    fn settle(&self) -> Outcome {
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut last = String::new();
        while Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(400));
            let screen = self.tmux(&["capture-pane", "-p"])?;
            let prompted = screen.trim_end().ends_with("\n$") || screen.trim() == "$";
            if prompted && screen == last {
                return Ok(());
            }
            last = screen;
        }
        Err(format!("a command did not come to an end:\n{last}"))
    }

    fn screen(&self) -> Outcome<String> {
        self.tmux(&["capture-pane", "-p", "-e"])
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The server's end is the terminal's end; there is nobody left to tell when it has gone already.
        drop(self.tmux(&["kill-server"]));
    }
}

/// How a stretch of text looks.
#[derive(Clone, Copy, Default, PartialEq)]
struct Style {
    colour: Option<u8>,
    bold: bool,
    dim: bool,
}

impl Style {
    /// Takes over one `ESC [ ... m`.
    fn apply(&mut self, codes: &str) {
        for code in codes.split(';') {
            match code.parse().unwrap_or(0) {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                22 => (self.bold, self.dim) = (false, false),
                code @ 30..=37 => self.colour = Some(code - 30),
                39 => self.colour = None,
                code @ 90..=97 => self.colour = Some(code - 90 + 8),
                _ => {}
            }
        }
    }

    fn attributes(self) -> String {
        const COLOURS: [&str; 16] = [
            "#45475a", "#f38ba8", "#a6e3a1", "#f9e2af", "#89b4fa", "#f5c2e7", "#94e2d5", "#bac2de", "#585b70",
            "#f38ba8", "#a6e3a1", "#f9e2af", "#89b4fa", "#f5c2e7", "#94e2d5", "#a6adc8",
        ];
        let mut attributes = String::new();
        if let Some(colour) = self.colour.and_then(|index| COLOURS.get(usize::from(index))) {
            let _ = write!(attributes, " fill=\"{colour}\"");
        }
        if self.bold {
            attributes.push_str(" font-weight=\"bold\"");
        }
        if self.dim {
            attributes.push_str(" opacity=\"0.7\"");
        }
        attributes
    }
}

/// The screen as an SVG document.
fn draw(screen: &str) -> String {
    let lines: Vec<&str> = screen.trim_end().lines().collect();
    let width = COLUMNS as f64 * CELL_WIDTH + 2.0 * MARGIN;
    let height = lines.len() as f64 * CELL_HEIGHT + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1e1e2e\"/>\n<g fill=\"#cdd6f4\" xml:space=\"preserve\">\n"
    );
    let mut style = Style::default();
    for (row, line) in lines.iter().enumerate() {
        let y = MARGIN + (row as f64 + 0.75) * CELL_HEIGHT;
        let _ = write!(svg, "<text x=\"{MARGIN}\" y=\"{y:.1}\">");
        for (piece, text) in pieces(line).into_iter().enumerate() {
            let (codes, shown) = if piece == 0 { ("", text) } else { text.split_once('m').unwrap_or((text, "")) };
            if piece > 0 {
                style.apply(codes);
            }
            if !shown.is_empty() {
                let _ = write!(svg, "<tspan{}>{}</tspan>", style.attributes(), escape(shown));
            }
        }
        svg.push_str("</text>\n");
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// The line cut at every `ESC [`.
fn pieces(line: &str) -> Vec<&str> {
    line.split("\u{1b}[").collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_markup_survive() {
        let svg = draw("plain \u{1b}[1;32m<b>\u{1b}[0m & rest\n");
        assert!(svg.contains("<tspan>plain </tspan>"), "{svg}");
        assert!(svg.contains("<tspan fill=\"#a6e3a1\" font-weight=\"bold\">&lt;b&gt;</tspan>"), "{svg}");
        assert!(svg.contains("<tspan> &amp; rest</tspan>"), "{svg}");
    }
}
