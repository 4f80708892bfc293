//! Ids as the clouds give them out.

/// `N` bytes that nobody has seen before.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Where the system has no randomness to give, ids repeat at once, and every test that makes two things shows it.
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "no random bytes");
    }
    bytes
}

/// A random UUID.
pub(crate) fn uuid() -> String {
    let mut bytes = random::<16>();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = hex(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// `bytes` in lowercase hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
