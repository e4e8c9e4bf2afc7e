//! What stands on which correction: what is taken back with its own invoice or with what it reduces, what stays where it fits.

use super::credit::Taken;
use crate::domain::{
    account::Account,
    charge::{Charge, ChargeKind, ChargeStatus},
    money::Currency,
    tax::PriceMode,
};

/// What will stand on a correction: the contract, the charge, and whether it is taken back or stays.
pub(super) struct Entry {
    pub contract_id: String,
    pub charge: Charge,
    pub stays: bool,
}

impl Entry {
    /// What it adds to the sum of the correction, in minor units.
    fn minor(&self) -> i64 {
        let minor = self.charge.amount.minor;
        if self.stays { minor } else { -minor }
    }

    fn key(&self) -> (Currency, PriceMode) {
        (self.charge.amount.currency, self.charge.price_mode)
    }
}

/// The corrections with what stands on them, that of the oldest invoice first. A charge that stays goes where its item is credited
/// for the same days, else where its item is, else to any correction of the same kind of prices; credits first, so that there is
/// something to set it off against.
pub(super) fn plan(account: &Account, taken: &[Taken], made: &[String]) -> Vec<(String, Vec<Entry>)> {
    let mut corrections: Vec<(String, Vec<Entry>)> = Vec::new();
    let (credits, charges): (Vec<&Taken>, Vec<&Taken>) =
        taken.iter().partition(|one| one.charge.kind == ChargeKind::Credit);
    for one in charges.into_iter().chain(credits) {
        let entry = Entry {
            contract_id: one.contract_id.clone(),
            charge: one.charge.clone(),
            stays: false,
        };
        let invoice_id = corrected_invoice(one, &entry, taken, &corrections);
        match corrections.iter_mut().find(|(known, _)| *known == invoice_id) {
            Some((_, entries)) => entries.push(entry),
            None => corrections.push((invoice_id, vec![entry])),
        }
    }
    make_room(taken, &mut corrections);
    let mut stays: Vec<Entry> = Vec::new();
    for subscription in &account.subscriptions {
        let open = |charge: &&Charge| charge.status == ChargeStatus::Draft && made.contains(&charge.id);
        stays.extend(subscription.charges.iter().filter(open).map(|charge| Entry {
            contract_id: subscription.contract_id().to_owned(),
            charge: charge.clone(),
            stays: true,
        }));
    }
    stays.sort_by_key(|entry| entry.charge.kind != ChargeKind::Credit);
    for entry in stays {
        let distance = |entries: &[Entry]| {
            let mut of_item = entries
                .iter()
                .filter(|other| other.charge.item_id == entry.charge.item_id);
            let is_of_item = of_item.clone().next().is_some();
            let overlaps = |other: &Charge| {
                other.period_from <= entry.charge.period_through && entry.charge.period_from <= other.period_through
            };
            (!of_item.any(|other| overlaps(&other.charge)), !is_of_item)
        };
        let places = corrections
            .iter()
            .enumerate()
            .filter(|(_, (_, entries))| fits(&entry, entries));
        let place = places.min_by_key(|(_, (_, entries))| distance(entries));
        if let Some(index) = place.map(|(index, _)| index) {
            corrections[index].1.push(entry);
        }
    }
    corrections
}

/// The invoice whose correction takes a charge back: its own; a credit goes with what it reduces where too little else of its own
/// invoice is taken back, so that no correction asks for money.
fn corrected_invoice(one: &Taken, entry: &Entry, taken: &[Taken], corrections: &[(String, Vec<Entry>)]) -> String {
    let own = corrections.iter().find(|(id, _)| *id == one.invoice_id);
    let stands_alone = !own.is_some_and(|(_, entries)| fits(entry, entries));
    let reduced = one.charge.original_charge_id.as_ref().filter(|_| stands_alone);
    let original = reduced.and_then(|id| taken.iter().find(|other| other.charge.id == *id));
    original.unwrap_or(one).invoice_id.clone()
}

/// Where a correction would ask for money after all, credits that stand there with their own invoice go to what they reduce, which
/// is worth at least as much.
fn make_room(taken: &[Taken], corrections: &mut [(String, Vec<Entry>)]) {
    let original_of = |entry: &Entry| {
        let id = entry.charge.original_charge_id.as_ref()?;
        taken.iter().find(|other| other.charge.id == *id)
    };
    // Each credit moves once at most.
    for _ in taken {
        let asks = |entries: &[Entry]| entries.iter().map(Entry::minor).sum::<i64>() > 0;
        let moved = corrections.iter().enumerate().find_map(|(index, (id, entries))| {
            let elsewhere = |entry: &Entry| original_of(entry).filter(|original| original.invoice_id != *id);
            let place = entries.iter().position(|entry| elsewhere(entry).is_some());
            let original = place.and_then(|place| elsewhere(&entries[place]));
            let (place, original) = place.zip(original).filter(|_| asks(entries))?;
            let target = corrections.iter().position(|(id, _)| *id == original.invoice_id)?;
            Some((index, place, target))
        });
        let Some((index, place, target)) = moved else {
            return;
        };
        let entry = corrections[index].1.remove(place);
        corrections[target].1.push(entry);
    }
}

/// Whether a correction still credits something with this entry on it, in the same kind of prices.
fn fits(entry: &Entry, entries: &[Entry]) -> bool {
    let sum: i64 = entries.iter().map(Entry::minor).sum();
    entries.iter().all(|other| other.key() == entry.key()) && sum.saturating_add(entry.minor()) <= 0
}
