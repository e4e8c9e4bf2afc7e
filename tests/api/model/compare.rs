//! Telling a story to model and system and holding the two pictures against each other after each step.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

use super::customer::Customer;
use super::picture::of_model;
use super::rules::Rules;
use super::steps::{Step, Story, stories};
use super::tariff::{Shop, catalogue};
use super::wrong::Mistake;

/// The catalogue as it is published.
pub static CATALOGUE: LazyLock<String> = LazyLock::new(|| catalogue().to_string());

/// The same as the model reads it.
pub static SHOP: LazyLock<Arc<Shop>> = LazyLock::new(|| Arc::new(Shop::read(&catalogue())));

/// Days after the last step, so that what was begun comes to its end.
pub const AFTERWARDS: i64 = 70;

/// Tells a story to both. The error says what was done and what differs (`-` model, `+` system).
pub fn difference(story: &Story, mistake: Mistake) -> Result<(), String> {
    let mut model = Customer::new(Arc::clone(&SHOP), story.consumer, story.begins(), mistake);
    let mut system = Rules::new(story.consumer, story.begins());
    let mut told = String::new();
    let steps = story.steps.iter().chain([&Step::Pass { days: AFTERWARDS }]);
    for step in steps {
        let Some(command) = step.command(&model) else {
            continue;
        };
        let (expected, found) = (model.run(&command), system.run(&command));
        writeln!(told, "{} {command:?}: {expected:?}", model.today).expect("text");
        if expected.is_ok() != found.is_ok() {
            return Err(format!("{told}\nmodel {expected:?}, system {found:?}"));
        }
        let (expected, found) = (of_model(&model), system.picture());
        if expected != found {
            return Err(format!("{told}\n{}", expected.difference(&found)));
        }
    }
    Ok(())
}

/// The same stories in every run, so that a failure is the doing of what was changed; `PROPTEST_CASES` tries others, and more.
fn config() -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok();
    let asked: Option<u32> = asked.and_then(|cases| cases.parse().ok());
    Config {
        cases: asked.unwrap_or(256),
        max_shrink_iters: 20_000,
        rng_seed: asked.map_or(RngSeed::Fixed(1), |_| RngSeed::Random),
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_happens_the_system_does_what_the_model_says(story in stories(25)) {
        if let Err(difference) = difference(&story, Mistake::None) {
            return Err(TestCaseError::fail(difference));
        }
    }
}

/// A model that is wrong on purpose is found out, and the case is small.
#[test]
fn a_wrong_model_is_found_out_with_a_small_case() {
    for mistake in [
        Mistake::ADayTooFew,
        Mistake::WithdrawalWithinAWeek,
        Mistake::InvoiceForEachCharge,
    ] {
        let config = Config {
            cases: 2_000,
            max_shrink_iters: 20_000,
            failure_persistence: None,
            ..Config::default()
        };
        let outcome = TestRunner::new_with_rng(config, seeded()).run(&stories(12), |story| {
            difference(&story, mistake).map_err(TestCaseError::fail)
        });
        let Err(TestError::Fail(reason, story)) = outcome else {
            panic!("{mistake:?} is not noticed: {outcome:?}");
        };
        let commands = story.steps.iter().filter(|step| !matches!(step, Step::Pass { .. }));
        assert!(commands.count() <= 3, "{mistake:?}: {reason}");
        let right = difference(&story, Mistake::None);
        assert_eq!(right, Ok(()), "it is the mistake that was found: {mistake:?}");
    }
}

fn seeded() -> proptest::test_runner::TestRng {
    proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha)
}
