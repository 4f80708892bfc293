//! `machine ip`.

use std::net::IpAddr;

use clap::Args;
use machine_core::{Error, ErrorKind, Machine, MachineState, ProviderExt as _};
use serde::Serialize;

use crate::addresses;
use crate::app::App;
use crate::failure::Failure;
use crate::show::{self, Column, ListOutput};

const EXAMPLES: &str = "\
Examples:
  machine ip web-1
  ping \"$(machine ip web-1)\"
  machine ip --private web-1 web-2
  machine ip web-1 web-2 -o json";

/// Shows the addresses of machines, one on each line: the public one by IPv4.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = show::columns_help(&columns()))]
pub(crate) struct Ip {
    /// Which, by name or id.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// The public one by IPv6.
    #[arg(long, short = '6')]
    ipv6: bool,
    /// The one in the machine's own network.
    #[arg(long, conflicts_with = "ipv6")]
    private: bool,
    /// How to show them; as text where nothing else is said.
    #[command(flatten)]
    output: ListOutput,
}

/// A machine and the address that was asked for.
#[derive(Serialize)]
struct Reached {
    name: String,
    id: String,
    ip: IpAddr,
}

impl Ip {
    /// Shows them.
    ///
    /// # Errors
    /// `NotFound` for a machine that is not there, and for one that has no such address; else the provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let output = self.output.or_text();
        output.check(&columns())?;
        let mut reached = Vec::new();
        let done = super::each(&app.printer, &self.names, async |name| {
            let machine = app.provider().resolve(name).await?;
            let (found, kind) = if self.private {
                (addresses::private(&machine), "private")
            } else if self.ipv6 {
                (addresses::public_v6(&machine).map(IpAddr::V6), "public IPv6")
            } else {
                (addresses::public_v4(&machine).map(IpAddr::V4), "public IPv4")
            };
            let ip = found.ok_or_else(|| none(&machine, kind))?;
            reached.push(Reached { name: machine.name, id: machine.id.to_string(), ip });
            Ok(())
        })
        .await;
        if reached.is_empty() && done.is_err() {
            return done;
        }
        let list = show::List::new(&reached, columns(), |reached| reached.id.clone());
        output.show(&app.printer, list.line(|reached| reached.ip.to_string()))?;
        done
    }
}

fn columns() -> Vec<Column<'static, Reached>> {
    vec![
        Column::new("NAME", |reached: &Reached| reached.name.clone()),
        Column::whole("IP", |reached: &Reached| reached.ip.to_string()),
        Column::whole("ID", |reached: &Reached| reached.id.clone()),
    ]
}

/// The error where a machine has no address of that kind, or none yet.
pub(super) fn none(machine: &Machine, kind: &str) -> Error {
    let yet = matches!(machine.state, MachineState::Pending | MachineState::Starting);
    let when = if yet { " yet" } else { "" };
    let error = Error::new(ErrorKind::NotFound, format!("the machine `{}` has no {kind} address{when}", machine.name));
    if yet {
        return error.with_hint(format!("`machine wait {} --for running` waits for it", machine.name));
    }
    let others = [
        ("public IPv4", addresses::public_v4(machine).map(IpAddr::V4)),
        ("public IPv6", addresses::public_v6(machine).map(IpAddr::V6)),
        ("private", addresses::private(machine)),
    ];
    match others.into_iter().find_map(|(kind, address)| address.map(|address| (kind, address))) {
        Some((kind, address)) => error.with_hint(format!("its {kind} address is {address}")),
        None => error,
    }
}
