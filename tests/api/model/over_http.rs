//! Stories told to the running server on both databases: the answers are the same, and what came of them is what the model says.

use std::sync::Arc;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use vertragswerk::db::DbConnection;
use vertragswerk::error::AppError;
use vertragswerk::services::{catalogue::import, providers};

use super::compare::{AFTERWARDS, CATALOGUE, SHOP};
use super::customer::Customer;
use super::picture::of_model;
use super::server::{PROVIDER, Portal};
use super::steps::{Step, Story, stories};
use super::wrong::Mistake;
use crate::helpers::TestApp;
use crate::helpers::demo::START;
use crate::scenarios::story::{Transcript, on_both};

/// Most steps of a story.
const STEPS: usize = 14;

#[test]
fn the_server_does_what_the_model_says_on_both_databases() {
    on_both(tell);
}

/// `MODEL_SEEDS` tries more.
fn seeds() -> u64 {
    let asked = std::env::var("MODEL_SEEDS").ok();
    asked.and_then(|seeds| seeds.parse().ok()).unwrap_or(8)
}

async fn tell(app: TestApp<'static>, transcript: Transcript) {
    let publish = |connection: &mut DbConnection| {
        let provider = providers::find_by_slug(connection, PROVIDER)?;
        import(connection, &provider.id, PROVIDER, &CATALOGUE, START)?;
        Ok::<_, AppError>(())
    };
    app.state.db.write(publish).expect("the model's catalogue");
    for seed in 0..seeds() {
        let mut runner = TestRunner::new_with_rng(Config::default(), rng(seed));
        let mut tree = stories(STEPS).new_tree(&mut runner).expect("a story");
        if let Err(found) = difference(&app, &tree.current(), &transcript).await {
            panic!("seed {seed}\n{}", shrunk(&app, &mut tree, found).await);
        }
    }
}

/// The same numbers for the same seed, on every machine and database.
fn rng(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

/// Tells smaller and smaller stories as long as there is a difference; answers that of the smallest.
async fn shrunk(app: &TestApp<'static>, tree: &mut impl ValueTree<Value = Story>, mut found: String) -> String {
    let mut more = tree.simplify();
    while more {
        more = match difference(app, &tree.current(), &Transcript::default()).await {
            Err(smaller) => {
                found = smaller;
                tree.simplify()
            }
            Ok(()) => tree.complicate(),
        };
    }
    found
}

/// Tells a story to model and server. The error says what was done and what differs (`-` model, `+` server).
async fn difference(app: &TestApp<'static>, story: &Story, transcript: &Transcript) -> Result<(), String> {
    let mut model = Customer::new(Arc::clone(&SHOP), story.consumer, story.begins(), Mistake::None);
    let mut portal = Portal::open(app, story, transcript).await;
    let mut told = String::new();
    for (number, step) in story.steps.iter().chain([&Step::Pass { days: AFTERWARDS }]).enumerate() {
        if let Some(command) = step.command(&model) {
            let (expected, found) = (model.run(&command), portal.run(&command).await);
            told.push_str(&format!("{} {command:?}: {expected:?}\n", model.today));
            if expected.is_ok() != found {
                return Err(format!("{told}\nmodel {expected:?}, server {found}"));
            }
        }
        if number + 1 < story.steps.len() {
            continue;
        }
        let (expected, found) = (of_model(&model), portal.picture().await);
        if expected != found {
            return Err(format!("{told}\n{}", expected.difference(&found)));
        }
    }
    Ok(())
}
