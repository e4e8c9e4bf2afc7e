//! What waits for an invoice and comes with the one that a command brings about (decision 0017).

use super::{PreviewText, issued, sum};
use crate::domain::{account::Account, charge::ChargeStatus, invoice::Line, money::Currency, violation::Violation};

/// The sentence that says what was open before the command and is invoiced at its end, although a later day may have been named
/// when it was ordered; none where the command issues nothing, or nothing was open.
///
/// # Errors
/// When an amount leaves the range of money.
pub(super) fn open_charges_invoiced_now(
    before: &Account,
    after: &Account,
    currency: Currency,
) -> Result<Option<PreviewText>, Violation> {
    let charges = || {
        before
            .subscriptions
            .iter()
            .flat_map(|subscription| &subscription.charges)
    };
    let was_open =
        |line: &&Line| charges().any(|charge| charge.id == line.charge_id && charge.status == ChargeStatus::Draft);
    let mut amounts = Vec::new();
    for document in issued(before, after) {
        let lines = document.lines.iter().filter(was_open);
        amounts.extend(lines.map(|line| (line.amount, line.tax_rate, document.price_mode)));
    }
    if amounts.is_empty() {
        return Ok(None);
    }
    let gross = sum(amounts.into_iter(), currency)?.gross;
    let (name, german, english) = (currency.as_str(), gross.german(), gross.amount());
    Ok(Some(PreviewText::new(
        "open_charges_invoiced_now",
        format!("Bisher offene Posten über {german} {name} stehen mit auf der Rechnung von heute."),
        format!("Items of {name} {english} that were open so far are on today's invoice too."),
    )))
}
