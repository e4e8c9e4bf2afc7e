//! `verify`: what must hold of a live database, and what does not.

use std::fmt::Write;

use clap::Args;
use serde_json::json;
use vertragswerk::domain::verification::{Findings, Invariant, Offence};
use vertragswerk::services::verification;

use super::failure::Failure;
use super::{DatabaseArgs, open_migrated, print};

/// How many offenders of one invariant are named.
const NAMED: usize = 20;

/// What to verify, and how to tell it.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Print JSON with all offenders instead of a table.
    #[arg(long)]
    json: bool,
}

/// Runs `verify`; fails if anything offends.
pub fn verify(arguments: &VerifyArgs) -> Result<(), Failure> {
    let state = open_migrated(&arguments.database)?;
    let findings = verification::verify(&state)?;
    print(&if arguments.json {
        as_json(&findings)
    } else {
        as_table(&findings)
    })?;
    match findings.offences().len() {
        0 => Ok(()),
        1 => Err(Failure::new("1 offence.")),
        count => Err(Failure::new(format!("{count} offences."))),
    }
}

fn of(findings: &Findings, invariant: Invariant) -> impl Iterator<Item = &Offence> {
    findings
        .offences()
        .iter()
        .filter(move |offence| offence.invariant == invariant)
}

fn as_table(findings: &Findings) -> String {
    let mut text = String::new();
    for invariant in Invariant::ALL {
        let offences = of(findings, invariant).count();
        let verdict = if offences == 0 {
            "holds".to_owned()
        } else {
            format!("{offences} OFFENCES")
        };
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "{:<4} {:<56} {:>10} seen  {verdict}",
            invariant.code(),
            invariant.sentence(),
            findings.seen(invariant)
        );
        for offence in of(findings, invariant).take(NAMED) {
            let _ = writeln!(text, "       {}: {}", offence.object_id, offence.detail);
        }
        if offences > NAMED {
            let _ = writeln!(text, "       … and {} more", offences - NAMED);
        }
    }
    text
}

fn as_json(findings: &Findings) -> String {
    let told = Invariant::ALL.map(|invariant| {
        let offender = |offence: &Offence| json!({ "id": offence.object_id, "detail": offence.detail });
        json!({
            "invariant": invariant.code(),
            "sentence": invariant.sentence(),
            "seen": findings.seen(invariant),
            "offenders": of(findings, invariant).map(offender).collect::<Vec<_>>(),
        })
    });
    format!("{:#}\n", json!(told))
}
