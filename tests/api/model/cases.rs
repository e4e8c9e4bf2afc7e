//! Differences that were found, kept as the small cases they shrank to, with what was wrong.

use super::compare::difference;
use super::steps::{Step, Story};
use super::wrong::Mistake;

const TODAY: i64 = 0;

fn conclude(plan: usize) -> Step {
    Step::Conclude {
        plan,
        units: 1,
        delay: TODAY,
        early: false,
    }
}

fn change_plan(contract: usize, plan: usize) -> Step {
    Step::ChangePlan {
        contract,
        plan,
        units: None,
        replace: false,
    }
}

/// What was wrong, and the steps that showed it to businesses or consumers.
fn cases() -> Vec<(&'static str, Vec<Step>)> {
    let storage = |units| Step::Book {
        contract: 0,
        add_on: 2,
        units,
    };
    vec![
        (
            // `due` compared the new periods with those of phases that still stand; the one replaced on its first day was gone, so
            // the whole year waited for the next period: a year.
            "a yearly plan chosen on the day of conclusion was not invoiced",
            vec![conclude(1), change_plan(0, 3)],
        ),
        (
            // The first, short period of a booking counted as the beginning of a period, which invoices what waits.
            "a second booking brought the invoice of the first forward",
            vec![conclude(5), storage(1), Step::Pass { days: 1 }, storage(1)],
        ),
        (
            // Replacing the decrease put back the end that the booking had had when the decrease was declared: none.
            "a booking outlasted its cancelled contract when a pending decrease was replaced",
            vec![
                conclude(5),
                storage(2),
                Step::ChangeUnits {
                    item: 0,
                    units: 1,
                    replace: false,
                },
                Step::Cancel { item: 1, wish: None },
                Step::ChangeUnits {
                    item: 0,
                    units: 3,
                    replace: true,
                },
            ],
        ),
        (
            // Contract and booking were taken back one after the other, each with a correction of its own and tax of its own.
            "an invoice was corrected twice by one withdrawal, and its tax rounded twice",
            vec![
                conclude(0),
                Step::Book {
                    contract: 0,
                    add_on: 0,
                    units: 1,
                },
                change_plan(0, 1),
                Step::Withdraw { item: 1 },
            ],
        ),
        (
            // What is open after the last end was left to that day's invoice, which was issued when the add-on was booked.
            "compensation was never invoiced if the last contract was withdrawn from on a day that had been billed",
            vec![
                Step::Conclude {
                    plan: 2,
                    units: 1,
                    delay: TODAY,
                    early: true,
                },
                change_plan(0, 3),
                Step::Pass { days: 1 },
                Step::Book {
                    contract: 0,
                    add_on: 1,
                    units: 1,
                },
                Step::Withdraw { item: 1 },
            ],
        ),
        (
            // The model asked for the money again that the invoice of the change had credited, to pay it back with another one.
            "an add-on that a change of plan had credited to the last cent was withdrawn from",
            vec![
                conclude(0),
                conclude(0),
                Step::Book {
                    contract: 1,
                    add_on: 0,
                    units: 1,
                },
                conclude(1),
                change_plan(2, 3),
                Step::Cancel { item: 5, wish: None },
            ],
        ),
    ]
}

#[test]
fn what_was_wrong_once_is_right_now() {
    let mut wrong = Vec::new();
    for (name, steps) in cases() {
        for consumer in [false, true] {
            let story = Story {
                consumer,
                start: 0,
                steps: steps.clone(),
            };
            wrong.extend(
                difference(&story, Mistake::None)
                    .err()
                    .map(|found| format!("{name}\n{found}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
