//! What commands print as JSON, as JSON schemas.

use machine_core::{MachineState, ResourceKind};
use machine_fleet::State;
use serde_json::{Map, Value, json};

/// Counted up when a key goes, or means something else. New keys do not count.
const VERSION: u32 = 1;

/// The shape of a thing that commands print as JSON.
#[derive(Debug)]
pub struct Shape {
    /// Its name, which its file has.
    pub name: &'static str,
    /// The commands that print it, and whether in an array.
    pub printed_by: &'static [(&'static str, bool)],
    /// Its schema.
    pub schema: Value,
}

/// Every shape that is promised.
pub fn shapes() -> Vec<Shape> {
    vec![
        shape("machine", "A machine, as its provider reports it", &[("machine inspect", false)], machine()),
        shape(
            "listed-machine",
            "A machine in a list: first what scripts of the older tool of this name read, then all that is known",
            &[("machine list", true), ("machine create", false)],
            listed_machine(),
        ),
        shape("status", "How a machine is", &[("machine status", true)], status()),
        shape("address", "An address of a machine", &[("machine ip", true)], address()),
        shape("volume", "A volume", &[("machine volumes list", true)], volume()),
        shape("snapshot", "A snapshot of a machine's disk", &[("machine snapshots list", true)], snapshot()),
        shape("ssh-key", "A registered ssh key", &[("machine ssh-keys", true)], ssh_key()),
        shape("record", "A record of a DNS zone", &[("machine list-domain", true)], record()),
        shape("region", "A place where machines can be", &[("machine regions", true)], region()),
        shape("size", "A size that machines come in", &[("machine sizes", true)], size()),
        shape("image", "Something that machines can be made from", &[("machine images", true)], image()),
        shape(
            "name",
            "A name",
            &[("machine domains", true), ("machine projects", true), ("machine types", true)],
            json!({"type": "string"}),
        ),
        shape(
            "ledger-entry",
            "A line of the ledger",
            &[("machine ledger list", true), ("machine ledger show", true), ("machine ledger export", false)],
            ledger_entry(),
        ),
        shape("check", "What came of checking an account", &[("machine check", false)], check()),
        shape("finding", "What was found of one thing", &[("machine doctor", true)], finding()),
        shape("version", "Which program this is", &[("machine version", false)], version()),
    ]
}

/// The page that says what is promised, and which command prints what.
pub fn page() -> String {
    let mut page = format!(
        "# JSON\n\nWhat commands print with `-o json`. `-o jsonl` is the same, one line for each item, and `-o yaml` the same as \
         YAML. `cargo xtask gen-reference` writes this file and the schemas; real output is validated against them in CI.\n\n\
         This is version {VERSION} of the shapes. Within a version keys are only added: a reader ignores those that it does not know. \
         No key goes, changes its type or means something else without a new version, which `CHANGELOG.md` announces. Words in \
         an `enum` of states, kinds and reasons may become more. What is called `details` is the provider's and not promised.\n\n\
         Moments are RFC 3339 in UTC, amounts of money are millionths of a US dollar, ids are text. What is unknown is `null`.\n\n\
         | command | prints | schema |\n|---|---|---|\n"
    );
    for shape in shapes() {
        for (command, in_array) in shape.printed_by {
            let prints = if *in_array { "an array" } else { "objects" };
            let name = shape.name;
            page.push_str(&format!("| `{command}` | {prints} | [{name}](json/{name}.schema.json) |\n"));
        }
    }
    page.push_str(
        "\n`machine info`, `cost`, `gc` and `config show` print one object each, for which there is no promise yet. \
         Failures are told [as JSON too](exit-codes.md#errors-as-json): [error](error.schema.json).\n",
    );
    page
}

fn shape(
    name: &'static str,
    title: &'static str,
    printed_by: &'static [(&'static str, bool)],
    mut schema: Value,
) -> Shape {
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!(format!("urn:machine:json:{VERSION}:{name}"));
    schema["title"] = json!(title);
    Shape { name, printed_by, schema }
}

/// An object that has these keys, but for the optional ones always.
fn object(properties: Value, optional: &[&str]) -> Value {
    let keys = properties.as_object().into_iter().flat_map(Map::keys);
    let required: Vec<&String> = keys.filter(|key| !optional.contains(&key.as_str())).collect();
    json!({"type": "object", "required": required, "properties": properties})
}

fn text(says: &str) -> Value {
    json!({"type": "string", "description": says})
}

fn maybe(kind: &str, says: &str) -> Value {
    json!({"type": [kind, "null"], "description": says})
}

fn moment(says: &str) -> Value {
    json!({"type": ["string", "null"], "format": "date-time", "description": says})
}

fn texts(says: &str) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "description": says})
}

/// The same schema, or null.
fn or_null(schema: Value, says: &str) -> Value {
    json!({"anyOf": [schema, {"type": "null"}], "description": says})
}

