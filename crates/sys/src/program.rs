//! Becoming another program.

use std::ffi::{CStr, CString};
use std::io;
use std::os::raw::c_char;

/// Replaces this process by the program at `path`. Returns only when that fails.
///
/// Signals, descriptors and the directory are the caller's to prepare; unlike `std::process::Command` nothing is changed
/// behind its back.
pub fn execute(path: &CStr, arguments: &[CString], environment: &[CString]) -> io::Error {
    let arguments = pointers(arguments);
    let environment = pointers(environment);
    // SAFETY: both arrays end in a null pointer, and every other pointer in them is to a string that outlives the call.
    unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    io::Error::last_os_error()
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
}
