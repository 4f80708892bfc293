//! `docs/guide/agents.md`: every field of flaude's `MachineConfig` has a flag here, and every flag that is named exists.

/// The fields, as flaude 0.6.1 has them.
const FIELDS: [&str; 17] = [
    "image",
    "claude_code_oauth_token",
    "github_username",
    "github_token",
    "prompt",
    "repos",
    "region",
    "vm_size",
    "vm_cpus",
    "vm_memory_mb",
    "auto_destroy",
    "env",
    "metadata",
    "output_format",
    "volume_id",
    "volume_mount_path",
    "session_id",
];

#[test]
fn the_guide_maps_every_field_of_flaude_to_a_flag_that_exists() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/agents.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, section) = text.split_once("## From flaude").expect("there is such a section");
    let rows: Vec<Vec<&str>> = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`')).filter(|cell| !cell.is_empty()).collect())
        .collect();
    let fields: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(fields, FIELDS);
    let tree = machine_cli::command_tree();
    let run = tree.find_subcommand("run").unwrap();
    let flags: Vec<String> =
        run.get_arguments().filter_map(|argument| Some(format!("--{}", argument.get_long()?))).collect();
    for row in &rows {
        assert!(flags.iter().any(|flag| flag == row[1]), "`run` has no {}", row[1]);
    }
}
