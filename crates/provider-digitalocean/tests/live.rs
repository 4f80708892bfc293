//! The suite in front of a real account, where `MACHINE_LIVE=digitalocean` asks for it.

machine_conformance::live!(machine_digitalocean::DigitalOceanKind);