fn money(says: &str) -> Value {
    json!({"type": "integer", "description": format!("{says}, in millionths of a US dollar.")})
}

fn markers() -> Value {
    let markers = json!({
        "owner": text("The ledger that made it."),
        "intent": text("The wish behind it, a ULID."),
        "deadline": moment("When it must be gone at the latest."),
    });
    or_null(object(markers, &["deadline"]), "What we wrote on it, where we made it.")
}

fn price() -> Value {
    let price = json!({
        "hourly": money("A started hour"),
        "monthly_cap": money("The most that a month is charged"),
    });
    or_null(object(price, &["monthly_cap"]), "What it costs while it exists, where that is known.")
}

fn exit() -> Value {
    let exit = json!({
        "code": {"type": "integer", "description": "The exit code, where it exited by itself."},
        "signal": {"type": "integer", "description": "The number of the signal that ended it."},
        "oom": {"type": "boolean", "description": "Whether it was ended for want of memory; false where it is missing."},
        "reason": text("Why it ended: exited, signaled, stopped, timed-out, deadline, setup-failed, supervisor-died, host-rebooted, unknown."),
        "message": text("One sentence for a person."),
        "at": {"type": "string", "format": "date-time", "description": "When its end was seen."},
    });
    or_null(object(exit, &["code", "signal", "oom", "message", "at"]), "How its own command ended, where it has.")
}

fn state() -> Value {
    let ours = [
        MachineState::Pending,
        MachineState::Starting,
        MachineState::Running,
        MachineState::Stopping,
        MachineState::Stopped,
        MachineState::Suspended,
        MachineState::Updating,
        MachineState::Destroying,
        MachineState::Destroyed,
        MachineState::Failed,
    ];
    let words: Vec<&str> = ours.iter().map(MachineState::as_str).collect();
    text(&format!("Its state in our words: {}; or the provider's own for something else.", words.join(", ")))
}

fn machine_properties() -> Value {
    let addresses = json!({
        "public": texts("From anywhere."),
        "private": texts("From its own network only."),
        "ssh_port": {"type": "integer", "description": "Where its ssh server listens, where that is not 22."},
    });
    let mount = json!({"volume": text("The id of the volume."), "path": text("Where it shows inside.")});
    json!({
        "id": text("The provider's id."),
        "name": text("Its name."),
        "provider": text("The kind of provider that has it."),
        "state": state(),
        "raw_state": text("Its state in the provider's words."),
        "region": maybe("string", "Where it is."),
        "size": maybe("string", "How big it is, in the provider's words."),
        "image": maybe("string", "What it was made from, in the provider's words."),
        "created_at": moment("When it was created."),
        "started_at": moment("When it last started."),
        "addresses": object(addresses, &["ssh_port"]),
        "labels": {"type": "object", "additionalProperties": {"type": "string"}, "description": "The user's labels."},
        "tags": texts("Its tags, in the provider's order."),
        "markers": markers(),
        "volumes": {"type": "array", "items": object(mount, &[]), "description": "The volumes attached to it."},
        "exit": exit(),
        "price": price(),
        "notes": texts("What a person should know about it."),
        "details": {"description": "What only this provider tells. Its shape is the provider's."},
    })
}

fn machine() -> Value {
    object(machine_properties(), &[])
}

fn listed_machine() -> Value {
    let mut properties = machine_properties();
    properties["ip"] = maybe("string", "The public address: by IPv4, else by IPv6.");
    properties["type"] = maybe("string", "The type of the configuration that it was made by.");
    properties["account"] = text("The section of its account, where several were asked.");
    object(properties, &["account"])
}

fn status() -> Value {
    let status = json!({
        "name": text("Its name."),
        "id": text("The provider's id."),
        "machine-status": text("Its state in the provider's words."),
        "provider": text("The kind of provider that has it."),
        "state": state(),
        "raw_state": text("Its state in the provider's words."),
        "exit": exit(),
        "notes": texts("What a person should know about it."),
    });
    let mut schema = object(status, &[]);
    schema["additionalProperties"] =
        text("What the machine says of itself, under the name of the check; UNKNOWN where it says nothing.");
    schema
}

fn address() -> Value {
    let address = json!({
        "name": text("The machine's name."),
        "id": text("The machine's id."),
        "ip": text("The address that was asked for."),
    });
    object(address, &[])
}

fn volume() -> Value {
    let attached = json!({
        "machine": text("The id of the machine."),
        "path": maybe("string", "Where it shows inside, where the provider knows that."),
    });
    let volume = json!({
        "id": text("The provider's id."),
        "name": text("Its name."),
        "provider": text("The kind of provider that has it."),
        "size_gib": {"type": "integer", "description": "How big, in GiB."},
        "region": maybe("string", "Where it is."),
        "attached_to": or_null(object(attached, &[]), "The machine that has it."),
        "created_at": moment("When it was created."),
        "markers": markers(),
        "notes": texts("What a person should know about it."),
    });
    object(volume, &[])
}

