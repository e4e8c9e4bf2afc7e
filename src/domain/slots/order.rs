//! Booking something for a presence, with what the catalogue says about its target and the sentences to show.

use super::{SlotHome, SlotRequest, book, passing, words};
use crate::domain::{
    account::{Account, Circumstances},
    catalogue::{SlotKind, SlotTarget},
    conclusion::Conclusion,
    preview::PreviewText,
    violation::Violation,
};

/// An order for a presence. Where it goes follows from the account in which it is placed.
#[derive(Debug, Clone)]
pub struct SlotOrder {
    /// What goes in.
    pub request: SlotRequest,
    /// The kind of slot it takes.
    pub kind: SlotKind,
    /// What it is, as the catalogue calls it.
    pub target: SlotTarget,
    /// The contract that is concluded where there is no room; `None` where slots come with packages only.
    pub single: Option<Conclusion>,
}

impl SlotOrder {
    /// Puts the presence where there is room, otherwise into a contract of its own.
    ///
    /// # Errors
    /// Those of [`book`].
    pub fn place(&self, account: &mut Account, circumstances: &Circumstances<'_>) -> Result<SlotHome, Violation> {
        book(account, circumstances, &self.request, self.single.as_ref())
    }

    /// The contract that was concluded for it, if one was.
    pub fn concluded(&self, home: &SlotHome) -> Option<&Conclusion> {
        match home {
            SlotHome::Existing(_) => None,
            SlotHome::New(_) => self.single.as_ref(),
        }
    }

    /// What is shown with the order: for what it is, where it goes and what that costs (seed 000). `after` is the account in
    /// which it was placed.
    ///
    /// # Errors
    /// `not_found`, when `after` does not have the contract.
    pub fn texts(
        &self,
        home: &SlotHome,
        after: &Account,
        circumstances: &Circumstances<'_>,
    ) -> Result<Vec<PreviewText>, Violation> {
        let mut texts = vec![words::presence(&self.request.presence, &self.target)];
        match self.concluded(home) {
            Some(order) => {
                let (kind, new) = (&self.request.presence.kind, home.subscription_id());
                let passing = passing::in_account(after, kind, circumstances.today, Some(new));
                texts.extend(words::no_free_slot(&order.plan.plan, passing));
            }
            None => {
                let contract = after.subscription(home.subscription_id())?;
                texts.extend(words::free_slot(&self.kind, contract, circumstances));
            }
        }
        Ok(texts)
    }
}
