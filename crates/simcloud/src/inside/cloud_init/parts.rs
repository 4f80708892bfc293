//! User data taken apart: a document, a script, or several of them as a mail with attachments.

use crate::inside::cloud_init::files::{unbase64, unpack};
use crate::inside::cloud_init::report::Report;

/// How deep mails may lie in mails.
const DEPTH: usize = 8;

/// A part of the user data.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A configuration.
    Config(Vec<u8>),
    /// A script of the first boot.
    Script(Vec<u8>),
    /// A script of every boot.
    Hook(Vec<u8>),
}

/// The parts of the user data, in their order. What is no part is said in the log.
pub(super) fn split(data: &[u8], report: &Report) -> Vec<Part> {
    let mut parts = Vec::new();
    for line in collect(data, 0, &mut parts) {
        report.warn(&line);
    }
    parts
}

fn collect(data: &[u8], depth: usize, parts: &mut Vec<Part>) -> Vec<String> {
    if data.starts_with(&[0x1f, 0x8b]) && depth < DEPTH {
        return match unpack(data.to_vec()) {
            Ok(unpacked) => collect(&unpacked, depth + 1, parts),
            Err(error) => vec![format!("the user data is packed, and {error}")],
        };
    }
    let start = data.trim_ascii_start();
    if start.is_empty() {
        return Vec::new();
    }
    let begins = |word: &str| start.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()));
    if begins("#cloud-config-archive") || begins("#include") || begins("#part-handler") || begins("## template:") {
        let line = String::from_utf8_lossy(start.split(|&byte| byte == b'\n').next().unwrap_or_default()).into_owned();
        return vec![format!("user data that begins with `{}` is not supported by a simulated machine", line.trim())];
    }
    if begins("#cloud-config") {
        parts.push(Part::Config(data.to_vec()));
    } else if begins("#cloud-boothook") {
        parts.push(Part::Hook(data.to_vec()));
    } else if begins("#!") {
        parts.push(Part::Script(start.to_vec()));
    } else if begins("content-type:") || begins("mime-version:") {
        return if depth < DEPTH {
            mail(start, depth, parts)
        } else {
            vec!["the user data is nested too deep".to_owned()]
        };
    } else {
        let shown: String = String::from_utf8_lossy(start).chars().take(25).collect();
        return vec![format!("Unhandled non-multipart (text/x-not-multipart) userdata: '{}...'", shown.escape_debug())];
    }
    Vec::new()
}

/// A mail, with its headers.
fn mail(data: &[u8], depth: usize, parts: &mut Vec<Part>) -> Vec<String> {
    let (headers, body) = headers(data);
    let value = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let kind = value("content-type").unwrap_or("text/plain");
    let (kind, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    let kind = kind.trim().to_ascii_lowercase();
    if kind.starts_with("multipart/") {
        let Some(boundary) = parameter(parameters, "boundary") else {
            return vec!["the user data has several parts and no boundary between them".to_owned()];
        };
        return pieces(body, &boundary).into_iter().flat_map(|piece| mail(piece, depth + 1, parts)).collect();
    }
    if depth > DEPTH {
        return vec!["the user data is nested too deep".to_owned()];
    }
    let body = match value("content-transfer-encoding").map(|way| way.trim().to_ascii_lowercase()).as_deref() {
        Some("base64") => match unbase64(body) {
            Ok(body) => body,
            Err(error) => return vec![format!("a part of the user data: {error}")],
        },
        Some("quoted-printable") => unquote(body),
        _ => body.to_vec(),
    };
    match &*kind {
        "text/cloud-config" => parts.push(Part::Config(body)),
        "text/x-shellscript" => parts.push(Part::Script(body.trim_ascii_start().to_vec())),
        "text/cloud-boothook" => parts.push(Part::Hook(body)),
        // These are known by how they begin.
        "text/plain"
        | "text/x-not-multipart"
        | "application/octet-stream"
        | "application/x-gzip"
        | "application/gzip" => {
            return collect(&body, depth + 1, parts);
        }
        other => return vec![format!("a part of the user data is of the type `{other}`, which is not supported")],
    }
    Vec::new()
}

/// The headers of a mail, their names in small letters and folded lines joined, and what follows them.
fn headers(data: &[u8]) -> (Vec<(String, String)>, &[u8]) {
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let end = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |end| end + 1);
        let (line, after) = rest.split_at(end);
        rest = after;
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    (headers, rest)
}

/// A parameter of a header, with or without quotes around it.
fn parameter(parameters: &str, name: &str) -> Option<String> {
    parameters.split(';').find_map(|one| {
        let (key, value) = one.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// What lies between the boundaries.
fn pieces<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let (delimiter, last) = (format!("--{boundary}"), format!("--{boundary}--"));
    let (mut pieces, mut from, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        let bare = line.trim_ascii_end();
        if bare == delimiter.as_bytes() || bare == last.as_bytes() {
            if let Some(from) = from {
                pieces.push(&body[from..at]);
            }
            from = (bare == delimiter.as_bytes()).then_some(at + line.len());
        }
        at += line.len();
    }
    if let Some(from) = from {
        pieces.push(&body[from..]);
    }
    pieces
}

fn unquote(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'=' {
            plain.push(first);
            continue;
        }
        if let Some(after) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
            rest = after;
            continue;
        }
        let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                rest = &rest[2..];
            }
            None => plain.push(b'='),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(data: &str) -> (Vec<Part>, Vec<String>) {
        let mut parts = Vec::new();
        let said = collect(data.as_bytes(), 0, &mut parts);
        (parts, said)
    }

    #[test]
    fn a_document_is_known_by_its_first_line() {
        assert_eq!(parts("#cloud-config\na: 1\n").0, [Part::Config(b"#cloud-config\na: 1\n".to_vec())]);
        assert_eq!(parts("#!/bin/sh\necho é\n").0, [Part::Script("#!/bin/sh\necho é\n".into())]);
        assert_eq!(parts("").0, []);
        let (none, said) = parts("hello: world\n");
        assert!(none.is_empty() && said[0].contains("Unhandled non-multipart"), "{said:?}");
        assert!(parts("#include\nhttp://example.com/\n").1[0].contains("not supported"));
    }

    #[test]
    fn a_mail_is_taken_apart() {
        let mail = "Content-Type: multipart/mixed;\n boundary=\"=== x ===\"\nMIME-Version: 1.0\n\npreamble\n\
            --=== x ===\nContent-Type: text/cloud-config; charset=\"us-ascii\"\n\nhostname: web\n\
            --=== x ===\r\nContent-Type: text/x-shellscript\r\nContent-Transfer-Encoding: base64\r\n\r\nIyEvYmluL3NoCg==\r\n\
            --=== x ===\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n#!/bin/sh\necho =C3=A9=\n x\n\
            --=== x ===\nContent-Type: text/jinja2\n\nx\n--=== x ===--\nepilogue\n";
        let (parts, said) = parts(mail);
        let expected = [
            Part::Config(b"hostname: web\n".to_vec()),
            Part::Script(b"#!/bin/sh\n".to_vec()),
            Part::Script("#!/bin/sh\necho é x\n".into()),
        ];
        assert_eq!(parts, expected);
        assert_eq!(said, ["a part of the user data is of the type `text/jinja2`, which is not supported"]);
    }
}
