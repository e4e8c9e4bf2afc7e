//! What charges and prices come to: net, tax and gross, as the customer owes them.

use serde::{Deserialize, Serialize};
use time::Date;

use crate::domain::{
    account::Account,
    catalogue::{Plan, PriceKind},
    charge::Charge,
    charging::next_uncharged_day,
    invoice::{TaxTreatment, invoice_of, original_invoice},
    money::{Currency, Money, MoneyError},
    period::BillingInterval,
    subscription::Subscription,
    tax::{PriceMode, TaxLine, TaxRate, tax},
    violation::Violation,
};

/// An amount with its tax: `gross` = `net` + `tax`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Without tax.
    pub net: Money,
    /// Value added tax.
    pub tax: Money,
    /// With tax.
    pub gross: Money,
}

impl Totals {
    /// The same with the opposite sign.
    #[must_use]
    pub fn negated(self) -> Self {
        Self {
            net: self.net.negated(),
            tax: self.tax.negated(),
            gross: self.gross.negated(),
        }
    }

    /// The sums as this customer owes them: without the tax where none is charged (rules 8.1; [`TaxTreatment::apply`]).
    #[must_use]
    pub fn taxed(self, treatment: TaxTreatment, price_mode: PriceMode) -> Self {
        let owed = match (treatment, price_mode) {
            (TaxTreatment::Standard, _) => return self,
            (TaxTreatment::SmallBusiness, PriceMode::Gross) => self.gross,
            _ => self.net,
        };
        Self {
            net: owed,
            tax: Money::zero(owed.currency),
            gross: owed,
        }
    }
}

/// What a contract costs for each full billing period from the effective day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recurring {
    /// The amount for one billing period.
    pub totals: Totals,
    /// Length of the billing period.
    pub interval: BillingInterval,
    /// Whether the price is quoted net or gross.
    pub price_mode: PriceMode,
    /// First day for which it is charged; `None` when nothing further is.
    pub next_charge_on: Option<Date>,
}

impl Recurring {
    /// The price as this customer owes it ([`Totals::taxed`]).
    #[must_use]
    pub fn taxed(self, treatment: TaxTreatment) -> Self {
        Self {
            totals: self.totals.taxed(treatment, self.price_mode),
            ..self
        }
    }
}

/// The recurring price of the phase in force on `day`, for one full billing period.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn recurring_price(
    subscription: &Subscription,
    day: Date,
    currency: Currency,
) -> Result<Option<Recurring>, Violation> {
    let Some(phase) = subscription.phase_on(day) else {
        return Ok(None);
    };
    Ok(Some(Recurring {
        interval: phase.schedule.interval,
        next_charge_on: next_uncharged_day(subscription).map(|(day, _)| day),
        ..plan_price(&phase.plan.plan, phase.quantity, currency)?
    }))
}

/// The recurring price of so many units of a plan, for one full billing period.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn plan_price(plan: &Plan, quantity: u32, currency: Currency) -> Result<Recurring, Violation> {
    let mut lines = Vec::new();
    for price in plan.prices.iter().filter(|price| price.kind.is_recurring()) {
        let quantity = if price.kind == PriceKind::PerUnit { quantity } else { 1 };
        let full = price.amount.times(i64::from(quantity))?;
        lines.push(TaxLine::of_amount(full, plan.tax_rate));
    }
    let sum = tax(&lines, plan.price_mode, currency)?;
    Ok(Recurring {
        totals: Totals {
            net: sum.net,
            tax: sum.tax,
            gross: sum.gross,
        },
        interval: plan.billing_interval,
        price_mode: plan.price_mode,
        next_charge_on: None,
    })
}

impl Account {
    /// How a charge is taxed: what corrects an invoice as that invoice was, everything else as the customer is now (decision 0018).
    pub fn treatment_of(&self, charge: &Charge) -> TaxTreatment {
        let invoice = original_invoice(charge, &self.billing).or_else(|| invoice_of(self, charge));
        let invoice = invoice.and_then(|id| self.billing.invoice(&id));
        invoice.map_or_else(|| self.tax_treatment(), |invoice| invoice.treatment)
    }

    /// Net, tax and gross of charges, credits included, as they are invoiced to this customer.
    ///
    /// # Errors
    /// When an amount leaves the range of money.
    pub fn totals_of<'a>(
        &self,
        charges: impl IntoIterator<Item = &'a Charge>,
        currency: Currency,
    ) -> Result<Totals, Violation> {
        let invoiced = charges.into_iter().map(|charge| {
            let treatment = self.treatment_of(charge);
            let (_, amount, rate) =
                treatment.apply(charge.unit_price, charge.amount, charge.tax_rate, charge.price_mode)?;
            Ok((amount, rate, charge.price_mode))
        });
        let amounts: Vec<_> = invoiced.collect::<Result<_, MoneyError>>()?;
        sum(amounts.into_iter(), currency)
    }
}

/// Net, tax and gross of amounts; net and gross prices are taxed apart, as they would be invoiced (design decision 10).
pub(super) fn sum(
    amounts: impl Iterator<Item = (Money, TaxRate, PriceMode)>,
    currency: Currency,
) -> Result<Totals, Violation> {
    let (mut net_lines, mut gross_lines) = (Vec::new(), Vec::new());
    for (amount, rate, mode) in amounts {
        let taxed = TaxLine::of_amount(amount, rate);
        match mode {
            PriceMode::Net => net_lines.push(taxed),
            PriceMode::Gross => gross_lines.push(taxed),
        }
    }
    let net_priced = tax(&net_lines, PriceMode::Net, currency)?;
    let gross_priced = tax(&gross_lines, PriceMode::Gross, currency)?;
    Ok(Totals {
        net: net_priced.net.checked_add(gross_priced.net)?,
        tax: net_priced.tax.checked_add(gross_priced.tax)?,
        gross: net_priced.gross.checked_add(gross_priced.gross)?,
    })
}
