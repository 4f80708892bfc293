//! A client of a machine's control socket.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::pipe::{PipeFlags, pipe_with};
use serde_json::{Value, json};

use super::machine::Machine;

/// One conversation.
pub(crate) struct Control(pub(crate) UnixStream);

/// A running command with pipes.
pub(crate) struct Running {
    pub(crate) control: Control,
    pub(crate) stdin: Option<File>,
    pub(crate) stdout: File,
    pub(crate) stderr: File,
}

impl Control {
    pub(crate) fn connect(machine: &Machine) -> Self {
        let directory = File::open(&machine.dir).unwrap();
        let path = format!("/proc/self/fd/{}/ctl.sock", directory.as_raw_fd());
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self(stream)
    }

    pub(crate) fn send(&self, message: &Value, fds: &[BorrowedFd<'_>]) {
        let json = message.to_string();
        let mut frame = u32::try_from(json.len()).unwrap().to_le_bytes().to_vec();
        frame.extend_from_slice(json.as_bytes());
        let sent = machine_sys::fd::send(&self.0, &frame, fds).unwrap();
        (&self.0).write_all(&frame[sent..]).unwrap();
    }

    /// The next message and its descriptors; none at the end.
    pub(crate) fn receive(&self) -> Option<(Value, Vec<OwnedFd>)> {
        let mut length = [0; 4];
        let (read, fds) = machine_sys::fd::recv(&self.0, &mut length).ok()?;
        if read == 0 {
            return None;
        }
        (&self.0).read_exact(&mut length[read..]).unwrap();
        let mut json = vec![0; u32::from_le_bytes(length) as usize];
        (&self.0).read_exact(&mut json).unwrap();
        Some((serde_json::from_slice(&json).unwrap(), fds))
    }

    pub(crate) fn reply(&self) -> Value {
        self.receive().expect("a reply").0
    }
}

impl Machine {
    /// Asks for a command and returns its conversation, with its pipes.
    pub(crate) fn ask(&self, request: Value) -> Running {
        let control = Control::connect(self);
        let pipe = || pipe_with(PipeFlags::CLOEXEC).unwrap();
        let ((in_read, in_write), (out_read, out_write), (err_read, err_write)) = (pipe(), pipe(), pipe());
        control.send(&json!({"exec": request}), &[in_read.as_fd(), out_write.as_fd(), err_write.as_fd()]);
        Running { control, stdin: Some(in_write.into()), stdout: out_read.into(), stderr: err_read.into() }
    }

    /// Runs a shell script inside and returns how it ended and what it printed.
    pub(crate) fn exec(&self, script: &str) -> (Value, String) {
        self.exec_command(json!(["sh", "-c", script]))
    }

    pub(crate) fn exec_command(&self, command: Value) -> (Value, String) {
        let mut running = self.ask(json!({"command": command, "env": [], "workdir": null, "tty": null}));
        drop(running.stdin.take());
        assert_eq!(running.control.reply(), json!("started"));
        let (mut out, mut err) = (String::new(), String::new());
        running.stdout.read_to_string(&mut out).unwrap();
        running.stderr.read_to_string(&mut err).unwrap();
        (running.control.reply()["exited"].take(), out + &err)
    }

    pub(crate) fn stop(&self, grace_ms: u64) -> Value {
        let control = Control::connect(self);
        control.send(&json!({"stop": {"grace_ms": grace_ms}}), &[]);
        assert!(control.receive().is_none(), "the connection ends with the machine");
        self.wait()
    }
}
