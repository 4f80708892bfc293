//! `machine create --dry-run`: what would be sent, and what it would cost.

use machine_core::{PlannedRequest, Preview, Price};
use machine_fleet::{Quote, Rate};
use serde::Serialize;

use crate::app::App;
use crate::dns;
use crate::failure::{Failure, code};
use crate::show::Output;
use crate::wish::Wish;

/// What would be done for one machine, as a program reads it.
#[derive(Debug, Serialize)]
struct Rehearsed<'a> {
    name: &'a str,
    provider: &'static str,
    #[serde(flatten)]
    preview: &'a Preview,
}

/// Shows what creating these machines would do. Makes nothing, and records nothing.
///
/// # Errors
/// What a create would refuse; then the output's.
pub(super) async fn show(app: &App, wishes: &[Wish], output: &Output) -> Result<u8, Failure> {
    let mut previews = Vec::new();
    for wish in wishes {
        let mut preview = app.provider().preview(&wish.spec).await?;
        if let Some(zone) = &wish.zone {
            let name = dns::whole_name(wish.spec.name.as_str(), zone);
            preview.steps.push(format!("add a DNS record that gives its address the name {name}"));
        }
        previews.push(preview);
    }
    let each = || wishes.iter().zip(&previews);
    match output.for_programs() {
        Some(format) => {
            let provider = app.provider().info().kind;
            let all = each().map(|(wish, preview)| Rehearsed { name: wish.spec.name.as_str(), provider, preview });
            app.printer.values(format, &all.collect::<Vec<_>>())?;
        }
        None => {
            for (wish, preview) in each() {
                text(app, wish, preview)?;
            }
            app.printer.note("Nothing was made.");
        }
    }
    Ok(code::OK)
}

fn text(app: &App, wish: &Wish, preview: &Preview) -> Result<(), Failure> {
    for PlannedRequest { method, path, body } in &preview.requests {
        app.printer.line(format_args!("{method} {path}"))?;
        if !body.is_null() {
            app.printer.json(body)?;
        }
    }
    for step in &preview.steps {
        app.printer.line(step)?;
    }
    app.printer.line(cost(app, wish, preview.price))
}

/// The line that says what it would cost.
fn cost(app: &App, wish: &Wish, price: Option<Price>) -> String {
    let name = wish.spec.name.to_string();
    let Some(price) = price else { return format!("{name}: nobody knows what it costs") };
    let rate = Rate::new(price, &app.provider().capabilities().billing);
    if rate.is_free() {
        return format!("{name}: it costs nothing");
    }
    Quote { name, region: None, rate, from: app.clock().now(), deadline: wish.deadline }.to_string()
}
