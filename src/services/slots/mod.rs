//! Slots: booking something for a presence, putting it into a named contract, releasing, moving and reading.

mod book;
mod change;
mod read;

use crate::domain::account::Account;
use crate::domain::calendar::{english, german};
use crate::domain::catalogue::{Consequence, SlotKind, SlotTarget};
use crate::domain::preview::{Preview, PreviewParts, PreviewText, preview};
use crate::domain::slots::{self, Presence};
use crate::domain::subscription::Subscription;
use crate::domain::violation::Violation;
use crate::services::agreements::{consequence, text};
use crate::services::workbench::Ground;

pub use book::{NewAllocation, NewSlot, allocate, book, preview_allocation, preview_booking};
pub use change::{Move, SlotItem, move_to, preview_move, preview_release, release};
pub use read::{SlotView, find, list};

/// What taking other contracts into a package means for them and for what occupied their slots.
pub(super) fn absorbed_consequences(before: &Account, after: &Account, absorbed: &[String]) -> Vec<Consequence> {
    let mut consequences = Vec::new();
    for id in absorbed {
        let (Ok(earlier), Ok(contract)) = (before.subscription(id), after.subscription(id)) else {
            continue;
        };
        let (Some(phase), Some(end)) = (earlier.phases.last(), contract.ends_on) else {
            continue;
        };
        let (name, number) = (&phase.plan.plan.name, &earlier.contract_number);
        consequences.push(consequence(
            "contract_absorbed",
            format!(
                "Der Vertrag {} ({number}) endet am {}; was darüber hinaus bezahlt ist, wird gutgeschrieben.",
                name.de,
                german(end)
            ),
            format!(
                "The contract {} ({number}) ends on {}; what is paid beyond is credited.",
                name.en,
                english(end)
            ),
        ));
        for slot in slots::occupied(before, id) {
            let name = &slot.presence.name;
            consequences.push(consequence(
                "presence_moves",
                format!("„{name}“ zieht in das Paket um."),
                format!("“{name}” moves into the package."),
            ));
        }
    }
    consequences
}

/// The preview of something that costs nothing and leaves the price of the contract as it is.
fn preview_for_nothing(
    ground: &Ground,
    before: &Account,
    after: &Account,
    contract: &Subscription,
    texts: Vec<PreviewText>,
) -> Result<Preview, Violation> {
    // The contract's own charges are none of the command's, so that they cannot make the preview stale either.
    let parts = PreviewParts {
        effective_on: ground.today,
        subscription_ids: Vec::new(),
        change_ids: Vec::new(),
        consequences: Vec::new(),
        consents: Vec::new(),
        order_button: None,
        texts,
        because: Vec::new(),
        latest_receipt_on: None,
        supersedes: Vec::new(),
    };
    let mut preview = preview(before, after, &ground.circumstances(), parts)?;
    preview.recurring = slots::price_of_free_slot(contract, ground.today, ground.settings().currency);
    preview.subscription_ids = vec![contract.id.clone()];
    Ok(preview)
}

/// Into which package something goes, in the provider's words where it has some (seed 000), and that it costs nothing.
fn texts_of_free_slot(ground: &Ground, kind: &SlotKind, contract: &Subscription) -> Vec<PreviewText> {
    let Some(phase) = contract.phase_on(ground.today) else {
        return Vec::new();
    };
    let plan = &phase.plan.plan;
    let sentence = match kind.package_text(&plan.key) {
        Some(sentence) => text("goes_into_package", &sentence.de, &sentence.en),
        None => text(
            "goes_into_package",
            format!("Wird in den bestehenden Vertrag „{}“ eingefügt.", plan.name.de),
            format!("Goes into your existing contract “{}”.", plan.name.en),
        ),
    };
    let currency = ground.settings().currency.as_str();
    let (sign_de, sign_en) = if currency == "EUR" {
        ("€".to_owned(), "€".to_owned())
    } else {
        (currency.to_owned(), format!("{currency} "))
    };
    let (per_de, per_en) = match phase.schedule.interval.months() {
        1 => ("mtl.".to_owned(), "per month".to_owned()),
        12 => ("jährl.".to_owned(), "per year".to_owned()),
        months => (format!("je {months} Monate"), format!("per {months} months")),
    };
    let mut texts = vec![
        sentence,
        text(
            "total_price",
            format!("Endpreis: 0,00 {sign_de} {per_de}"),
            format!("Total price: {sign_en}0.00 {per_en}"),
        ),
    ];
    if let Some(end) = contract.ends_on {
        texts.push(text(
            "package_ends",
            format!("Der Vertrag endet am {}.", german(end)),
            format!("The contract ends on {}.", english(end)),
        ));
    }
    texts
}

/// What it is about, as the customer named it.
fn text_of_presence(presence: &Presence, target: &SlotTarget) -> PreviewText {
    let (name, what) = (&presence.name, &target.name);
    text(
        "presence",
        format!("„{name}“ ({})", what.de),
        format!("“{name}” ({})", what.en),
    )
}
