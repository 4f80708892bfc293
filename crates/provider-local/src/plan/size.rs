//! How big a machine may be on a computer of this size.

use machine_core::{Error, ErrorKind, Result, Size, SizeRequest, nearest};

use crate::record::LimitsRecord;

/// How big this computer is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Computer {
    /// Processors that this process may use.
    pub(crate) cpus: usize,
    /// Memory in MiB.
    pub(crate) memory_mib: u64,
}

/// The least memory that a machine can start in, its pid 1 and the supervisor of a job included, in MiB.
const LEAST_MEMORY: u64 = 6;

/// The name of the size that has no limit but the computer's.
pub(crate) const WHOLE: &str = "host";

impl Computer {
    /// This one.
    pub(crate) fn this() -> Self {
        let info = rustix::system::sysinfo();
        let unit = u64::from(info.mem_unit.max(1));
        #[expect(clippy::useless_conversion, reason = "the field is narrower on 32-bit computers")]
        let total = u64::from(info.totalram);
        Self {
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: total.saturating_mul(unit) / (1024 * 1024),
        }
    }

    /// The sizes that are on offer, the smallest first.
    pub(crate) fn sizes(self) -> Vec<Size> {
        [("quarter", 4_u32), ("half", 2), (WHOLE, 1)]
            .into_iter()
            .map(|(id, part)| Size {
                id: id.to_owned(),
                cpus: self.processors() / f64::from(part),
                memory_mib: self.memory_mib / u64::from(part),
                disk_gib: None,
                price: Some(crate::FREE),
                regions: Vec::new(),
            })
            .collect()
    }

    fn processors(self) -> f64 {
        u32::try_from(self.cpus).map_or(f64::MAX, f64::from)
    }
}

/// The limits that `request` comes to.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a size that nobody has, or that this computer is too small for.
pub(crate) fn limits(request: &SizeRequest, pids: Option<u64>, computer: &Computer) -> Result<LimitsRecord> {
    let invalid = |message: String| Error::new(ErrorKind::Invalid, message);
    if pids == Some(0) {
        return Err(invalid("a machine that may have no process cannot run".to_owned()));
    }
    let (cpus, memory_mib) = match request {
        SizeRequest::Default => (None, None),
        SizeRequest::Named(name) if name == WHOLE => (None, None),
        SizeRequest::Named(name) => {
            let sizes = computer.sizes();
            let Some(size) = sizes.iter().find(|size| size.id == *name) else {
                let known: Vec<&str> = sizes.iter().map(|size| size.id.as_str()).collect();
                let near = nearest(name, known.iter().copied());
                let hint = if near.is_empty() { known.join(", ") } else { near.join(", ") };
                return Err(invalid(format!("provider `local` has no size `{name}`"))
                    .with_hint(format!("it has {hint}; or say how many processors and how much memory")));
            };
            (Some(size.cpus), Some(size.memory_mib))
        }
        SizeRequest::Need { cpus, memory_mib } => (*cpus, *memory_mib),
        other => return Err(invalid(format!("provider `local` does not understand the size {other:?}"))),
    };
    if let Some(cpus) = cpus
        && !(cpus.is_finite() && cpus > 0.0 && cpus <= computer.processors())
    {
        return Err(invalid(format!("{cpus} processors are asked for, and this computer has {}", computer.cpus)));
    }
    if let Some(memory) = memory_mib {
        let has = computer.memory_mib;
        if memory > has {
            return Err(invalid(format!("{memory} MiB of memory are asked for, and this computer has {has} MiB")));
        }
        if memory < LEAST_MEMORY {
            return Err(invalid(format!(
                "{memory} MiB of memory are asked for, and a machine cannot start in less than {LEAST_MEMORY} MiB"
            )));
        }
    }
    Ok(LimitsRecord { cpus, memory_mib, pids })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Computer = Computer { cpus: 2, memory_mib: 4096 };

    fn limits_of(request: SizeRequest) -> Result<LimitsRecord> {
        limits(&request, None, &SMALL)
    }

    #[test]
    fn a_machine_too_small_to_start_is_refused() {
        let of = |memory| limits_of(SizeRequest::Need { cpus: None, memory_mib: Some(memory) });
        assert!(of(LEAST_MEMORY).is_ok() && of(4096).is_ok());
        for refused in [0, LEAST_MEMORY - 1] {
            assert_eq!(of(refused).unwrap_err().kind(), ErrorKind::Invalid, "{refused}");
        }
    }

    #[test]
    fn sizes_become_limits() {
        assert_eq!(limits_of(SizeRequest::Default).unwrap(), LimitsRecord::default());
        assert_eq!(limits_of(SizeRequest::Named("host".into())).unwrap(), LimitsRecord::default());
        let quarter = limits_of(SizeRequest::Named("quarter".into())).unwrap();
        assert_eq!((quarter.cpus, quarter.memory_mib), (Some(0.5), Some(1024)));
        let need = limits_of(SizeRequest::Need { cpus: Some(1.5), memory_mib: None }).unwrap();
        assert_eq!((need.cpus, need.memory_mib), (Some(1.5), None));
    }

    #[test]
    fn what_the_computer_has_not_is_refused() {
        let error = limits_of(SizeRequest::Named("hoost".into())).unwrap_err();
        assert!(error.hint().unwrap().contains("host"), "{error:?}");
        for cpus in [0.0, -1.0, 3.0, f64::NAN, f64::INFINITY] {
            let error = limits_of(SizeRequest::Need { cpus: Some(cpus), memory_mib: None }).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
        for memory in [4097, u64::MAX] {
            let error = limits_of(SizeRequest::Need { cpus: None, memory_mib: Some(memory) }).unwrap_err();
            assert!(error.to_string().contains("4096 MiB"), "{error}");
        }
    }
}
