//! What one customer was invoiced, has paid, and was paid back.

use super::{Findings, Invariant};
use crate::domain::{invoice::Document, money::Currency};

/// One customer's money in one currency, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cash {
    /// Gross totals of all invoices.
    pub invoiced: i64,
    /// Gross totals of all corrections, positive.
    pub credited: i64,
    /// What is left to pay of all invoices.
    pub open: i64,
    /// All payments.
    pub paid: i64,
    /// What corrections pay back.
    pub refunded: i64,
    /// What was paid too much and is kept for the next invoices.
    pub balance: i64,
    /// How many corrections there are: each rounds its tax by itself.
    pub corrections: i64,
}

impl Cash {
    /// Enters an invoice with what is open of it, or a correction.
    pub fn enter(&mut self, document: &Document, open: i64) {
        match &document.correction {
            None => {
                self.invoiced += document.totals.gross.minor;
                self.open += open;
            }
            Some(correction) => {
                self.credited -= document.totals.gross.minor;
                self.refunded += correction.refund.minor;
                self.corrections += 1;
            }
        }
    }
}

/// Nothing is paid back that was not paid, and what was paid and is neither paid back nor kept as balance is what was invoiced and
/// is neither credited nor open.
pub fn check_cash(findings: &mut Findings, customer_id: &str, currency: Currency, cash: &Cash) {
    let Cash {
        invoiced,
        credited,
        open,
        paid,
        refunded,
        balance,
        corrections,
    } = *cash;
    // A correction may round a cent otherwise than the invoice did.
    let is_covered = refunded + balance <= paid + corrections;
    findings.check(Invariant::CreditsBounded, customer_id, is_covered, || {
        format!("{refunded} paid back and {balance} kept as balance of {paid} paid, in minor units of {currency}")
    });
    let (settled, owed) = (paid - refunded - balance, invoiced - credited - open);
    findings.check(Invariant::CreditsBounded, customer_id, settled == owed, || {
        format!("{settled} paid for {owed} invoiced and neither credited nor open, in minor units of {currency}")
    });
}
