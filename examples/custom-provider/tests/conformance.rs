//! Paper keeps every promise that a provider makes.

machine_conformance::main!(machine_conformance::KindSubject::<custom_provider::PaperKind>::new(
    serde_json::json!({ "access-token": "open-sesame" })
));
