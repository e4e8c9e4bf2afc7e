//! What waits for an invoice, and a command that brings an earlier one (decision 0017).

use time::macros::date;

use super::fixture::World;
use crate::domain::preview::Preview;

fn sentence(preview: &Preview) -> Option<String> {
    let mut texts = preview.texts.iter();
    let found = texts.find(|text| text.code == "open_charges_invoiced_now");
    found.map(|text| text.text.en.clone())
}

#[test]
fn the_preview_says_that_open_items_come_with_the_invoice_of_today() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 10));
    let first = world.order("hosting_m");
    assert_eq!(sentence(&world.foresee_conclusion(&first).expect("a preview")), None);
    let contract = world.conclude("hosting_m");
    let second = world.order("hosting_m");
    let preview = world.foresee_conclusion(&second).expect("a preview");
    assert_eq!(sentence(&preview), None, "nothing is open");
    world.on(date!(2026 - 01 - 15));
    world.book(&contract, "migration", 1);
    let preview = world.foresee_conclusion(&second).expect("a preview");
    assert_eq!(preview.next_invoice.on, Some(world.today));
    // 149.00 net.
    assert_eq!(
        sentence(&preview).as_deref(),
        Some("Items of EUR 177.31 that were open so far are on today's invoice too.")
    );
    let before = world.documents().len();
    world.try_conclude(&second).expect("a contract");
    assert_eq!(world.documents().len(), before + 1, "one invoice");
    let document = world.account.billing.issued.last().expect("an invoice");
    assert!(document.lines.iter().any(|line| line.subscription_id == contract));
    assert_eq!(document.totals.gross, preview.next_invoice.totals.gross);
    // What issues nothing now says nothing.
    world.book(&contract, "migration", 1);
    let cancellation = world.cancellation(&[&contract]);
    let preview = world.foresee_cancellation(&cancellation).expect("a preview");
    assert_eq!(sentence(&preview), None);
}
