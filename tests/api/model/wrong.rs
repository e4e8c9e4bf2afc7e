//! Mistakes that the model can be told to make, to see that the comparison finds them.

/// What the model does wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// Nothing.
    None,
    /// It charges a period that is cut short for a day too few.
    ADayTooFew,
    /// It takes the withdrawal period to be a week.
    WithdrawalWithinAWeek,
    /// It issues an invoice for each charge of the day instead of one for all of them.
    InvoiceForEachCharge,
}
