//! What mails say about money: invoices, their corrections, and what a withdrawal brings back.

use serde_json::{Value, json};

use super::content::Happening;
use crate::domain::calendar::parse_date;
use crate::domain::event::DraftEvent;
use crate::domain::localized::Locale;
use crate::domain::money::Money;
use crate::domain::retention::erasure_wish;
use crate::domain::subscription::Subscription;
use crate::domain::withdrawal::WithdrawalKind;

impl Happening<'_> {
    /// A withdrawal: from what, what becomes of what was charged, and until when is refunded (§ 357 Abs. 1 BGB).
    pub(super) fn withdrawal(&self, about: &Subscription, draft: &DraftEvent) -> Option<Value> {
        let id = draft.data["withdrawal"]["id"].as_str()?;
        let withdrawal = self.account.withdrawals.iter().find(|one| one.id == id)?;
        let audience = &self.audience;
        let plan = self.plan(about, withdrawal.withdrawn_on);
        let name = plan["name"].as_str().unwrap_or_default();
        let subject = match (withdrawal.quantity, &withdrawal.plan_change_id, audience.locale) {
            (Some(quantity), ..) => format!("{quantity} × {name}"),
            (None, Some(_), Locale::De) => format!("Vertragswechsel; es gilt wieder {name}"),
            (None, Some(_), Locale::En) => format!("plan change; {name} applies again"),
            (None, None, _) => name.to_owned(),
        };
        let amounts = &withdrawal.amounts;
        let (refund, by) = (audience.money(amounts.refund), audience.date(withdrawal.refund_by_on));
        // What is charged anew in the place of what was taken back, beyond the compensation.
        let stays = amounts.charged.gross.checked_sub(amounts.compensation.gross).ok();
        let refund = match audience.locale {
            _ if amounts.refund.is_zero() => None,
            Locale::De => Some(format!("{refund} bis zum {by}")),
            Locale::En => Some(format!("{refund} by {by}")),
        };
        Some(json!({
            "received": audience.date_and_time(withdrawal.received_at),
            "effective_on": audience.date(withdrawal.withdrawn_on),
            "subject_of_withdrawal": subject,
            "reason": withdrawal.reason,
            "delete_data": withdrawal.kind == WithdrawalKind::Contract && erasure_wish(about).is_some(),
            "refund": refund,
            "set_off": withdrawal.traces.set_off_in_words().map(|words| words.get(audience.locale).to_owned()),
            "dropped": self.unless_zero(amounts.dropped.gross).filter(|_| amounts.dropped.gross.minor > 0),
            "dropped_credit": self
                .unless_zero(amounts.dropped.gross.negated())
                .filter(|_| amounts.dropped.gross.minor < 0),
            "credited": self.unless_zero(amounts.credited.gross),
            "compensation": self.unless_zero(amounts.compensation.gross),
            "stays": stays.and_then(|stays| self.unless_zero(stays)),
            "plan": plan,
        }))
    }

    /// An invoice: number, amounts, and until when to pay what.
    pub(super) fn invoice(&self, draft: &DraftEvent) -> Option<Value> {
        let invoice = &draft.data["invoice"];
        let totals = &invoice["totals"];
        let (gross, amount_due) = (money(&totals["gross"])?, money(&invoice["amount_due"])?);
        let balance_applied = gross.checked_sub(amount_due).ok()?;
        Some(json!({
            "invoice": {
                "number": invoice["number"].as_str()?,
                "issued_on": self.day(&invoice["issued_on"]),
                "net": self.audience.money(money(&totals["net"])?),
                "tax": self.audience.money(money(&totals["tax"])?),
                "gross": self.audience.money(gross),
                "balance_applied": self.unless_zero(balance_applied),
                "amount_due": self.unless_zero(amount_due),
                "due_on": self.day(&invoice["due_on"]).filter(|_| !amount_due.is_zero()),
            },
        }))
    }

    /// An invoice correction: which invoices it corrects (§ 31 Abs. 5 UStDV), by how much, and what is paid back until when.
    pub(super) fn credit_note(&self, draft: &DraftEvent) -> Option<Value> {
        let note = &draft.data["credit_note"];
        let correction = &note["correction"];
        let invoices: Vec<String> = correction["invoices"]
            .as_array()?
            .iter()
            .filter_map(|invoice| {
                let (number, day) = (invoice["number"].as_str()?, self.day(&invoice["issued_on"])?);
                Some(match self.audience.locale {
                    Locale::De => format!("{number} vom {day}"),
                    Locale::En => format!("{number} of {day}"),
                })
            })
            .collect();
        let set_off: Vec<String> = correction["set_off"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| {
                let (number, amount) = (one["number"].as_str()?, money(&one["amount"])?);
                Some(format!("{number} ({})", self.audience.money(amount)))
            })
            .collect();
        let refund = money(&correction["refund"])?;
        let amount = self.audience.money(refund);
        let refund = match (self.day(&correction["refund_due_on"]), self.audience.locale) {
            _ if refund.is_zero() => None,
            (None, _) => Some(amount),
            (Some(by), Locale::De) => Some(format!("{amount} bis zum {by}")),
            (Some(by), Locale::En) => Some(format!("{amount} by {by}")),
        };
        Some(json!({
            "credit_note": {
                "number": note["number"].as_str()?,
                "issued_on": self.day(&note["issued_on"]),
                "gross": self.audience.money(money(&note["totals"]["gross"])?),
                "invoices": invoices,
                "set_off": set_off,
                "to_balance": correction["reason"] == "error",
                "refund": refund,
            },
        }))
    }

    fn day(&self, value: &Value) -> Option<String> {
        value.as_str().and_then(parse_date).map(|day| self.audience.date(day))
    }

    fn unless_zero(&self, money: Money) -> Option<String> {
        (!money.is_zero()).then(|| self.audience.money(money))
    }
}

/// An amount as events tell it.
fn money(value: &Value) -> Option<Money> {
    serde_json::from_value(value.clone()).ok()
}
