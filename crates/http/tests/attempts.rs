//! Requests over real sockets, to a server that does as it is told: what is sent again, what is not, and what is said of it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test's helper fails by panicking")]

mod server;

use std::time::{Duration, Instant};

use machine_core::{Effect, Error, ErrorKind, Result, Retry, Secret};
use machine_http::{Client, Dialect, Rate, Refusal, Timing, Verdict};
use serde_json::{Value, json};
use server::{Play, Server};

/// A cloud whose answers have a `message`, and for which a 422 about `full` is a lack of room.
#[derive(Debug)]
struct Plain;

impl Dialect for Plain {
    fn provider(&self) -> &'static str {
        "plain"
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        &["x-request-id"]
    }

    fn words(&self, body: &Value) -> Option<String> {
        body["message"].as_str().map(str::to_owned)
    }

    fn judge(&self, refusal: &Refusal<'_>) -> Option<Verdict> {
        let full = refusal.status == 422 && refusal.words.contains("full");
        full.then_some(Verdict { kind: ErrorKind::OutOfCapacity, effect: Effect::None, again: false })
    }

    fn hint(&self, _: &Refusal<'_>, verdict: &Verdict) -> Option<String> {
        (verdict.kind == ErrorKind::OutOfCapacity).then(|| "try another region".to_owned())
    }

    fn pause(&self, header: &dyn Fn(&str) -> Option<String>, _: jiff::Timestamp) -> Option<Duration> {
        (header("ratelimit-remaining")? == "0").then(|| Duration::from_millis(300))
    }
}

fn client(server: &Server) -> Client {
    let timing = Timing {
        attempt: Duration::from_millis(400),
        total: Duration::from_secs(5),
        attempts: 3,
        pause: Duration::from_millis(10),
        ..Timing::default()
    };
    Client::builder(format!("{}/v1/", server.url()), Plain)
        .token(Secret::new("hunter2"))
        .rate("slow", Rate::new(1, Duration::from_millis(200), 1))
        .timing(timing)
        .build()
        .unwrap()
}

fn good(body: &str) -> Play {
    Play::answer(200, &[], body)
}

/// Each of the three classes of request against a server that plays this: how often it was asked, and what came of it.
async fn tried(play: &[Play]) -> [(usize, Result<Value>); 3] {
    let mut outcomes = Vec::new();
    for method in ["GET", "DELETE", "POST"] {
        let server = Server::playing(play.to_vec());
        let client = client(&server);
        let request = match method {
            "GET" => client.get(["things"]),
            "DELETE" => client.delete(["things", "1"]),
            _ => client.post(["things"]).json(&json!({"name": "x"})),
        };
        let outcome = request.send::<Value>().await;
        outcomes.push((server.requests().len(), outcome));
    }
    outcomes.try_into().unwrap()
}

fn told(error: &Error) -> (ErrorKind, Effect) {
    (error.kind(), error.effect())
}

#[tokio::test]
async fn a_failure_that_passes_is_tried_again_only_where_twice_is_as_good_as_once() {
    for (fault, kind) in [
        (Play::Reset, ErrorKind::Network),
        (Play::Silence, ErrorKind::Timeout),
        (Play::Cut, ErrorKind::Protocol),
        (Play::answer(200, &[], "<html>"), ErrorKind::Protocol),
        (Play::answer(500, &[], ""), ErrorKind::Upstream),
        (Play::answer(503, &[], "<html>busy</html>"), ErrorKind::Upstream),
        (Play::answer(408, &[], "{}"), ErrorKind::Timeout),
    ] {
        let [read, idempotent, once] = tried(&[fault.clone(), good("{\"ok\":1}")]).await;
        assert_eq!((read.0, read.1.unwrap()["ok"].as_i64()), (2, Some(1)), "{fault:?}");
        assert_eq!((idempotent.0, idempotent.1.is_ok()), (2, true), "{fault:?}");
        assert_eq!((once.0, told(&once.1.unwrap_err())), (1, (kind, Effect::Unknown)), "{fault:?}");
    }
}

#[tokio::test]
async fn what_goes_on_failing_says_what_it_may_have_done() {
    let [read, idempotent, _] =
        tried(&[Play::Reset, Play::Reset, Play::answer(404, &[], "{\"message\":\"gone\"}")]).await;
    assert_eq!((read.0, told(&read.1.unwrap_err())), (3, (ErrorKind::NotFound, Effect::None)));
    assert_eq!((idempotent.0, told(&idempotent.1.unwrap_err())), (3, (ErrorKind::NotFound, Effect::Unknown)));
}

