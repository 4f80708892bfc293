//! Vultr keeps what every provider promises, before a cloud that is played from the published description.

use machine_simcloud::{Cloud, SimSubject};
use machine_vultr::VultrKind;

machine_conformance::main!(SimSubject::<VultrKind>::new(Cloud::Vultr, "api-key"));
