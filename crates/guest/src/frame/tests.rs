use machine_core::{ExitReason, ExitStatus};
use proptest::prelude::*;

use super::*;

fn key(seed: u8) -> JobKey {
    JobKey::new([seed; 32])
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.strip_suffix(b"\n").map_or(Vec::new(), |bytes| bytes.split(|&byte| byte == b'\n').collect())
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Stdout), Just(Kind::Stderr), Just(Kind::Note), Just(Kind::Started)]
}

proptest! {
    #[test]
    fn what_is_encoded_comes_back(payloads in proptest::collection::vec((kind(), proptest::collection::vec(any::<u8>(), 0..200)), 1..20)) {
        let (mut encoder, mut decoder, mut out) = (Encoder::new(key(1)), Decoder::new(key(1)), Vec::new());
        for (kind, payload) in &payloads {
            encoder.encode(*kind, payload, &mut out);
        }
        let decoded: Vec<_> = lines(&out).into_iter().map(|line| decoder.decode(line)).collect();
        prop_assert_eq!(decoded.len(), payloads.len());
        for (number, (decoded, (kind, payload))) in (1..).zip(decoded.into_iter().zip(payloads)) {
            prop_assert_eq!(decoded, Decoded::Frame { frame: Frame { number, kind, payload }, lost: 0 });
        }
    }

    #[test]
    fn nothing_makes_the_decoder_panic_or_believe(garbage in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut decoder = Decoder::new(key(1));
        prop_assert_eq!(decoder.decode(&garbage), Decoded::Foreign);
        let mut framed = PREFIX.to_vec();
        framed.extend(garbage);
        prop_assert_eq!(decoder.decode(&framed), Decoded::Foreign);
        prop_assert_eq!(decoder.foreign_lines(), 2);
    }

    #[test]
    fn a_frame_with_any_byte_changed_is_no_frame(payload in proptest::collection::vec(any::<u8>(), 1..60), at in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let (mut encoder, mut out) = (Encoder::new(key(1)), Vec::new());
        encoder.encode(Kind::Stdout, &payload, &mut out);
        let line = out.strip_suffix(b"\n").unwrap();
        let mut changed = line.to_vec();
        let at = at.index(changed.len());
        changed[at] ^= change;
        let decoded = Decoder::new(key(1)).decode(&changed);
        // A change may split nothing and forge nothing; at most it leaves the same frame (leading text is skipped).
        prop_assert_eq!(decoded, Decoded::Foreign);
    }
}

#[test]
fn another_jobs_key_makes_no_frame_of_this_one() {
    let mut out = Vec::new();
    Encoder::new(key(2)).encode(Kind::Final, b"{}", &mut out);
    assert_eq!(Decoder::new(key(1)).decode(lines(&out)[0]), Decoded::Foreign);
}

#[test]
fn lost_and_repeated_frames_are_seen() {
    let (mut encoder, mut decoder, mut out) = (Encoder::new(key(1)), Decoder::new(key(1)), Vec::new());
    for text in ["one", "two", "three", "four"] {
        encoder.encode(Kind::Stdout, text.as_bytes(), &mut out);
    }
    let lines = lines(&out);
    assert!(matches!(decoder.decode(lines[0]), Decoded::Frame { lost: 0, .. }));
    assert_eq!(decoder.decode(lines[0]), Decoded::Duplicate);
    assert!(matches!(decoder.decode(lines[3]), Decoded::Frame { lost: 2, .. }));
    assert_eq!(decoder.decode(lines[1]), Decoded::Duplicate);
    assert_eq!(decoder.lost(), 2);
}

#[test]
fn nothing_follows_the_final_frame() {
    let (mut encoder, mut decoder, mut out) = (Encoder::new(key(1)), Decoder::new(key(1)), Vec::new());
    encoder.encode(Kind::Final, b"{}", &mut out);
    encoder.encode(Kind::Final, b"{}", &mut out);
    let lines = lines(&out);
    assert!(matches!(decoder.decode(lines[0]), Decoded::Frame { .. }));
    assert_eq!(decoder.decode(lines[1]), Decoded::Duplicate);
}

#[test]
fn an_unfinished_line_of_somebody_else_swallows_no_frame() {
    let (mut encoder, mut decoder, mut out) = (Encoder::new(key(1)), Decoder::new(key(1)), Vec::new());
    encoder.encode(Kind::Stdout, b"hello", &mut out);
    let mut line = b"@m1 9 f e30= AAAAAAAAAAAAAAAAAAAAAA junk".to_vec();
    line.extend_from_slice(lines(&out)[0]);
    assert!(matches!(decoder.decode(&line), Decoded::Frame { frame, lost: 0 } if frame.payload == b"hello"));
}

#[test]
fn long_output_becomes_several_frames_that_fit_a_log_line() {
    let (mut encoder, mut out) = (Encoder::new(key(1)), Vec::new());
    encoder.encode(Kind::Stdout, &vec![b'x'; 2 * MAX_PAYLOAD + 1], &mut out);
    let lines = lines(&out);
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line.len() < 64 * 1024));
}

#[test]
fn a_final_frame_fits_one_atomic_write_and_reads_back() {
    let mut status = ExitStatus::exited(127);
    status.reason = ExitReason::SetupFailed;
    status.message = Some("ż".repeat(5000));
    let last = Final::new(status, 3, Some(4), Evidence { isolated: true, ..Evidence::default() });
    let mut out = Vec::new();
    Encoder::new(key(1)).encode(Kind::Final, &last.to_bytes(), &mut out);
    assert!(out.len() < 4096, "{}", out.len());
    assert_eq!(Final::from_bytes(&last.to_bytes()), last);
    assert_eq!(Final::from_bytes(b"??").status.reason, ExitReason::Unknown);
}

#[test]
fn the_key_is_never_shown() {
    let key = key(0x41);
    let json = serde_json::to_string(&key).unwrap();
    assert!(!format!("{key:?}").contains(&json[1..10]));
    let error = serde_json::from_str::<JobKey>("\"c2VjcmV0\"").unwrap_err().to_string();
    assert!(!error.contains("c2VjcmV0"), "{error}");
}