#[tokio::test]
async fn nothing_sent_is_nothing_done() {
    let server = Server::playing(Vec::new());
    let url = server.url();
    drop(server);
    let timing = Timing { attempts: 2, pause: Duration::from_millis(1), ..Timing::default() };
    let client = Client::builder(url, Plain).timing(timing).build().unwrap();
    let error = client.post(["things"]).done().await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Network, Effect::None));
    assert!(error.to_string().contains("cannot be reached"), "{error}");
}

#[tokio::test]
async fn a_refusal_is_told_in_the_clouds_own_words_and_not_repeated() {
    let body = "{\"message\":\"the region is full\"}";
    for outcome in tried(&[Play::answer(422, &[("x-request-id", "r-1")], body)]).await {
        let error = outcome.1.unwrap_err();
        assert_eq!((outcome.0, told(&error)), (1, (ErrorKind::OutOfCapacity, Effect::None)));
        assert_eq!((error.to_string().as_str(), error.hint()), ("the region is full", Some("try another region")));
        assert_eq!((error.request_id(), error.provider()), (Some("r-1"), Some("plain")));
        assert!(error.context().contains(&("status", "422".to_owned())), "{error:?}");
    }
}

#[tokio::test]
async fn the_time_that_is_told_is_waited() {
    let began = Instant::now();
    let [_, _, once] = tried(&[Play::answer(429, &[("retry-after", "0.3")], "{}"), good("{}")]).await;
    assert!(once.0 == 2 && once.1.is_ok(), "429 has no effect, so that even what is done once is sent again");
    assert!(began.elapsed() >= Duration::from_millis(900), "three times 0.3 s");
    let [read, ..] = tried(&[Play::answer(429, &[("retry-after", "3600")], "{}")]).await;
    let error = read.1.unwrap_err();
    assert_eq!(
        (read.0, error.kind(), error.retry()),
        (1, ErrorKind::RateLimited, Retry::After(Duration::from_hours(1)))
    );
}

#[tokio::test]
async fn rates_are_kept_on_our_side_and_headers_are_obeyed() {
    let server = Server::playing(vec![good("{}"); 5]);
    let client = client(&server);
    let began = Instant::now();
    for _ in 0..3 {
        client.get(["x"]).bucket("slow", "x").done().await.unwrap();
    }
    assert!(began.elapsed() >= Duration::from_millis(400), "{:?}", began.elapsed());
    let server = Server::playing(vec![Play::answer(200, &[("ratelimit-remaining", "0")], "{}"), good("{}")]);
    let client = self::client(&server);
    client.get(["x"]).done().await.unwrap();
    let began = Instant::now();
    client.get(["y"]).done().await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(290), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_token_goes_to_its_host_and_to_no_other() {
    let elsewhere = Server::playing(vec![good("{}")]);
    let to = format!("{}/things", elsewhere.url());
    let server = Server::playing(vec![Play::answer(302, &[("location", &to)], "")]);
    let error = client(&server).get(["things"]).send::<Value>().await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Protocol, Effect::None));
    assert!(error.to_string().contains(&to), "{error}");
    assert!(elsewhere.requests().is_empty());
    let request = &server.requests()[0];
    assert!(request.starts_with("GET /v1/things HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Bearer hunter2"), "{request}");
    assert!(!format!("{error:?} {:?}", client(&server)).contains("hunter2"));
}

#[tokio::test]
async fn an_answer_that_is_too_large_to_be_one_is_cut() {
    let server = Server::playing(vec![Play::Flood; 3]);
    let timing = Timing { attempts: 1, ..Timing::default() };
    let client = Client::builder(server.url(), Plain).timing(timing).build().unwrap();
    let error = client.get(["x"]).send::<Value>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("larger than"), "{error}");
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let server = Server::playing(vec![good("{}"); 20]);
    let client = client(&server);
    for _ in 0..20 {
        client.get(["x"]).done().await.unwrap();
    }
    assert_eq!((server.requests().len(), server.connections()), (20, 1));
}

#[test]
fn a_base_url_that_is_none_is_refused() {
    for bad in ["", "api.example.com", "ftp://x", "https://user:pass@x", "http://"] {
        let error = Client::builder(bad, Plain).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
    }
}

#[tokio::test]
async fn a_ca_file_that_is_none_is_said() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "not a certificate").unwrap();
    for path in [file.path(), "/no/such/file".as_ref()] {
        let client = Client::builder("https://127.0.0.1:1", Plain).ca_file(Some(path.to_owned())).build().unwrap();
        let error = client.get(["x"]).done().await.unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.to_string().contains("CA file"), "{error}");
    }
}
