//! Files as people write them, and what is said of them.

use std::path::Path as FilePath;

use machine_core::{
    Clock, EnvSetting, Environment, Error, ErrorKind, OpenContext, Opened, OwnerId, OwnerSource, ProviderInfo,
    ProviderKind, Result, Secret,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::{Config, Origin, Place, Registry, Section, Why};

pub(crate) struct Sky;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct SkySection {
    access_token: Option<Secret>,
    image: String,
    retries: u32,
    mode: Mode,
    services: Vec<Service>,
}

#[derive(Debug, Default, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    #[default]
    Careful,
    Fast,
}

#[derive(Debug, Deserialize, serde::Serialize, JsonSchema)]
struct Service {
    port: u16,
    #[serde(default)]
    public: bool,
}

impl ProviderKind for Sky {
    type Config = SkySection;

    const INFO: ProviderInfo = ProviderInfo { kind: "sky", title: "Sky", documentation: "" };
    const ALIASES: &'static [&'static str] = &["big-sky"];
    const ENVIRONMENT: &'static [EnvSetting] =
        &[EnvSetting { name: "SKY_TOKEN", key: "access-token" }, EnvSetting { name: "SKY_RETRIES", key: "retries" }];

    fn open(config: SkySection, _: &OpenContext) -> Result<Opened> {
        let token = config.access_token.map(|token| token.expose().to_owned());
        let seen = format!("{token:?} {} {} {:?} {:?}", config.image, config.retries, config.mode, config.services);
        Err(Error::new(ErrorKind::Config, seen).with_context("setting", "image").with_hint("look up"))
    }
}

struct Local;

impl ProviderKind for Local {
    type Config = SkySection;

    const INFO: ProviderInfo = ProviderInfo { kind: "local", title: "this computer", documentation: "" };
    const ALIASES: &'static [&'static str] = &[];
    const ENVIRONMENT: &'static [EnvSetting] = &[];

    fn open(_: SkySection, _: &OpenContext) -> Result<Opened> {
        Err(Error::new(ErrorKind::Config, "local"))
    }
}

const ENVIRONMENT: &[(&str, &str)] = &[("NUMBER", "7"), ("WORD", "seven"), ("TOKEN", "12345")];

fn config_in(text: &str, environment: &[(&str, &str)]) -> Result<Config> {
    let file = tempfile::Builder::new().prefix("config").suffix(".yml").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let environment = environment.iter().copied().collect();
    Config::load(Registry::new().with::<Local>().with::<Sky>(), environment, Some(file.path()))
}

fn config(text: &str) -> Result<Config> {
    config_in(text, ENVIRONMENT)
}

fn sky(text: &str) -> Result<Section> {
    config(text)?.section("sky")
}

/// What the provider is opened with.
fn opened(section: &Section) -> Error {
    let context = OpenContext {
        state_dir: "/nowhere".into(),
        program: "/nowhere".into(),
        environment: Environment::default(),
        clock: Clock::system(),
        owner: OwnerSource::known(OwnerId::new("nobody")),
    };
    section.open(&context).unwrap_err()
}

fn place(line: usize, column: usize) -> Place {
    Place { line, column }
}

