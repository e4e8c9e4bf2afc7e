//! Every code a rule refuses with is a problem code of the API, with the status its kind promises.

use std::path::Path;

use vertragswerk::api::problem::ProblemCode;

/// Code and expected status of every `Violation::conflict("…` and `Violation::invalid("…` in the source.
fn refusals(folder: &Path, found: &mut Vec<(String, u16)>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            refusals(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (call, status) in [("Violation::conflict(", 409), ("Violation::invalid(", 422)] {
            for rest in code.split(call).skip(1) {
                if let Some((name, _)) = rest
                    .trim_start()
                    .strip_prefix('"')
                    .and_then(|rest| rest.split_once('"'))
                {
                    found.push((name.to_owned(), status));
                }
            }
        }
    }
}

#[test]
fn rules_refuse_only_with_known_codes() {
    let mut found = Vec::new();
    refusals(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 20, "the search finds no refusals any more: {found:?}");
    let mut wrong = Vec::new();
    for (name, status) in found {
        match ProblemCode::parse(&name) {
            None => wrong.push(format!("{name} is no problem code")),
            // What the caller names in a body but does not exist stays 404, whatever the rule would say about it.
            Some(ProblemCode::NotFound) => {}
            Some(code) if code.status().as_u16() == status => {}
            Some(code) => wrong.push(format!(
                "{name} is refused as {status} but sent with {}",
                code.status().as_u16()
            )),
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
