//! DigitalOcean keeps what every provider promises, before a cloud that is played from the published description.

use machine_digitalocean::DigitalOceanKind;
use machine_simcloud::{Cloud, SimSubject};

machine_conformance::main!(SimSubject::<DigitalOceanKind>::new(Cloud::DigitalOcean, "access-token"));
