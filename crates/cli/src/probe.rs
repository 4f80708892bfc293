//! Asking a machine itself how it is: what `http://ADDRESS:4242/cgi-bin/CHECK` says of it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Where machines answer.
const PORT: u16 = 4242;
/// The longest answer that is read.
const AT_MOST: u64 = 64 * 1024;
/// What is known of a machine that does not answer.
pub(crate) const UNKNOWN: &str = "UNKNOWN";

/// What the machine at that address says of itself, within that time.
pub(crate) async fn status(ip: Option<IpAddr>, check: &str, within: Duration) -> String {
    let Some(ip) = ip else { return UNKNOWN.to_owned() };
    match tokio::time::timeout(within, ask(ip, check)).await {
        Ok(Ok(answer)) => read(&answer).unwrap_or_else(|| UNKNOWN.to_owned()),
        Ok(Err(error)) => {
            tracing::debug!(%ip, check, %error, "a machine does not say how it is");
            UNKNOWN.to_owned()
        }
        Err(_) => {
            tracing::debug!(%ip, check, "a machine takes too long to say how it is");
            UNKNOWN.to_owned()
        }
    }
}

async fn ask(ip: IpAddr, check: &str) -> std::io::Result<Vec<u8>> {
    let at = SocketAddr::new(ip, PORT);
    let mut connection = TcpStream::connect(at).await?;
    // HTTP/1.0, whose answers end with the connection and come in one piece.
    let request = format!("GET /cgi-bin/{check} HTTP/1.0\r\nHost: {at}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    connection.take(AT_MOST).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// The `status` of the JSON object in an answer of 200.
fn read(answer: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n"))?;
    if head.split_whitespace().nth(1) != Some("200") {
        return None;
    }
    let body: serde_json::Value = serde_json::from_str(body.trim()).ok()?;
    Some(body.get("status")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_good_answer_says_something() {
        assert_eq!(read(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n{\"status\": \"UP\"}\n").as_deref(), Some("UP"));
        for bad in [
            "HTTP/1.0 404 No\r\n\r\n{\"status\": \"UP\"}",
            "HTTP/1.0 200 OK\r\n\r\nnone",
            "",
            "HTTP/1.0 200 OK\r\n\r\n{\"status\": 5}",
        ] {
            assert_eq!(read(bad.as_bytes()), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn one_that_is_silent_is_unknown_in_time() {
        assert_eq!(status(None, "x", Duration::from_secs(9)).await, UNKNOWN);
        let began = std::time::Instant::now();
        // An address that nobody has, for documentation.
        status("192.0.2.1".parse().ok(), "x", Duration::from_millis(50)).await;
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}
