//! `catalogue check` and `catalogue import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vertragswerk::domain::catalogue::parse;
use vertragswerk::error::AppError;
use vertragswerk::services::catalogue::{as_field_errors, import};
use vertragswerk::services::providers;

use super::failure::{Failure, line_of};
use super::{DatabaseArgs, open_migrated, print};

/// What to do with a catalogue.
#[derive(Debug, Subcommand)]
pub enum CatalogueCommand {
    /// Check a catalogue without publishing it.
    ///
    /// Prints one line per fault, `pointer: code: text`, and ends with exit code 1 if there is any. Needs no database.
    Check {
        /// JSON file with the catalogue.
        file: PathBuf,
    },
    /// Publish a catalogue as the provider's new version.
    ///
    /// The same content again changes nothing. Existing contracts keep the plan versions under which they were concluded.
    Import(ImportArgs),
}

/// What to publish, and for whom.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Slug of the provider.
    #[arg(long)]
    provider: String,
    /// JSON file with the catalogue.
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs `catalogue …`.
pub fn run(command: CatalogueCommand) -> Result<(), Failure> {
    match command {
        CatalogueCommand::Check { file } => check(&file),
        CatalogueCommand::Import(arguments) => publish(&arguments),
    }
}

fn check(file: &PathBuf) -> Result<(), Failure> {
    match parse(&read(file)?) {
        Ok(catalogue) => print(&format!(
            "{}: no faults ({} plans, {} add-ons, {} legal documents).\n",
            file.display(),
            catalogue.plans.len(),
            catalogue.add_ons.len(),
            catalogue.legal_documents.len()
        )),
        Err(faults) => {
            let count = faults.len();
            if let AppError::Validation(faults) = as_field_errors(faults) {
                let lines: Vec<String> = faults.iter().map(line_of).collect();
                print(&format!("{}\n", lines.join("\n")))?;
            }
            let noun = if count == 1 { "fault" } else { "faults" };
            Err(Failure::new(format!("{}: {count} {noun}.", file.display())))
        }
    }
}

fn publish(arguments: &ImportArgs) -> Result<(), Failure> {
    let text = read(&arguments.file)?;
    let state = open_migrated(&arguments.database)?;
    let now = state.clock.now();
    let imported = state.db.write(|conn| {
        let provider = providers::find_by_slug(conn, &arguments.provider)?;
        import(conn, &provider.id, &provider.slug, &text, now)
    });
    let imported = imported.map_err(|error| match error {
        AppError::NotFound => Failure::new(format!("There is no provider {}.", arguments.provider)),
        error => error.into(),
    })?;
    print(&if imported.changed {
        format!(
            "Published as version {} ({}).\n",
            imported.number, imported.catalogue_id
        )
    } else {
        format!("Nothing changed: version {} has the same content.\n", imported.number)
    })
}

fn read(file: &PathBuf) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure::new(format!("Cannot read {}: {error}.", file.display())))
}
