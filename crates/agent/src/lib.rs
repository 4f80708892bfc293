//! Jobs on machines: one command on one machine that is made for it, its output streamed, its true result reported, and
//! nothing left behind.
//!
//! [`start`] makes the machine and returns a [`Job`]: a stream of [`JobEvent`]s whose last is [`JobEvent::Ended`], with
//! handles for input ([`JobInput`]) and for signals, terminal size and cancelling ([`JobControl`]). [`Job::finish`] then
//! brings files and the patch back and ends the machine. Dropping a [`Job`] ends its machine too.
//!
//! A [`Batch`] runs many, so many at a time. The turns of a [`Session`] share a workspace and a conversation.
//!
//! A job's command may be an agent with a prompt: [`Agent::invocation`] says how it is called.
//!
//! [`copy_in`] and [`copy_out`] carry files to and from any machine; [`readable`] turns the raw log of a job's machine
//! back into what the job wrote.

#![forbid(unsafe_code)]

mod adapter;
mod bare;
mod batch;
mod carry;
mod clone;
mod copy;
mod display;
mod follow;
mod guard;
mod guest;
mod handles;
mod job;
mod line;
mod outcome;
mod pipe;
mod plan;
mod repo;
mod session;
mod spec;
mod start;
mod sync;

pub use adapter::{Agent, Conversation, Invocation, OutputFormat, Prompt, TokenVariable};
pub use batch::{Batch, BatchItem, BatchResult, BatchWatcher};
pub use copy::{Copied, copy_in, copy_out};
pub use display::readable;
pub use handles::{JobControl, JobInput};
pub use job::{Finished, Job, JobEvent};
pub use outcome::Outcome;
pub use repo::RepoSpec;
pub use session::Session;
pub use spec::JobSpec;
pub use start::start;

/// Whoever embeds us may have a runtime with several threads.
#[cfg(test)]
mod tests {
    use super::*;

    fn is_send<T: Send>(_: impl FnOnce() -> T) {}

    #[test]
    fn every_future_can_be_sent_to_another_thread() {
        fn of<'a>(fleet: &'a machine_fleet::Fleet, spec: JobSpec, job: Job, watcher: &'a dyn BatchWatcher) {
            is_send(|| start(fleet, spec));
            is_send(|| job.finish());
            is_send(|| async { Batch::new(1).run(Vec::new(), watcher).await });
        }
        let _ = of;
    }
}
