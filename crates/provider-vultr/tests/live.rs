//! The suite in front of a real account, where `MACHINE_LIVE=vultr` asks for it.

machine_conformance::live!(machine_vultr::VultrKind);
