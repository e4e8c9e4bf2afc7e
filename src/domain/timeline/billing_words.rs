//! What is billed, paid and ordered as sentences: with number, amount and day.

use serde_json::Value;

use super::words::{day, day_of, money};
use crate::domain::{event_type::EventType, localized::LocalizedText};

/// The sentence for an event about an invoice, a correction, a payment, usage or an order; `None` where its data do not hold what
/// the sentence would name.
pub(super) fn of(event_type: EventType, data: &Value) -> Option<LocalizedText> {
    match event_type {
        EventType::InvoiceIssued => {
            let invoice = &data["invoice"];
            let number = number_of(invoice)?;
            let (de, en) = money(&invoice["totals"]["gross"])?;
            let (due_de, due_en) = day(data, "invoice", "due_on")?;
            Some(LocalizedText::new(
                format!("Rechnung {number} über {de} gestellt, fällig am {due_de}."),
                format!("Invoice {number} for {en} issued, due on {due_en}."),
            ))
        }
        EventType::InvoicePaid | EventType::InvoiceOverdue => standing(event_type, data),
        EventType::CreditNoteIssued => correction(&data["credit_note"]),
        EventType::PaymentRecorded => {
            let (de, en) = money(&data["payment"]["amount"])?;
            let (on_de, on_en) = day(data, "payment", "received_on")?;
            Some(LocalizedText::new(
                format!("Zahlung von {de} am {on_de} eingegangen."),
                format!("Payment of {en} received on {on_en}."),
            ))
        }
        EventType::UsageRecorded => {
            let usage = &data["usage"];
            let (price, quantity) = (usage["price_key"].as_str()?, usage["quantity"].as_u64()?);
            let (de, en) = day(data, "usage", "used_on")?;
            Some(LocalizedText::new(
                format!("Verbrauch am {de}: {quantity} × {price}."),
                format!("Usage on {en}: {quantity} × {price}."),
            ))
        }
        EventType::OrderConfirmed => order(&data["order"]),
        _ => None,
    }
}

/// The number, once the document has one.
fn number_of(document: &Value) -> Option<&str> {
    document["number"].as_str().filter(|number| !number.is_empty())
}

fn standing(event_type: EventType, data: &Value) -> Option<LocalizedText> {
    let invoice = &data["invoice"];
    let number = number_of(invoice)?;
    let (de, en) = money(&invoice["gross"])?;
    if event_type == EventType::InvoicePaid {
        return Some(LocalizedText::new(
            format!("Rechnung {number} über {de} ist bezahlt."),
            format!("Invoice {number} for {en} is paid."),
        ));
    }
    let (due_de, due_en) = day(data, "invoice", "due_on")?;
    Some(LocalizedText::new(
        format!("Rechnung {number} über {de} ist überfällig; sie war am {due_de} zu zahlen."),
        format!("Invoice {number} for {en} is overdue; it was to be paid on {due_en}."),
    ))
}

fn correction(document: &Value) -> Option<LocalizedText> {
    let number = number_of(document)?;
    let (de, en) = money(&document["totals"]["gross"])?;
    let corrected: Vec<&str> = document["correction"]["invoices"]
        .as_array()?
        .iter()
        .filter_map(number_of)
        .collect();
    let corrected = corrected.join(", ");
    let refund = &document["correction"]["refund"];
    let (back_de, back_en) = match (money(refund), day_of(&document["correction"]["refund_due_on"])) {
        _ if is_zero(refund) => (String::new(), String::new()),
        (Some((de, en)), Some((on_de, on_en))) => (
            format!("; {de} werden bis zum {on_de} zurückgezahlt"),
            format!("; {en} are paid back by {on_en}"),
        ),
        (Some((de, en)), None) => (format!("; {de} werden zurückgezahlt"), format!("; {en} are paid back")),
        (None, _) => return None,
    };
    Some(LocalizedText::new(
        format!("Rechnungskorrektur {number} über {de} zu {corrected}{back_de}."),
        format!("Invoice correction {number} for {en} to {corrected}{back_en}."),
    ))
}

