//! The floors of the house: arrows only point down (see `src/lib.rs`).

use std::path::{Path, PathBuf};

/// All Rust files under `folder` of `src`; also the file `<folder>.rs`.
fn files(folder: &str) -> Vec<PathBuf> {
    fn collect(path: &Path, found: &mut Vec<PathBuf>) {
        if path.is_dir() {
            for entry in std::fs::read_dir(path).expect("a readable folder") {
                collect(&entry.expect("an entry").path(), found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path.to_owned());
        }
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for path in [source.join(folder), source.join(format!("{folder}.rs"))] {
        if path.exists() {
            collect(&path, &mut found);
        }
    }
    assert!(!found.is_empty(), "no source files in {folder}");
    found
}

/// Fails for each line of code in `folder` that contains one of `forbidden`; comments and unit tests may name what they like.
fn forbid(folder: &str, forbidden: &[&str]) {
    let mut offences = Vec::new();
    for file in files(folder) {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (index, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in forbidden.iter().filter(|word| mentions(code, word)) {
                offences.push(format!("{}:{}: {word}", file.display(), index + 1));
            }
        }
    }
    assert!(
        offences.is_empty(),
        "`{folder}` reaches where it must not:\n{}",
        offences.join("\n")
    );
}

/// Whether `code` contains `word` with no letter, digit or underscore around it.
fn mentions(code: &str, word: &str) -> bool {
    let part_of_name = |character: char| character.is_alphanumeric() || character == '_';
    code.match_indices(word).any(|(start, _)| {
        let before = code[..start].chars().next_back();
        let after = code[start + word.len()..].chars().next();
        !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
    })
}

#[test]
fn the_domain_is_pure() {
    forbid(
        "domain",
        &[
            "actix_web",
            "diesel",
            "utoipa",
            "r2d2",
            "reqwest",
            "tokio",
            "crate::api",
            "crate::db",
            "crate::repositories",
            "crate::services",
            "crate::worker",
            "crate::clock",
            "crate::config",
            "crate::error",
            "SystemTime",
            "Instant::now",
        ],
    );
}

#[test]
fn the_database_floor_knows_nothing_above_it() {
    for folder in ["db", "repositories"] {
        forbid(
            folder,
            &[
                "actix_web",
                "utoipa",
                "crate::api",
                "crate::services",
                "crate::worker",
                "crate::startup",
            ],
        );
    }
    forbid("db", &["crate::repositories"]);
}

#[test]
fn services_speak_neither_http_nor_sql() {
    forbid(
        "services",
        &[
            "actix_web",
            "utoipa",
            "crate::api",
            "crate::worker",
            "crate::db::schema",
            "diesel",
        ],
    );
}

#[test]
fn handlers_reach_the_database_only_through_services() {
    forbid("api", &["diesel", "crate::db", "crate::repositories", "crate::worker"]);
}

#[test]
fn only_the_clock_reads_the_time() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(source).expect("the sources") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        let name = name.trim_end_matches(".rs");
        if name != "clock" {
            forbid(name, &["now_utc", "now_local", "SystemTime"]);
        }
    }
}

#[test]
fn the_search_for_offences_finds_them() {
    assert!(mentions("use crate::db::Database;", "crate::db"));
    assert!(!mentions("use crate::db_tools::x;", "crate::db"));
    assert!(!mentions("mydiesel::x()", "diesel"));
}
