//! `/_sim/`: what a cloud would never let anybody see or do.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::routing::{get, post};
use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::body::whole;
use crate::fake::Fake;
use crate::fault::Fault;
use crate::reply::Reply;
use crate::sim::Sim;

/// The largest body that is read here.
const BODY: usize = 4 << 20;

/// What the routes here work on.
#[derive(Clone)]
struct Desk {
    sim: Arc<Sim>,
    fake: Arc<dyn Fake>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    count: usize,
    token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetState {
    id: String,
    state: String,
}

/// The routes of one cloud.
pub(crate) fn router(sim: Arc<Sim>, fake: Arc<dyn Fake>) -> Router {
    Router::new()
        .route("/_sim/bill", get(bill))
        .route("/_sim/faults", get(faults).post(plan).delete(calm))
        .route("/_sim/machines", get(machines))
        .route("/_sim/requests", get(requests))
        .route("/_sim/traffic", get(traffic))
        .route("/_sim/clock", get(clock).post(advance))
        .route("/_sim/seed", post(seed))
        .route("/_sim/state", post(set_state))
        .with_state(Desk { sim, fake })
}

async fn bill(State(desk): State<Desk>, request: Request) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let marker = url::form_urlencoded::parse(query).find(|(key, _)| key == "marker");
    said(json!(desk.sim.bill.statement(desk.sim.now(), marker.as_ref().map(|(_, value)| &**value))))
}

async fn faults(State(desk): State<Desk>) -> Response<Body> {
    said(json!(desk.sim.faults.planned()))
}

async fn plan(State(desk): State<Desk>, request: Request) -> Response<Body> {
    match read::<Vec<Fault>>(request).await {
        Ok(faults) if desk.sim.faults.plan(&faults) => said(json!(desk.sim.faults.planned())),
        Ok(_) => refused("there are too many faults"),
        Err(why) => refused(&why),
    }
}

async fn calm(State(desk): State<Desk>) -> Response<Body> {
    desk.sim.calm();
    whole(Reply::nothing())
}

async fn machines(State(desk): State<Desk>) -> Response<Body> {
    said(desk.fake.truth())
}

async fn requests(State(desk): State<Desk>) -> Response<Body> {
    said(json!(desk.sim.traffic.requests()))
}

/// What was asked of late, bodies and all. They may hold what is secret to whoever asked: so do machines that are played here.
async fn traffic(State(desk): State<Desk>) -> Response<Body> {
    said(json!({"requests": desk.sim.traffic.remembered()}))
}

async fn clock(State(desk): State<Desk>) -> Response<Body> {
    said(json!({"now": desk.sim.now()}))
}

async fn advance(State(desk): State<Desk>, request: Request) -> Response<Body> {
    let by = read::<Advance>(request).await;
    match by.map(|by| SignedDuration::try_from_secs_f64(by.seconds)) {
        Ok(Ok(by)) if by >= SignedDuration::ZERO => {
            desk.sim.clock.advance(by);
            said(json!({"now": desk.sim.now()}))
        }
        Ok(_) => refused("time only goes on, and not for ever"),
        Err(why) => refused(&why),
    }
}

async fn seed(State(desk): State<Desk>, request: Request) -> Response<Body> {
    let made = read::<Seed>(request).await.and_then(|seed| desk.fake.seed(seed.count, seed.token.as_deref()));
    desk.sim.touch();
    made.map_or_else(|why| refused(&why), |ids| said(json!({"ids": ids})))
}

async fn set_state(State(desk): State<Desk>, request: Request) -> Response<Body> {
    desk.sim.touch();
    match read::<SetState>(request).await {
        Ok(set) if desk.fake.set_state(&set.id, &set.state) => whole(Reply::nothing()),
        Ok(set) => refused(&format!("there is no machine {}", set.id)),
        Err(why) => refused(&why),
    }
}

async fn read<T: DeserializeOwned>(request: Request) -> Result<T, String> {
    let body = axum::body::to_bytes(request.into_body(), BODY).await.map_err(|error| error.to_string())?;
    serde_json::from_slice(&body).map_err(|error| error.to_string())
}

fn said(value: Value) -> Response<Body> {
    whole(Reply::json(200, &value))
}

fn refused(why: &str) -> Response<Body> {
    whole(Reply::json(400, &json!({"error": why})))
}