fn order(order: &Value) -> Option<LocalizedText> {
    let count = order["items"].as_array()?.len();
    let (de, en) = money(&order["due_now"]["gross"])?;
    let (items_de, items_en) = match count {
        1 => ("einer Position".to_owned(), "one item".to_owned()),
        _ => (format!("{count} Positionen"), format!("{count} items")),
    };
    Some(LocalizedText::new(
        format!("Warenkorb mit {items_de} bestellt, sofort berechnet: {de}."),
        format!("Cart of {items_en} ordered, charged at once: {en}."),
    ))
}

/// What a withdrawal says: from what, and what is paid back by when.
pub(super) fn withdrawal(data: &Value) -> Option<LocalizedText> {
    let withdrawal = &data["withdrawal"];
    let (de, en) = match withdrawal["kind"].as_str()? {
        "contract" => (
            "Widerruf des Vertrags eingegangen".to_owned(),
            "Withdrawal from the contract received".to_owned(),
        ),
        "plan_change" => (
            "Widerruf des Vertragswechsels eingegangen".to_owned(),
            "Withdrawal from the plan change received".to_owned(),
        ),
        "quantity" => {
            let units = withdrawal["quantity"].as_u64()?;
            (
                format!("Widerruf eingegangen, Menge {units}"),
                format!("Withdrawal received, quantity {units}"),
            )
        }
        "add_on" => {
            let name = &data["add_on"]["name"];
            let (name_de, name_en) = (name["de"].as_str()?, name["en"].as_str()?);
            (
                format!("{name_de}: Widerruf eingegangen"),
                format!("{name_en}: withdrawal received"),
            )
        }
        _ => return None,
    };
    let refund = &withdrawal["amounts"]["refund"];
    if is_zero(refund) {
        return Some(LocalizedText::new(
            format!("{de}; zurückzuzahlen ist nichts."),
            format!("{en}; nothing is to be paid back."),
        ));
    }
    let (back_de, back_en) = money(refund)?;
    let (by_de, by_en) = day(data, "withdrawal", "refund_by_on")?;
    Some(LocalizedText::new(
        format!("{de}; {back_de} werden bis zum {by_de} zurückgezahlt."),
        format!("{en}; {back_en} are paid back by {by_en}."),
    ))
}

