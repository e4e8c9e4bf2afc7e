//! Proving a customer's chain of events: that none was changed, removed, added or moved since it was written.

use serde_json::Value;

use super::events::{ChainEnd, chain_hash};
use crate::domain::digest::sha256;
use crate::domain::event_type::EventType;
use crate::domain::retention::{is_product_data, is_profile};
use crate::repositories::events::EventRow;

/// What stands in the place of data that were erased (GDPR Art. 17). The hash of what stood there stays in the chain.
pub const ERASED_DATA: &str = "{\"erased\":true}";

/// A chain that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenChain {
    /// How many events it has.
    pub events: i64,
    /// Hash of the last one, which stands for all of them; empty without events.
    pub hash: String,
    /// Events whose data were erased; everything else about them is proven.
    pub erased: i64,
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// An event is missing, doubled or out of order.
    #[error("event {0} of the customer is missing or out of order")]
    Gap(i64),
    /// An event does not continue the one before.
    #[error("event {0} of the customer does not continue the one before")]
    Link(i64),
    /// What is told about an event was changed.
    #[error("event {0} of the customer was changed")]
    Content(i64),
    /// The data of an event were changed.
    #[error("the data of event {0} of the customer were changed")]
    Data(i64),
    /// The chain ends elsewhere than the customer's row says.
    #[error("the chain ends after event {0} of the customer, which is not its end")]
    End(i64),
}

/// Checks all events of one customer, in order, against each other and against `end`, which the customer's row keeps.
///
/// # Errors
/// The first place where the chain does not hold.
pub fn verify_chain(rows: &[EventRow], end: &ChainEnd) -> Result<ProvenChain, BrokenChain> {
    let mut proven = ProvenChain {
        events: 0,
        hash: String::new(),
        erased: 0,
    };
    for row in rows {
        let sequence = proven.events + 1;
        if row.sequence != sequence {
            return Err(BrokenChain::Gap(sequence));
        }
        if row.previous_hash != proven.hash {
            return Err(BrokenChain::Link(sequence));
        }
        if chain_hash(row) != row.hash {
            return Err(BrokenChain::Content(sequence));
        }
        if row.data == ERASED_DATA {
            if !is_covered(row, rows) {
                return Err(BrokenChain::Data(sequence));
            }
            proven.erased += 1;
        } else if sha256(row.data.as_bytes()) != row.data_hash {
            return Err(BrokenChain::Data(sequence));
        }
        proven.events = sequence;
        proven.hash.clone_from(&row.hash);
    }
    if proven.events != end.sequence || proven.hash != end.hash {
        return Err(BrokenChain::End(proven.events));
    }
    Ok(proven)
}

/// Whether the chain itself tells of the erasure: only product data and profiles are ever erased, and an event says so.
fn is_covered(row: &EventRow, rows: &[EventRow]) -> bool {
    let Some(event_type) = EventType::parse(&row.event_type) else {
        return false;
    };
    let erasures = rows
        .iter()
        .filter(|one| one.event_type == EventType::CustomerDataErased.as_str());
    if is_product_data(event_type) {
        return erasures
            .into_iter()
            .any(|one| one.subscription_id == row.subscription_id || is_last(one));
    }
    is_profile(event_type) && erasures.into_iter().any(is_last)
}

/// Whether an erasure was the last one, with which the profile goes.
fn is_last(erasure: &EventRow) -> bool {
    serde_json::from_str::<Value>(&erasure.data).is_ok_and(|data| data["erasure"]["erased_profile"] == true)
}
