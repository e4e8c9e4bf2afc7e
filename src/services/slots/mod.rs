//! Slots: booking something for a presence, putting it into a named contract, releasing, moving and reading.

mod book;
mod change;
mod read;

use crate::domain::account::Account;
use crate::domain::calendar::{english, german};
use crate::domain::catalogue::Consequence;
use crate::domain::preview::{Preview, PreviewParts, PreviewText, preview};
use crate::domain::slots;
use crate::domain::subscription::Subscription;
use crate::domain::violation::Violation;
use crate::services::agreements::consequence;
use crate::services::workbench::Ground;

pub(super) use book::order as slot_order;
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
        touched_ids: Vec::new(),
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
