//! The one crate with unsafe code: namespaces, forks, signals, process death.