fn snapshot() -> Value {
    let snapshot = json!({
        "id": text("The provider's id."),
        "name": text("Its name."),
        "size_gib": maybe("integer", "Its size in GiB, once known."),
        "created_at": moment("When it was taken."),
        "markers": markers(),
    });
    object(snapshot, &[])
}

fn ssh_key() -> Value {
    let key = json!({
        "id": text("The provider's id."),
        "name": text("Its name in the account."),
        "public_key": text("The public key, in one line."),
        "fingerprint": maybe("string", "Its fingerprint in the provider's spelling."),
    });
    object(key, &[])
}

fn record() -> Value {
    let record = json!({
        "id": text("The provider's id."),
        "machine": or_null(listed_machine(), "The machine that has the address."),
        "name": text("Its name in the zone; `@` is the zone itself."),
        "fqdn": text("The whole name."),
        "zone": text("The zone."),
        "data": text("What it says."),
        "ttl": maybe("integer", "For how many seconds it may be cached."),
        "type": text("A, AAAA, CNAME, MX, TXT and the like."),
    });
    object(record, &[])
}

fn region() -> Value {
    let region = json!({
        "id": text("As it is written in a request."),
        "name": text("As a person says it."),
        "available": {"type": "boolean", "description": "Whether it takes new machines."},
    });
    object(region, &[])
}

fn size() -> Value {
    let size = json!({
        "id": text("As it is written in a request."),
        "cpus": {"type": "number", "description": "Processors."},
        "memory_mib": {"type": "integer", "description": "Memory in MiB."},
        "disk_gib": maybe("integer", "Disk in GiB, where the size decides it."),
        "price": price(),
        "regions": texts("Where it can be had; everywhere when empty."),
        "monthly": maybe("integer", "The most that a month costs, in millionths of a US dollar."),
    });
    object(size, &[])
}

fn image() -> Value {
    let image = json!({
        "id": text("As it is written in a request."),
        "name": text("As a person says it."),
        "neutral": maybe("string", "The name that all providers know, such as debian-12, where there is one."),
    });
    object(image, &[])
}

fn ledger_entry() -> Value {
    let rate = json!({
        "hourly": money("An hour"),
        "monthly_cap": maybe("integer", "The most that a calendar month costs, in millionths of a US dollar."),
        "step": {"type": "integer", "description": "Time is counted in steps of so many seconds."},
        "minimum": {"type": "integer", "description": "The fewest seconds that are counted."},
    });
    let states = State::ALL.map(State::as_str).join(", ");
    let kinds = ResourceKind::ALL.map(ResourceKind::as_str).join(", ");
    let entry = json!({
        "id": text("The identity of the wish, a ULID."),
        "owner": text("The ledger that holds it."),
        "resource": text(&format!("What was asked for: {kinds}.")),
        "name": text("The name it was to have."),
        "provider": text("The kind of provider that was to make it."),
        "lifetime": text("`client`: goes with the command that made it; `deadline`: its own."),
        "deadline": moment("When it must be gone at the latest."),
        "minted_at": {"type": "string", "format": "date-time", "description": "When it was asked for."},
        "account": maybe("string", "Whose bill it is on, where that was known."),
        "client": maybe("string", "The process that looks after it."),
        "state": text(&format!("How far it has come: {states}.")),
        "resource_id": maybe("string", "The provider's id of the thing, once known."),
        "adopted": {"type": "boolean", "description": "Whether the thing was there before."},
        "missing_since": moment("When a complete list first lacked it."),
        "updated_at": {"type": "string", "format": "date-time", "description": "When this line last changed."},
        "last_error": maybe("string", "What last went wrong with it."),
        "revision": {"type": "integer", "description": "Counts the changes."},
        "rate": or_null(object(rate, &[]), "What it costs, where that was known."),
        "made_for": maybe("string", "The wish for the machine that it goes with."),
    });
    object(entry, &[])
}

fn check() -> Value {
    let one = json!({
        "what": text("What was checked."),
        "outcome": {"enum": ["pass", "fail", "skip"], "description": "How it went."},
        "detail": text("One sentence."),
    });
    let check = json!({
        "account": text("The section of the configuration, or the kind."),
        "provider": text("The kind of provider."),
        "passed": {"type": "boolean", "description": "Whether everything passed."},
        "checks": {"type": "array", "items": object(one, &[])},
    });
    object(check, &[])
}

fn finding() -> Value {
    let finding = json!({
        "what": text("The thing, in a word."),
        "status": {"enum": ["ok", "warn", "fail", "off"], "description": "How it is."},
        "detail": text("One sentence."),
        "hint": maybe("string", "What to do about it."),
    });
    object(finding, &[])
}

fn version() -> Value {
    let version = json!({
        "name": text("The program."),
        "version": text("Its version."),
        "os": text("The system that it was built for."),
        "arch": text("The processor that it was built for."),
    });
    object(version, &[])
}
