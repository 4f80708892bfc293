//! The suite in front of a real account, where `MACHINE_LIVE=fly` asks for it.

machine_conformance::live!(machine_fly::FlyKind);
