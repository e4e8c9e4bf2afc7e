//! What a cart would do: the preview of all its items together.

use crate::domain::account::Account;
use crate::domain::consent::RequiredDocument;
use crate::domain::ids::IdKind;
use crate::domain::order::{self, OrderItem, PlacedAs, PlacedItem};
use crate::domain::preview::{Preview, PreviewParts, PreviewText, preview};
use crate::domain::violation::Violation;
use crate::services::add_ons::{add_on_consequences, billed_with, booking_texts};
use crate::services::plan_changes::change_texts;
use crate::services::subscriptions::starts_text;
use crate::services::workbench::Ground;

/// What a cart would do, told by doing it to a copy of the account.
pub(super) fn foresee(ground: &Ground, before: &Account, items: Vec<OrderItem>) -> Result<Preview, Violation> {
    let circumstances = ground.circumstances();
    let mut after = before.clone();
    let items = order::place(&mut after, &circumstances, items)?;
    // What merely takes a free slot charges nothing, and the package's own charges are none of the cart's.
    let charging = items.iter().filter(|item| !item.is_in_free_slot());
    let consequences = items.iter().flat_map(|item| {
        let own = match &item.outcome {
            PlacedAs::Changed(outcome) => outcome.consequences.clone(),
            PlacedAs::Begun | PlacedAs::Slot(_) => Vec::new(),
        };
        own.into_iter()
            .chain(add_on_consequences(before, &after, item.item_id()))
    });
    let changes = || {
        items.iter().filter_map(|item| match &item.outcome {
            PlacedAs::Changed(outcome) => Some(outcome),
            PlacedAs::Begun | PlacedAs::Slot(_) => None,
        })
    };
    let parts = PreviewParts {
        effective_on: ground.today,
        subscription_ids: charging.map(|item| item.item_id().to_owned()).collect(),
        touched_ids: Vec::new(),
        change_ids: items
            .iter()
            .filter_map(PlacedItem::change_id)
            .map(str::to_owned)
            .collect(),
        consequences: consequences.collect(),
        consents: required(&items),
        order_button: order::cart_button(before.customer_type, &items),
        texts: Vec::new(),
        because: changes().flat_map(|outcome| outcome.because.clone()).collect(),
        latest_receipt_on: None,
        supersedes: changes().filter_map(|outcome| outcome.superseded_id.clone()).collect(),
    };
    let texts = items
        .iter()
        .map(|item| item_texts(ground, (before, &after), item))
        .collect::<Result<Vec<_>, _>>()?;
    let mut preview = preview(before, &after, &circumstances, parts)?;
    preview.texts.extend(billed_with(&preview));
    preview.order = Some(order::summary(&after, &circumstances, &items, texts)?);
    let packages = items.iter().filter(|item| item.is_in_free_slot());
    preview
        .subscription_ids
        .extend(packages.map(|item| item.item_id().to_owned()));
    preview.subscription_ids.retain(|id| IdKind::Subscription.matches(id));
    let mut known = std::collections::BTreeSet::new();
    preview.subscription_ids.retain(|id| known.insert(id.clone()));
    Ok(preview)
}

/// The sentences of one item, as its own preview would say them.
fn item_texts(
    ground: &Ground,
    (before, after): (&Account, &Account),
    placed: &PlacedItem,
) -> Result<Vec<PreviewText>, Violation> {
    match (&placed.item, &placed.outcome) {
        (OrderItem::Slot(order), PlacedAs::Slot(home)) => order.texts(home, after, &ground.circumstances()),
        (OrderItem::PlanChange(request), PlacedAs::Changed(outcome)) => {
            change_texts(ground, (before, after), &request.subscription_id, outcome)
        }
        (OrderItem::AddOn(request), _) => Ok(booking_texts(after.subscription(&request.booking_id)?)),
        (OrderItem::Contract(order), _) => Ok(vec![starts_text(ground, order)]),
        (OrderItem::Slot(_) | OrderItem::PlanChange(_), _) => Ok(Vec::new()),
    }
}

/// Every document once.
fn required(items: &[PlacedItem]) -> Vec<RequiredDocument> {
    let mut documents: Vec<RequiredDocument> = Vec::new();
    for document in items.iter().flat_map(PlacedItem::required) {
        if documents.iter().all(|known| known.document_id != document.document_id) {
            documents.push(document.clone());
        }
    }
    documents
}
