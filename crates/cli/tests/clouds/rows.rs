//! What people get wrong, and what they must be told.

pub(crate) const FLY: &str = "fly";
pub(crate) const DO: &str = "digitalocean";
pub(crate) const VULTR: &str = "vultr";
const ALL: &[&str] = &[FLY, DO, VULTR];

/// One thing that somebody gets wrong.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) clouds: &'static [&'static str],
    pub(crate) args: &'static [&'static str],
    pub(crate) code: i32,
    /// What must stand in the sentence.
    pub(crate) says: &'static str,
    /// What must stand in the hint; none where the sentence itself says what to do.
    pub(crate) hint: Option<&'static str>,
    pub(crate) token: &'static str,
    pub(crate) fault: Fault,
}

/// What is wrong on the other side.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    Nothing,
    /// Nobody listens.
    Closed,
    /// A page for people comes in place of JSON.
    Html,
    /// The answer points to another host.
    Elsewhere,
}

pub(crate) const ROW: Row = Row {
    what: "",
    clouds: ALL,
    args: &["list"],
    code: 1,
    says: "",
    hint: None,
    token: "somebody",
    fault: Fault::Nothing,
};

const LIST: &[&str] = &["list"];
const CREATE: &[&str] = &["create", "web-1"];

pub(crate) const ROWS: &[Row] = &[
    Row {
        what: "wrong token",
        clouds: &[FLY],
        code: 4,
        token: "bad-1",
        says: "invalid token",
        hint: Some("FLY_API_TOKEN"),
        ..ROW
    },
    Row {
        what: "wrong token",
        clouds: &[FLY],
        args: CREATE,
        code: 4,
        token: "bad-1",
        says: "invalid token",
        hint: Some("FLY_API_TOKEN"),
        ..ROW
    },
    Row {
        what: "wrong token",
        clouds: &[DO],
        code: 4,
        token: "bad-1",
        says: "Unable to authenticate you",
        hint: Some("DIGITALOCEAN_ACCESS_TOKEN"),
        ..ROW
    },
    Row {
        what: "wrong token",
        clouds: &[DO],
        args: CREATE,
        code: 4,
        token: "bad-1",
        says: "Unable to authenticate you",
        hint: Some("DIGITALOCEAN_ACCESS_TOKEN"),
        ..ROW
    },
    Row {
        what: "wrong token",
        clouds: &[VULTR],
        code: 4,
        token: "bad-1",
        says: "Invalid API token",
        hint: Some("VULTR_API_KEY"),
        ..ROW
    },
    Row {
        what: "wrong token",
        clouds: &[VULTR],
        args: CREATE,
        code: 4,
        token: "bad-1",
        says: "Invalid API token",
        hint: Some("VULTR_API_KEY"),
        ..ROW
    },
    Row {
        what: "token without the right",
        clouds: &[FLY],
        args: LIST,
        code: 4,
        token: "forbidden-1",
        says: "permission_denied",
        hint: Some("may not do this"),
        ..ROW
    },
    Row {
        what: "token without the right",
        clouds: &[DO],
        args: CREATE,
        code: 4,
        token: "forbidden-1",
        says: "not authorized",
        hint: Some("scope"),
        ..ROW
    },
    Row {
        what: "token without the right",
        clouds: &[VULTR],
        args: CREATE,
        code: 4,
        token: "forbidden-1",
        says: "Forbidden",
        hint: Some("Access Control"),
        ..ROW
    },
    Row {
        what: "address not allowed",
        clouds: &[VULTR],
        args: CREATE,
        code: 4,
        token: "elsewhere-1",
        says: "Unauthorized IP address: 127.0.0.1",
        hint: Some("Access Control"),
        ..ROW
    },
    Row {
        what: "unknown region",
        clouds: &[FLY],
        args: &["create", "web-1", "--region", "nowhere"],
        code: 2,
        says: "region nowhere not found",
        hint: Some("fly platform regions"),
        ..ROW
    },
    Row {
        what: "unknown region",
        clouds: &[DO, VULTR],
        args: &["create", "web-1", "--region", "nowhere"],
        code: 3,
        says: "no region is called `nowhere`",
        hint: Some("regions"),
        ..ROW
    },
    Row {
        what: "unknown size",
        clouds: &[FLY],
        args: &["create", "web-1", "--size", "nosuch"],
        code: 2,
        says: "no size is called `nosuch`",
        hint: Some("fly platform vm-sizes"),
        ..ROW
    },
    Row {
        what: "unknown size",
        clouds: &[DO],
        args: &["create", "web-1", "--size", "nosuch"],
        code: 3,
        says: "no size is called `nosuch`",
        hint: Some("s-1vcpu-1gb"),
        ..ROW
    },
    Row {
        what: "unknown size",
        clouds: &[VULTR],
        args: &["create", "web-1", "--size", "nosuch"],
        code: 3,
        says: "no size is called `nosuch`",
        hint: Some("/plans"),
        ..ROW
    },
    Row {
        what: "unknown image",
        clouds: &[FLY],
        args: &["create", "web-1", "--image", "nosuch-99"],
        code: 2,
        says: "no image is called `nosuch-99`",
        hint: Some("debian-12"),
        ..ROW
    },
    Row {
        what: "unknown image",
        clouds: &[DO],
        args: &["create", "web-1", "--image", "nosuch-99"],
        code: 3,
        says: "no image is called `nosuch-99`",
        hint: Some("debian-12"),
        ..ROW
    },
    Row {
        what: "unknown image",
        clouds: &[VULTR],
        args: &["create", "web-1", "--image", "nosuch-99"],
        code: 3,
        says: "no image is called `nosuch-99`",
        hint: Some("/os"),
        ..ROW
    },
    Row {
        what: "a name that breaks the rule",
        args: &["create", "Bad_Name"],
        code: 2,
        says: "the name `Bad_Name` holds 'B'; a machine's name is made of lower-case letters",
        ..ROW
    },
    Row {
        what: "user data where none is read",
        clouds: &[FLY],
        args: &["create", "web-1", "--user-data", "short.txt"],
        code: 2,
        says: "no user data is read",
        ..ROW
    },
    Row {
        what: "user data over the limit",
        clouds: &[DO, VULTR],
        args: &["create", "web-1", "--user-data", "long.txt"],
        code: 2,
        says: "the user data has 70014 bytes",
        hint: Some("fetch"),
        ..ROW
    },
    Row {
        what: "a mail of user data that is not ASCII",
        clouds: &[DO],
        args: &["create", "web-1", "--user-data", "odd.txt"],
        code: 2,
        says: "line 6 of the user data holds 'ż'",
        hint: Some("base64"),
        ..ROW
    },
    Row {
        what: "a volume in another region",
        clouds: &[FLY],
        args: &["create", "web-1", "--region", "ord", "--volume", "data-1:/data"],
        code: 2,
        says: "is in `iad`",
        hint: Some("--region iad"),
        ..ROW
    },
    Row {
        what: "a volume in another region",
        clouds: &[DO],
        args: &["create", "web-1", "--region", "ams3", "--volume", "data-1:/data"],
        code: 2,
        says: "is in nyc3",
        hint: Some("same region"),
        ..ROW
    },
    Row {
        what: "a volume in another region",
        clouds: &[VULTR],
        args: &["create", "web-1", "--region", "ams", "--volume", "data-1:/data"],
        code: 2,
        says: "is in",
        hint: Some("region"),
        ..ROW
    },
    Row {
        what: "an attached volume",
        args: &["create", "web-1", "--volume", "held:/data"],
        code: 5,
        says: "attached to",
        hint: Some(""),
        ..ROW
    },
    Row {
        what: "an attached volume",
        clouds: &[DO, VULTR],
        args: &["volumes", "attach", "held", "other:/data"],
        code: 5,
        says: "attached to",
        hint: Some("detach"),
        ..ROW
    },
    Row {
        what: "attaching where there is no attaching",
        clouds: &[FLY],
        args: &["volumes", "attach", "data-1", "other:/data"],
        code: 5,
        says: "could not have it later either",
        hint: Some("only when the machine is created"),
        ..ROW
    },
    Row {
        what: "an API that cannot be reached",
        args: LIST,
        says: "127.0.0.1:1 cannot be reached: Connection refused",
        hint: Some("api-url"),
        fault: Fault::Closed,
        ..ROW
    },
    Row {
        what: "an API that cannot be reached",
        args: CREATE,
        says: "127.0.0.1:1 cannot be reached: Connection refused",
        hint: Some("api-url"),
        fault: Fault::Closed,
        ..ROW
    },
    Row {
        what: "HTML in place of JSON",
        args: LIST,
        says: "the answer cannot be understood (text/html",
        hint: Some("api-url"),
        fault: Fault::Html,
        ..ROW
    },
    // The app was there, so that what came to nothing may have been the creation itself.
    Row {
        what: "HTML in place of JSON",
        clouds: &[FLY],
        args: CREATE,
        code: 11,
        says: "the answer cannot be understood (text/html",
        hint: Some("machine gc"),
        fault: Fault::Html,
        ..ROW
    },
    Row {
        what: "HTML in place of JSON",
        clouds: &[DO, VULTR],
        args: CREATE,
        says: "the answer cannot be understood (text/html",
        hint: Some("api-url"),
        fault: Fault::Html,
        ..ROW
    },
    Row {
        what: "a redirect to another host",
        args: LIST,
        says: "points to `https://elsewhere.example/`, and a token does not follow",
        hint: Some("api-url"),
        fault: Fault::Elsewhere,
        ..ROW
    },
    Row {
        what: "a redirect to another host",
        args: CREATE,
        says: "points to `https://elsewhere.example/`, and a token does not follow",
        hint: Some("api-url"),
        fault: Fault::Elsewhere,
        ..ROW
    },
];
