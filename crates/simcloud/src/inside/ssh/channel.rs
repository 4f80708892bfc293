//! A channel: first what is asked for it, then a program.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use russh::server::{Handle, Msg};
use russh::{Channel, ChannelMsg, Sig};
use rustix::termios::Winsize;

use crate::inside::accounts::User;
use crate::inside::ssh::program::{Ended, Program, Wish};

/// How long a channel may be open without a program.
const IDLE: Duration = Duration::from_secs(300);

/// The most variables that a client may hand over, and the longest of them.
const VARIABLES: usize = 64;
const LONGEST: usize = 4096;

/// Where OpenSSH keeps the program for files.
const SFTP: &[&str] = &["/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server"];

/// Serves the channel to its end.
pub(super) async fn serve(mut channel: Channel<Msg>, handle: Handle, user: User, peer: SocketAddr) {
    let id = channel.id();
    let mut wish = Wish { user, peer, env: BTreeMap::new(), terminal: None, command: None };
    let started = loop {
        let Ok(Some(message)) = tokio::time::timeout(IDLE, channel.wait()).await else { break None };
        let (asked, granted) = match message {
            ChannelMsg::RequestPty { want_reply, term, col_width, row_height, pix_width, pix_height, .. } => {
                wish.env.insert("TERM".to_owned(), term);
                wish.terminal = Some(size(col_width, row_height, pix_width, pix_height));
                (want_reply, true)
            }
            ChannelMsg::SetEnv { want_reply, variable_name, variable_value } => {
                (want_reply, keep(&mut wish.env, variable_name, variable_value))
            }
            ChannelMsg::RequestShell { want_reply } => break Some((want_reply, None)),
            ChannelMsg::Exec { want_reply, command } => {
                break Some((want_reply, Some(String::from_utf8_lossy(&command).into_owned())));
            }
            ChannelMsg::RequestSubsystem { want_reply, name } => {
                match SFTP.iter().find(|path| name == "sftp" && Path::new(path).exists()) {
                    Some(program) => break Some((want_reply, Some(format!("exec {program}")))),
                    None => (want_reply, false),
                }
            }
            ChannelMsg::AgentForward { want_reply } | ChannelMsg::RequestX11 { want_reply, .. } => (want_reply, false),
            ChannelMsg::Close => break None,
            _ => (false, true),
        };
        if asked && answer(&handle, id, granted).await.is_err() {
            return;
        }
    };
    let Some((asked, command)) = started else {
        let _ = channel.close().await;
        return;
    };
    wish.command = command;
    let program = Program::start(&wish);
    if asked && answer(&handle, id, program.is_ok()).await.is_err() {
        return;
    }
    let Ok(program) = program else {
        let _ = channel.close().await;
        return;
    };
    let (read, write) = channel.split();
    let Some(ended) = program.run(read, &write).await else { return };
    let told = match ended {
        Ended::Exited(code) => handle.exit_status_request(id, code).await,
        Ended::Killed(signal, core) => {
            let name = Sig::Custom(signal_name(signal));
            handle.exit_signal_request(id, name, core, String::new(), "en".to_owned()).await
        }
    };
    if told.is_ok() {
        let _ = write.eof().await;
        let _ = write.close().await;
    }
}

async fn answer(handle: &Handle, id: russh::ChannelId, granted: bool) -> Result<(), ()> {
    if granted { handle.channel_success(id).await } else { handle.channel_failure(id).await }
}

/// Keeps a variable of the client's where it is one of those that OpenSSH takes by default.
fn keep(env: &mut BTreeMap<String, String>, name: String, value: String) -> bool {
    let taken = matches!(&*name, "LANG" | "COLORTERM" | "NO_COLOR") || name.starts_with("LC_");
    let fits = env.len() < VARIABLES && name.len() + value.len() <= LONGEST;
    let legal = !(name.contains(['=', '\0']) || value.contains('\0'));
    if taken && fits && legal {
        env.insert(name, value);
    }
    taken && fits && legal
}

/// A terminal's size as the kernel wants it.
pub(super) fn size(columns: u32, rows: u32, width: u32, height: u32) -> Winsize {
    let short = |long: u32| u16::try_from(long).unwrap_or(u16::MAX);
    Winsize { ws_row: short(rows), ws_col: short(columns), ws_xpixel: short(width), ws_ypixel: short(height) }
}

/// A signal as the protocol calls it.
fn signal_name(number: i32) -> String {
    let name = match number {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        4 => "ILL",
        6 => "ABRT",
        8 => "FPE",
        9 => "KILL",
        10 => "USR1",
        11 => "SEGV",
        12 => "USR2",
        13 => "PIPE",
        14 => "ALRM",
        15 => "TERM",
        other => return format!("SIG{other}@simcloud"),
    };
    name.to_owned()
}

/// The number of a signal that a client names.
pub(super) fn signal_number(signal: &Sig) -> Option<i32> {
    Some(match signal {
        Sig::HUP => 1,
        Sig::INT => 2,
        Sig::QUIT => 3,
        Sig::ILL => 4,
        Sig::ABRT => 6,
        Sig::FPE => 8,
        Sig::KILL => 9,
        Sig::USR1 => 10,
        Sig::SEGV => 11,
        Sig::PIPE => 13,
        Sig::ALRM => 14,
        Sig::TERM => 15,
        Sig::Custom(name) if name == "USR2" => 12,
        Sig::Custom(_) => return None,
    })
}
