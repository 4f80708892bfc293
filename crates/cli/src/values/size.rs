//! Amounts of memory and storage (`512m`, `4g`).

/// Reads an amount of memory into MiB: a number with `m`, `g` or `t`.
///
/// # Errors
/// One sentence that shows how an amount is written.
pub(crate) fn mib(text: &str) -> Result<u64, String> {
    read(text, "m").and_then(|kib| match kib / 1024 {
        0 => Err(format!("`{text}` is less than 1m")),
        mib => Ok(mib),
    })
}

/// Reads an amount of storage into GiB: a number, alone or with `g` or `t`.
///
/// # Errors
/// One sentence that shows how an amount is written, or that it is no whole number of GiB.
pub(crate) fn gib(text: &str) -> Result<u64, String> {
    let kib = read(text, "g")?;
    match (kib >> 20, kib & ((1 << 20) - 1)) {
        (0, _) | (_, 1..) => Err(format!("`{text}` is not a whole number of GiB; write it like 1g, 20g or 1t")),
        (gib, 0) => Ok(gib),
    }
}

/// The amount in KiB; `default_unit` counts where none is written.
fn read(text: &str, default_unit: &str) -> Result<u64, String> {
    let bad = || format!("`{text}` is not an amount; write it like 512m, 4g or 1t");
    let lower = text.to_ascii_lowercase();
    let digits = lower.find(|found: char| !found.is_ascii_digit()).unwrap_or(lower.len());
    let (number, unit) = lower.split_at(digits);
    let number: u64 = number.parse().map_err(|_| bad())?;
    let unit = if unit.is_empty() { default_unit } else { unit };
    let shift = match unit.strip_suffix("ib").or_else(|| unit.strip_suffix('b')).unwrap_or(unit) {
        "k" => 0,
        "m" => 10,
        "g" => 20,
        "t" => 30,
        _ => return Err(bad()),
    };
    number.checked_mul(1 << shift).filter(|kib| *kib > 0).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory() {
        for (text, amount) in [("512m", 512), ("4g", 4096), ("4G", 4096), ("2GiB", 2048), ("512", 512), ("2048k", 2)] {
            assert_eq!(mib(text), Ok(amount), "{text}");
        }
        for bad in ["", "0", "0g", "g", "-1g", "1.5g", "4x", "1k", "99999999999999999999g", "9999999999999999t"] {
            assert!(mib(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn storage() {
        assert_eq!(gib("10"), Ok(10));
        assert_eq!(gib("1t"), Ok(1024));
        assert_eq!(gib("2048m"), Ok(2));
        assert!(gib("512m").is_err());
        assert!(gib("1025m").is_err());
    }
}
