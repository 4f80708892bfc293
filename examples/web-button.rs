//! A "run" button: a page whose script is run on a new machine, and whose output streams to the browser. The machine is gone when
//! the script has ended, or when the browser has gone. `cargo run -p machine-agent --example web-button`, and open what it prints.
//! Whoever reaches it may run anything there: put your own login before it where that is more than you.

#![expect(clippy::print_stdout, reason = "an example talks to the person at the terminal")]

use std::convert::Infallible;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use futures::{StreamExt as _, future};
use machine_agent::{JobEvent, JobSpec};
use machine_core::{Environment, IntentId, MachineSpec, OsText};
use machine_fleet::{Fleet, SqliteLedger, StateDir};
use machine_local::{LocalConfig, LocalProvider};

const PAGE: &str = r#"<!doctype html><meta charset=utf-8><title>run</title>
<textarea id=script rows=4 cols=60>uname -a; sleep 1; echo done</textarea><br><button onclick="run()">run</button><pre id=out></pre>
<script>async function run() {
  out.textContent = '';
  const answer = await fetch('/run', {method: 'POST', body: script.value});
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part; !(part = await reader.read()).done;) out.textContent += part.value;
}</script>"#;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // A local machine is supervised by this same program, started again, and so is the job in it.
    if let Some(code) = machine_local::dispatch().or_else(machine_guest::dispatch) {
        return Ok(code);
    }
    serve().map(|()| ExitCode::SUCCESS)
}

#[tokio::main(flavor = "current_thread")]
async fn serve() -> Result<(), Box<dyn Error>> {
    // Any other provider will do as well; the ledger is what makes sure that none of its machines is ever forgotten.
    let provider = LocalProvider::open(LocalConfig::default())?;
    let state = StateDir::open(StateDir::resolve(&Environment::of_this_process())?)?;
    let fleet = Fleet::builder(Arc::new(provider), Arc::new(SqliteLedger::open(&state).await?)).build();
    let router = Router::new().route("/", get(async || Html(PAGE))).route("/run", post(run)).with_state(fleet);
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

/// Runs the script and streams what it writes. When the stream is dropped so is the job, and that ends its machine.
async fn run(State(fleet): State<Fleet>, script: String) -> Result<Body, (StatusCode, String)> {
    let refused = |error: &dyn std::fmt::Display| (StatusCode::BAD_GATEWAY, error.to_string());
    let name = format!("button-{}", IntentId::mint()).parse().map_err(|error| refused(&error))?;
    let command = ["sh", "-c", script.as_str()].map(OsText::from).to_vec();
    let limit = Some(Duration::from_mins(1));
    let spec = JobSpec { timeout: limit, ..JobSpec::new(MachineSpec::new(name), command) };
    let job = machine_agent::start(&fleet, spec).await.map_err(|error| refused(&error))?;
    let text = job.filter_map(|event| {
        future::ready(match event {
            JobEvent::Stdout(bytes) | JobEvent::Stderr(bytes) => Some(bytes),
            JobEvent::Ended(outcome) => Some(Bytes::from(format!("[{outcome}]\n"))),
            _ => None,
        })
    });
    Ok(Body::from_stream(text.map(Ok::<_, Infallible>)))
}