#[test]
fn values_arrive_typed_wherever_they_come_from() {
    let text = "sky:\n  image: 2284\n  retries: ${NUMBER}\n  mode: fast\n  services: [{port: '${PORT:-80}', public: true}]\n  \
                access-token: ${TOKEN}\n";
    let error = opened(&sky(text).unwrap()).to_string();
    assert!(error.contains(r#"Some("12345") 2284 7 Fast [Service { port: 80, public: true }]"#), "{error}");
    let section = config_in("", &[("SKY_TOKEN", "007"), ("SKY_RETRIES", "3")]).unwrap().section("sky").unwrap();
    assert!(opened(&section).to_string().contains(r#"Some("007")  3 Careful"#), "{}", opened(&section));
    let section = config_in("sky: {retries: 5}", &[("SKY_RETRIES", "3")]).unwrap().section("sky").unwrap();
    assert!(
        opened(&section).to_string().contains(" 5 "),
        "the file comes first: it names one account, the variable none"
    );
}

#[test]
fn every_error_has_file_line_and_column() {
    let cases = [
        ("sky:\n  retries: many\n", "line 2, column 3", "`sky.retries`"),
        ("sky:\n  services:\n    - port: 1\n    - port: high\n", "line 4, column 7", "`sky.services[1].port`"),
        ("sky:\n  services: [{}]\n", "line 2, column 14", "missing field `port`"),
        ("sky:\n  mode: fats\n", "line 2, column 3", "unknown variant `fats`"),
        ("sky:\n  image: a ${ABSENT} b\n", "line 2, column 3", "`ABSENT` is not set"),
        ("sky: 7\n", "line 1, column 1", "not a mapping"),
        ("a: 1\n b: 2\n", "line 2, column 3", ""),
        ("sky: {}\nsky: {}\n", "line 2, column 1", "duplicate"),
        ("- a\n- b\n", "config", "mapping of sections"),
        ("sky: {image: \"x}\n", "line 2, column 1", ""),
    ];
    for (text, wanted, what) in cases {
        let error = sky(text).and_then(|section| section.check().map(drop)).expect_err(text).to_string();
        assert!(error.contains(wanted) && error.contains(what) && error.contains(".yml"), "{text:?}: {error}");
        assert_eq!(error.matches("in the configuration file").count(), 1, "{error}");
    }
    assert_eq!(sky("sky:\n  mode: fats\n").unwrap().check().unwrap_err().hint(), Some("did you mean `fast`?"));
    let error = opened(&sky("sky:\n  retries: 1\n  image: x\n").unwrap());
    assert!(error.to_string().contains("line 3, column 3: `sky.image`: "), "{error}");
    assert_eq!(error.hint(), Some("look up"));
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_one() {
    let section = sky("sky:\n  iamge: x\n  services:\n    - port: 1\n      pubic: true\n").unwrap();
    let told = section.check().unwrap();
    assert!(told[0].to_string().contains("line 2, column 3: unknown key `iamge` in `sky`"), "{}", told[0]);
    assert_eq!(told[0].hint(), Some("did you mean `image`?"));
    assert!(told[1].to_string().contains("line 5, column 7: unknown key `pubic` in `sky.services[0]`"), "{}", told[1]);
    let config = config("provder: sky\nsky: {}\nskye: {}\nwork: {kind: sky}\nbox: 1\n").unwrap();
    let told = config.unknown_keys();
    let hints: Vec<_> = told.iter().map(|error| error.hint().unwrap()).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(hints[..2], ["did you mean `provider`?", "did you mean `sky`?"]);
}

#[test]
fn google_cloud_is_known_and_refused() {
    for text in ["gcp: {project-id: x}\n", "provider: gcp\ngcp: {}\nsky: {}\n"] {
        let config = config(text).unwrap();
        assert!(config.unknown_keys().is_empty());
        let error = config.choose(None).unwrap_err().to_string();
        assert!(error.contains("no provider for Google Cloud"), "{error}");
    }
    let error = config("gcp: {}\nsky: {}\n").unwrap().choose(None).unwrap_err().to_string();
    assert!(error.contains("several providers are configured (sky, gcp)"), "{error}");
    assert!(config("gcp: {}\nsky: {}\n").unwrap().choose(Some("sky")).is_ok());
}

#[test]
fn what_is_wrong_with_a_secret_is_said_without_it() {
    let error = sky("sky:\n  access-token: [hunter2]\n").unwrap().check().unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2") && error.to_string().contains("line 2"), "{error:?}");
    let settings = sky("sky: {access-token: hunter2, acess-token: hunter2, image: x}\n").unwrap().settings();
    assert!(!format!("{settings:?}").contains("hunter2"), "a misspelt secret is one too: {settings:?}");
}

#[test]
fn settings_tell_where_they_came_from() {
    let text = "sky:\n  image: v-${WORD}\n  services: [{port: 1}]\n";
    let section = config_in(text, &[("WORD", "x"), ("SKY_TOKEN", "hunter2")]).unwrap().section("sky").unwrap();
    let settings = section.settings();
    let of = |key: &str| settings.iter().find(|setting| setting.key == key).unwrap_or_else(|| panic!("{settings:?}"));
    assert_eq!((&of("access-token").value, &of("access-token").origin), (&None, &Origin::Environment("SKY_TOKEN")));
    assert_eq!(of("image").origin, Origin::Variables(place(2, 3), vec!["WORD".into()]));
    assert_eq!(of("image").value, Some(json!("v-x")));
    assert_eq!(
        (&of("services[0].port").value, &of("services[0].port").origin),
        (&Some(json!(1)), &Origin::File(place(3, 15)))
    );
    assert_eq!((&of("mode").value, &of("mode").origin), (&Some(json!("careful")), &Origin::Default));
}

#[test]
fn the_provider_is_chosen_in_order() {
    let chosen = |text: &str, asked: Option<&str>, environment: &[(&str, &str)]| {
        let choice = config_in(text, environment)?.choose(asked)?;
        Ok::<_, Error>((choice.section.name().to_owned(), choice.section.kind().info().kind, choice.why))
    };
    let variable = [("MACHINE_PROVIDER", "local")];
    let all = "provider: work\nwork: {kind: sky}\nlocal:\n";
    assert_eq!(chosen(all, Some("sky"), &variable).unwrap(), ("sky".into(), "sky", Why::Asked));
    assert_eq!(chosen(all, None, &variable).unwrap(), ("local".into(), "local", Why::Variable));
    assert_eq!(chosen(all, None, &[]).unwrap(), ("work".into(), "sky", Why::File(Some(place(1, 1)))));
    assert_eq!(chosen("big-sky: {}\n", None, &[]).unwrap(), ("big-sky".into(), "sky", Why::Only));
    assert_eq!(chosen("big-sky: {}\n", Some("sky"), &[]).unwrap().0, "big-sky", "the kind's section by another name");
    assert_eq!(chosen("# nothing\n", None, &[]).unwrap(), ("local".into(), "local", Why::Default));
    let several = chosen("work: {kind: sky}\nlocal: {}\n", None, &[]).unwrap_err();
    assert!(several.to_string().contains("(work, local)") && several.hint().unwrap().contains("provider: work"));
    let unknown = chosen("provider: skyy\n", None, &[]).unwrap_err();
    assert!(unknown.to_string().contains("line 1, column 1: there is no provider `skyy`"), "{unknown}");
    assert_eq!(unknown.hint(), Some("did you mean `sky`?"));
    let unknown = chosen("", None, &[("MACHINE_PROVIDER", "hetzner")]).unwrap_err();
    assert!(unknown.to_string().contains("MACHINE_PROVIDER") && unknown.hint().unwrap().contains("local, sky"));
    let unknown = chosen("work: {kind: skyy}\n", Some("work"), &[]).unwrap_err();
    assert!(unknown.to_string().contains("line 1, column 8"), "{unknown}");
    assert!(chosen("provider: [sky]\n", None, &[]).is_err());
}

#[test]
fn how_long_machines_may_stay_is_said_by_the_section_before_the_file() {
    let ttl = |text: &str| {
        let config = config(text)?;
        let written = config.ttl(&config.section("sky")?)?;
        Ok::<_, Error>(written.map(|written| (written.key().to_owned(), written.text().to_owned())))
    };
    assert_eq!(ttl("sky: {}\n").unwrap(), None);
    assert_eq!(ttl("ttl: 2h\nsky: {image: x}\n").unwrap(), Some(("ttl".into(), "2h".into())));
    assert_eq!(ttl("ttl: 2h\nsky: {ttl: none}\n").unwrap(), Some(("sky.ttl".into(), "none".into())));
    assert_eq!(ttl("sky: {ttl: '${NUMBER}d'}\n").unwrap(), Some(("sky.ttl".into(), "7d".into())));
    assert_eq!(
        ttl("sky: {ttl: 90}\n").unwrap(),
        Some(("sky.ttl".into(), "90".into())),
        "it is judged as it is written"
    );
    for wrong in ["ttl: [1]\nsky: {}\n", "sky: {ttl: [1]}\n"] {
        let error = ttl(wrong).unwrap_err().to_string();
        assert!(error.contains("no length of time") && error.contains(".yml`, line "), "{error}");
    }
    let config = config("ttl: later\nsky: {ttl: 2h, tll: 3h}\n").unwrap();
    let section = config.section("sky").unwrap();
    assert_eq!(section.check().unwrap()[0].hint(), Some("did you mean `ttl`?"), "no kind is told of it");
    let error = config.ttl(&section).unwrap().unwrap().error("why");
    assert!(error.to_string().ends_with(".yml`, line 2, column 7: `sky.ttl`: why"), "{error}");
    assert!(config.unknown_keys().is_empty());
}

#[test]
fn who_sweeps_is_a_yes_or_a_no() {
    let said = |text: &str| config(text)?.is_swept_elsewhere();
    assert!(!said("sky: {}\n").unwrap() && !said("gc: {}\n").unwrap() && !said("gc: {scheduled: false}\n").unwrap());
    assert!(said("gc: {scheduled: true}\n").unwrap() && said("gc: {scheduled: '${ABSENT:-true}'}\n").unwrap());
    assert!(said("gc: {scheduled: often}\n").unwrap_err().to_string().contains("line 1, column 6"));
    assert!(said("gc: daily\n").unwrap_err().to_string().contains("gc: {scheduled: true}"));
    let told = config("gc: {schedule: true}\n").unwrap().unknown_keys();
    assert!(told.len() == 1 && told[0].to_string().contains("unknown key `schedule` in `gc`"), "{told:?}");
}

#[test]
fn a_section_of_an_unknown_kind_is_an_account_that_nobody_can_read() {
    let config = config("work: {kind: skyy}\nsky: {}\n").unwrap();
    let told = config.unreadable_sections();
    assert!(told.len() == 1 && told[0].0 == "work" && told[0].1.to_string().contains("`skyy`"), "{told:?}");
    let error = sky("sky: {image: '${ABSENT}'}\n").unwrap_err();
    assert!(error.context().contains(&("unset", "ABSENT".to_owned())), "{error:?}");
}

#[test]
fn the_usual_file_may_be_missing_and_one_that_was_asked_for_may_not() {
    let home = tempfile::tempdir().unwrap();
    let load = |asked: Option<&FilePath>| {
        let environment = Environment::from_iter([("HOME", home.path())]);
        Config::load(Registry::new().with::<Local>(), environment, asked)
    };
    assert_eq!(load(None).unwrap().file(), None);
    assert!(load(Some(FilePath::new("/no/such.yml"))).unwrap_err().to_string().contains("/no/such.yml"));
    let old = home.path().join(".machine");
    std::fs::create_dir(&old).unwrap();
    std::fs::write(old.join("config.yml"), "local: {}\n").unwrap();
    assert!(load(None).unwrap().is_outdated());
    let new = home.path().join(".config/machine");
    std::fs::create_dir_all(&new).unwrap();
    assert_eq!(load(None).unwrap().file(), None, "the directory is there, so the old one is nobody's");
    std::fs::write(new.join("config.yml"), "local: {}\n").unwrap();
    assert_eq!(load(None).unwrap().file(), Some(&*new.join("config.yml")));
}

#[test]
fn the_schema_of_the_file_knows_every_kind_and_which_settings_are_secret() {
    let schema = Registry::new().with::<Sky>().schema();
    let sky = &schema["properties"]["sky"]["anyOf"][0];
    assert!(sky["properties"]["access-token"].to_string().contains(r#""writeOnly":true"#), "{schema}");
    assert_eq!(schema["properties"]["big-sky"], schema["properties"]["sky"]);
    assert_eq!(schema["additionalProperties"]["anyOf"][0]["properties"]["kind"]["enum"], json!(["sky", "big-sky"]));
}

proptest::proptest! {
    #[test]
    fn no_file_is_a_panic(text in "[-a-z:{}\\[\\],'\"&*!|>#?% \n\t$]{0,80}") {
        let whole = format!("sky:\n  image: x\n{text}");
        for text in [&text, &whole] {
            if let Ok(config) = config(text) {
                config.unknown_keys();
                if let Ok(choice) = config.choose(None) {
                    choice.section.settings();
                    drop(choice.section.check());
                }
            }
        }
    }
}