fn is_zero(amount: &Value) -> bool {
    let digits = amount["amount"].as_str().unwrap_or_default();
    digits.chars().all(|digit| matches!(digit, '0' | '.' | '-'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::timeline::words;

    fn told(event_type: EventType, data: Value) -> (String, String) {
        let text = words::of(event_type, &data);
        (text.de, text.en)
    }

    fn euros(amount: &str) -> Value {
        json!({ "amount": amount, "currency": "EUR" })
    }

    #[test]
    fn documents_are_told_with_number_amount_and_day() {
        let invoice = json!({
            "number": "RE-2026-000042", "due_on": "2026-12-07", "totals": { "gross": euros("67.83") },
            "gross": euros("67.83"),
        });
        let correction = |refund: Value, by: Value| {
            json!({
                "number": "RK-2026-000007", "totals": { "gross": euros("-67.83") },
                "correction": { "invoices": [{ "number": "RE-2026-000042" }], "refund": refund, "refund_due_on": by },
            })
        };
        for (event_type, data, de, en) in [
            (
                EventType::InvoiceIssued,
                json!({ "invoice": invoice }),
                "Rechnung RE-2026-000042 über 67,83 EUR gestellt, fällig am 07.12.2026.",
                "Invoice RE-2026-000042 for 67.83 EUR issued, due on 7 December 2026.",
            ),
            (
                EventType::InvoicePaid,
                json!({ "invoice": invoice }),
                "Rechnung RE-2026-000042 über 67,83 EUR ist bezahlt.",
                "Invoice RE-2026-000042 for 67.83 EUR is paid.",
            ),
            (
                EventType::InvoiceOverdue,
                json!({ "invoice": invoice }),
                "Rechnung RE-2026-000042 über 67,83 EUR ist überfällig; sie war am 07.12.2026 zu zahlen.",
                "Invoice RE-2026-000042 for 67.83 EUR is overdue; it was to be paid on 7 December 2026.",
            ),
            (
                EventType::CreditNoteIssued,
                json!({ "credit_note": correction(euros("67.83"), json!("2026-12-07")) }),
                "Rechnungskorrektur RK-2026-000007 über -67,83 EUR zu RE-2026-000042; 67,83 EUR werden bis zum 07.12.2026 zurückgezahlt.",
                "Invoice correction RK-2026-000007 for -67.83 EUR to RE-2026-000042; 67.83 EUR are paid back by 7 December 2026.",
            ),
            (
                EventType::CreditNoteIssued,
                json!({ "credit_note": correction(euros("0.00"), Value::Null) }),
                "Rechnungskorrektur RK-2026-000007 über -67,83 EUR zu RE-2026-000042.",
                "Invoice correction RK-2026-000007 for -67.83 EUR to RE-2026-000042.",
            ),
            (
                EventType::PaymentRecorded,
                json!({ "payment": { "amount": euros("67.83"), "received_on": "2026-11-25" } }),
                "Zahlung von 67,83 EUR am 25.11.2026 eingegangen.",
                "Payment of 67.83 EUR received on 25 November 2026.",
            ),
            (
                EventType::UsageRecorded,
                json!({ "usage": { "price_key": "sms", "quantity": 12, "used_on": "2026-11-21" } }),
                "Verbrauch am 21.11.2026: 12 × sms.",
                "Usage on 21 November 2026: 12 × sms.",
            ),
            (
                EventType::OrderConfirmed,
                json!({ "order": { "items": [{}, {}], "due_now": { "gross": euros("55.93") } } }),
                "Warenkorb mit 2 Positionen bestellt, sofort berechnet: 55,93 EUR.",
                "Cart of 2 items ordered, charged at once: 55.93 EUR.",
            ),
            (
                EventType::OrderConfirmed,
                json!({ "order": { "items": [{}], "due_now": { "gross": euros("0.00") } } }),
                "Warenkorb mit einer Position bestellt, sofort berechnet: 0,00 EUR.",
                "Cart of one item ordered, charged at once: 0.00 EUR.",
            ),
        ] {
            assert_eq!(told(event_type, data), (de.to_owned(), en.to_owned()), "{event_type:?}");
        }
    }

    #[test]
    fn withdrawals_are_told_with_what_is_paid_back() {
        let of = |kind: &str, refund: &str| {
            json!({
                "withdrawal": {
                    "kind": kind, "quantity": 2, "refund_by_on": "2026-12-07", "amounts": { "refund": euros(refund) },
                },
                "add_on": { "name": { "de": "Prüfung", "en": "Audit" } },
            })
        };
        for (kind, refund, de, en) in [
            (
                "contract",
                "22.61",
                "Widerruf des Vertrags eingegangen; 22,61 EUR werden bis zum 07.12.2026 zurückgezahlt.",
                "Withdrawal from the contract received; 22.61 EUR are paid back by 7 December 2026.",
            ),
            (
                "add_on",
                "0.00",
                "Prüfung: Widerruf eingegangen; zurückzuzahlen ist nichts.",
                "Audit: withdrawal received; nothing is to be paid back.",
            ),
            (
                "quantity",
                "0.00",
                "Widerruf eingegangen, Menge 2; zurückzuzahlen ist nichts.",
                "Withdrawal received, quantity 2; nothing is to be paid back.",
            ),
            (
                "plan_change",
                "5.00",
                "Widerruf des Vertragswechsels eingegangen; 5,00 EUR werden bis zum 07.12.2026 zurückgezahlt.",
                "Withdrawal from the plan change received; 5.00 EUR are paid back by 7 December 2026.",
            ),
        ] {
            let expected = (de.to_owned(), en.to_owned());
            assert_eq!(told(EventType::WithdrawalCreated, of(kind, refund)), expected);
        }
    }

    #[test]
    fn a_number_that_is_not_taken_yet_is_not_told() {
        let invoice = json!({ "invoice": { "number": "", "gross": euros("1.00"), "due_on": "2026-12-07" } });
        let plain = EventType::InvoicePaid.description();
        assert_eq!(told(EventType::InvoicePaid, invoice), (plain.de, plain.en));
    }
}
