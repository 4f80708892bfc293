//! The mistakes, each a few words of the sources replaced by others.

use super::suite::Suite;

/// A mistake that somebody could make.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// What is done wrongly.
    pub(crate) name: &'static str,
    /// How. Several edits of one file follow each other.
    pub(crate) edits: &'static [Edit],
    /// Who has to catch it: the first of these that does.
    pub(crate) suites: &'static [Suite],
}

/// Words of a file that occur in it once, and what stands in their place.
#[derive(Debug)]
pub(crate) struct Edit {
    pub(crate) file: &'static str,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
}

const CREATE: &str = "crates/fleet/src/create.rs";
const DESTROY: &str = "crates/fleet/src/destroy.rs";
const CLOUD: &str = "crates/fleet/src/cloud.rs";
const PLAN: &str = "crates/fleet/src/plan.rs";
const SWEEP: &str = "crates/fleet/src/sweep.rs";
const RESOLVE: &str = "crates/fleet/src/resolve.rs";

const RULES: &[Suite] = &[Suite::Fleet, Suite::KillMatrix];

pub(crate) const MISTAKES: [Mistake; 14] = [
    Mistake {
        name: "record after the request is sent",
        edits: &[
            Edit {
                file: CREATE,
                from: "            ledger.insert(&entry).await\n",
                to: "            drop(entry);\n            Ok(())\n",
            },
            Edit {
                file: CREATE,
                from: "        let intent = recorded.intent();\n        match outcome {",
                to: "        let intent = recorded.intent();
        let client = self.ledger.client().await?;
        self.ledger.insert(&Entry::sent(intent.clone(), self.account.clone(), client)).await?;
        match outcome {",
            },
        ],
        suites: RULES,
    },
    Mistake {
        name: "skip the look-up after an unclear create",
        edits: &[Edit {
            file: CREATE,
            from: "Effect::Unknown => self.look_into(intent, error).await,",
            to: "Effect::Unknown => {
                    self.note(intent, &Event::Refused(error.to_string())).await;
                    Err(error)
                }",
        }],
        suites: RULES,
    },
    Mistake {
        name: "believe the first empty list",
        edits: &[Edit {
            file: RESOLVE,
            from: "if self.settle.proves(intent.minted_at, first, found.as_of) {",
            to: "if self.settle.proves(intent.minted_at, first, found.as_of) || found.things.is_empty() {",
        }],
        suites: RULES,
    },
    Mistake {
        name: "believe an incomplete list",
        edits: &[Edit {
            file: CLOUD,
            from: "complete: found.completeness == Completeness::Complete,",
            to: "complete: true,",
        }],
        suites: RULES,
    },
    Mistake {
        name: "forget the tombstone",
        edits: &[Edit {
            file: SWEEP,
            from: "const TOMBSTONE: Duration = Duration::from_hours(72);",
            to: "const TOMBSTONE: Duration = Duration::ZERO;",
        }],
        suites: RULES,
    },
    Mistake {
        name: "leave what turns up after its tombstone",
        edits: &[Edit {
            file: PLAN,
            from: "plan.steps.push(self.step(thing, Some(entry), Reason::Reappeared, evidence, self.unless_in_use(thing)));",
            to: "drop(evidence);",
        }],
        suites: RULES,
    },
    Mistake {
        name: "send again after a timeout",
        edits: &[Edit {
            file: CREATE,
            from: "Effect::Unknown => self.look_into(intent, error).await,",
            to: "Effect::Unknown => match Cloud(&*self.provider).create(&recorded, wanted).await {
                    Ok(made) => self.bind(intent, made).await,
                    Err(error) => self.look_into(intent, error).await,
                },",
        }],
        suites: RULES,
    },
    Mistake {
        name: "sweep without grace",
        edits: &[Edit {
            file: PLAN,
            from: "const GRACE: Duration = Duration::from_mins(10);",
            to: "const GRACE: Duration = Duration::ZERO;",
        }],
        suites: RULES,
    },
    Mistake {
        name: "ignore the owner",
        edits: &[
            Edit {
                file: PLAN,
                from: "Some(markers) if markers.owner != *self.owner => match self.long_expired(markers) {",
                to: "Some(markers) if markers.owner.as_str().is_empty() => match self.long_expired(markers) {",
            },
            Edit {
                file: SWEEP,
                from: "let ours = markers.is_some_and(|markers| markers.owner == *self.ledger.owner());",
                to: "let ours = markers.is_some();",
            },
        ],
        suites: RULES,
    },
    Mistake {
        name: "drop the record when a destroy is merely accepted",
        edits: &[Edit {
            file: DESTROY,
            from: "Ok(Destroyed::Accepted) => attempts.accepted = true,",
            to: "Ok(Destroyed::Accepted) => {
                attempts.accepted = true;
                return Step::Gone;
            }",
        }],
        suites: RULES,
    },
    Mistake {
        name: "read the ledger before the cloud",
        edits: &[Edit {
            file: SWEEP,
            from: "        let Stock { listings, problems, complete } = self.take_stock().await?;
        let mut entries = self.ledger.entries(self.provider.info().kind).await?;\n",
            to: "        let mut entries = self.ledger.entries(self.provider.info().kind).await?;
        let Stock { listings, problems, complete } = self.take_stock().await?;\n",
        }],
        suites: RULES,
    },
    Mistake {
        name: "take a living client for dead",
        edits: &[Edit {
            file: "crates/fleet/src/client.rs",
            from: "Err(Errno::WOULDBLOCK) => Ok(true),",
            to: "Err(Errno::WOULDBLOCK) => Ok(false),",
        }],
        suites: RULES,
    },
    Mistake {
        name: "a reaper that settles nothing",
        edits: &[Edit {
            file: "crates/cli/src/reaper.rs",
            from: "let settled = app.fleet().await?.settle(self.client, Deadline::after(SETTLE_WITHIN)).await;",
            to: "let settled = app.fleet().await.map(|_| (self.client, Deadline::after(SETTLE_WITHIN)));",
        }],
        suites: &[Suite::KillMatrix],
    },
    Mistake {
        name: "send before the record is synced",
        edits: &[Edit {
            file: "crates/fleet/src/ledger/shared.rs",
            from: ".synchronous(SqliteSynchronous::Full)",
            to: ".synchronous(SqliteSynchronous::Normal)",
        }],
        suites: &[Suite::Trace],
    },
];
