//! What must hold for the records of a database at all times, and what breaks it. `vertragswerk verify` asks it of a live
//! database; nothing here mends anything.

mod cash;
mod contracts;
mod documents;
mod history;
mod money;
mod proofs;

use std::collections::BTreeMap;

pub use cash::{Cash, check_cash};
pub use contracts::{check_contract, check_one_is_kept};
pub use documents::{IssuedDocument, check_document};
pub use history::{Happening, Recorded, check_history};
pub use proofs::{Kept, KeptDeclaration, KeptDocument, check_proofs};

/// A sentence that must be true of every database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Lines, taxes and totals of each document agree to the cent.
    LinesAddUp,
    /// Each period of each price is billed at most once, and exactly once when it is past.
    BilledOnce,
    /// The phases of a contract follow one another without gap or overlap.
    PhasesJoin,
    /// No charge is credited beyond its amount, and nothing is paid back that was not paid.
    CreditsBounded,
    /// The numbers of issued documents are unique and without gap.
    NumbersGapless,
    /// Documents are as they were issued or agreed to, declarations as they were received.
    DocumentsUnchanged,
    /// What was withdrawn from costs nothing but the compensation agreed.
    WithdrawnCostsNothing,
    /// Nothing is billed for days after an end.
    NothingAfterEnd,
    /// The last event about an object tells how it is now.
    SnapshotIsPresent,
    /// Each effect has one event.
    OneEventPerEffect,
    /// No row belongs to another provider or customer than what it refers to.
    NothingCrosses,
    /// One idempotency key has one effect.
    OneEffectPerKey,
    /// The chain of events is whole.
    ChainIntact,
    /// Where the provider keeps the last contract, self-service has not ended it.
    OneContractKept,
}

impl Invariant {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 14] = [
        Self::LinesAddUp,
        Self::BilledOnce,
        Self::PhasesJoin,
        Self::CreditsBounded,
        Self::NumbersGapless,
        Self::DocumentsUnchanged,
        Self::WithdrawnCostsNothing,
        Self::NothingAfterEnd,
        Self::SnapshotIsPresent,
        Self::OneEventPerEffect,
        Self::NothingCrosses,
        Self::OneEffectPerKey,
        Self::ChainIntact,
        Self::OneContractKept,
    ];

    /// Its short name: I1 to I14.
    pub fn code(self) -> String {
        let place = Self::ALL
            .iter()
            .position(|one| *one == self)
            .map_or(0, |place| place + 1);
        format!("I{place}")
    }

    /// The sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::LinesAddUp => "lines and taxes add up to the totals to the cent",
            Self::BilledOnce => "each period of each price is billed once",
            Self::PhasesJoin => "phases have neither gap nor overlap",
            Self::CreditsBounded => "credits never exceed their charges, nor refunds what was paid",
            Self::NumbersGapless => "document numbers are unique and gapless",
            Self::DocumentsUnchanged => "documents and declarations are unchanged",
            Self::WithdrawnCostsNothing => "what was withdrawn from leaves no open charge",
            Self::NothingAfterEnd => "nothing is billed after an end",
            Self::SnapshotIsPresent => "the last event tells the present state",
            Self::OneEventPerEffect => "each effect has one event",
            Self::NothingCrosses => "no row crosses providers or customers",
            Self::OneEffectPerKey => "one idempotency key, one effect",
            Self::ChainIntact => "the chain of events is intact",
            Self::OneContractKept => "the last contract is kept where the provider says so",
        }
    }
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offence {
    /// What it breaks.
    pub invariant: Invariant,
    /// The row it was seen at.
    pub object_id: String,
    /// What is wrong, in English.
    pub detail: String,
}

/// What was looked at and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    seen: BTreeMap<Invariant, u64>,
    offences: Vec<Offence>,
}

impl Findings {
    /// Counts something that was looked at.
    pub fn look(&mut self, invariant: Invariant, count: u64) {
        *self.seen.entry(invariant).or_default() += count;
    }

    /// Notes an offence.
    pub fn offend(&mut self, invariant: Invariant, object_id: &str, detail: impl Into<String>) {
        self.offences.push(Offence {
            invariant,
            object_id: object_id.to_owned(),
            detail: detail.into(),
        });
    }

    /// Counts one object and notes an offence unless `holds`.
    pub fn check(&mut self, invariant: Invariant, object_id: &str, holds: bool, detail: impl FnOnce() -> String) {
        self.look(invariant, 1);
        if !holds {
            self.offend(invariant, object_id, detail());
        }
    }

    /// Adds what was found elsewhere.
    pub fn merge(&mut self, other: Self) {
        for (invariant, count) in other.seen {
            self.look(invariant, count);
        }
        self.offences.extend(other.offences);
    }

    /// How many objects were looked at for this invariant.
    pub fn seen(&self, invariant: Invariant) -> u64 {
        self.seen.get(&invariant).copied().unwrap_or(0)
    }

    /// Everything that must not be, in the order in which it was found.
    pub fn offences(&self) -> &[Offence] {
        &self.offences
    }
}
