//! TypeIDs (spec 0.3): a prefix that names the kind, `_`, and 26 base-32 characters of a UUIDv7. Stored and sent as text.

use sha2::{Digest, Sha256};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What an id names; each kind has its own prefix, so an id of the wrong kind is recognised before any query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdKind {
    /// Provider (tenant), `prv_`.
    Provider,
    /// Customer, `cus_`.
    Customer,
    /// User (login), `usr_`.
    User,
    /// API key, `key_`.
    ApiKey,
    /// Product, `prd_`.
    Product,
    /// Plan, `pln_`.
    Plan,
    /// Plan version, `plv_`.
    PlanVersion,
    /// Add-on, `adn_`.
    AddOn,
    /// Subscription, `sub_`.
    Subscription,
    /// Add-on booking, `bkg_`.
    AddOnBooking,
    /// Version of an add-on as it was sold, `adv_`; internal, never sent.
    AddOnVersion,
    /// Slot allocation, `slt_`.
    SlotAllocation,
    /// Plan change, `pch_`.
    PlanChange,
    /// Cancellation, `cxl_`.
    Cancellation,
    /// Order (a confirmed cart), `ord_`.
    Order,
    /// Withdrawal, `wdr_`.
    Withdrawal,
    /// Charge, `chg_`.
    Charge,
    /// Invoice, `inv_`.
    Invoice,
    /// Invoice correction, `crn_`.
    CreditNote,
    /// Payment, `pay_`.
    Payment,
    /// Usage record, `usg_`.
    Usage,
    /// Event, `evt_`.
    Event,
    /// Legal document, `doc_`.
    LegalDocument,
    /// E-mail, `eml_`.
    Email,
    /// Test clock, `clk_`.
    TestClock,
    /// Webhook endpoint, `whe_`.
    WebhookEndpoint,
    /// Webhook delivery, `dlv_`.
    WebhookDelivery,
    /// HTTP request, `req_`.
    Request,
    /// Phase of a subscription, `phs_`; internal, never sent.
    Phase,
    /// Refresh token, `rft_`; internal, never sent.
    RefreshToken,
    /// Erasure of a customer's data, `ers_`.
    Erasure,
    /// Declaration made without login, `dcl_`.
    Declaration,
    /// Published catalogue, `cat_`; internal, never sent.
    Catalogue,
}

impl IdKind {
    /// The prefix without the underscore.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Provider => "prv",
            Self::Customer => "cus",
            Self::User => "usr",
            Self::ApiKey => "key",
            Self::Product => "prd",
            Self::Plan => "pln",
            Self::PlanVersion => "plv",
            Self::AddOn => "adn",
            Self::Subscription => "sub",
            Self::AddOnBooking => "bkg",
            Self::AddOnVersion => "adv",
            Self::SlotAllocation => "slt",
            Self::PlanChange => "pch",
            Self::Cancellation => "cxl",
            Self::Order => "ord",
            Self::Withdrawal => "wdr",
            Self::Charge => "chg",
            Self::Invoice => "inv",
            Self::CreditNote => "crn",
            Self::Payment => "pay",
            Self::Usage => "usg",
            Self::Event => "evt",
            Self::LegalDocument => "doc",
            Self::Email => "eml",
            Self::TestClock => "clk",
            Self::WebhookEndpoint => "whe",
            Self::WebhookDelivery => "dlv",
            Self::Request => "req",
            Self::Phase => "phs",
            Self::RefreshToken => "rft",
            Self::Erasure => "ers",
            Self::Declaration => "dcl",
            Self::Catalogue => "cat",
        }
    }

    /// A fresh id; sortable by creation time to the millisecond.
    pub fn generate(self) -> String {
        self.encode(Uuid::now_v7())
    }

    /// The id of something whose existence follows from facts: the same `facts` at the same instant always give the same
    /// id, so work done twice collides instead of doubling. `unix_millis` is the due instant and orders the ids.
    pub fn derive(self, unix_millis: i64, facts: &[&str]) -> String {
        let mut hasher = Sha256::new();
        for fact in facts {
            hasher.update(fact.as_bytes());
            hasher.update([0]);
        }
        let digest = hasher.finalize();
        let mut random = [0u8; 10];
        random.copy_from_slice(&digest[..10]);
        let millis = u64::try_from(unix_millis).unwrap_or(0);
        self.encode(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// Whether `text` is a well-formed id of this kind. A foreign prefix means "not found", never "bad request".
    pub fn matches(self, text: &str) -> bool {
        let Some((prefix, suffix)) = text.rsplit_once('_') else {
            return false;
        };
        prefix == self.prefix()
            && suffix.len() == 26
            && suffix.bytes().all(|byte| ALPHABET.contains(&byte))
            && suffix.as_bytes()[0] <= b'7'
    }

    fn encode(self, uuid: Uuid) -> String {
        let value = uuid.as_u128();
        let mut text = String::with_capacity(self.prefix().len() + 27);
        text.push_str(self.prefix());
        text.push('_');
        for index in (0..26).rev() {
            let digit = (value >> (index * 5)) & 31;
            text.push(char::from(ALPHABET[usize::try_from(digit).unwrap_or(0)]));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_the_examples_of_the_typeid_specification() {
        let uuid: Uuid = "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("a UUID");
        assert!(IdKind::Plan.encode(uuid).ends_with("_01h455vb4pex5vsknk084sn02q"));
        assert!(
            IdKind::Plan
                .encode(Uuid::nil())
                .ends_with("_00000000000000000000000000")
        );
        assert!(
            IdKind::Plan
                .encode(Uuid::max())
                .ends_with("_7zzzzzzzzzzzzzzzzzzzzzzzzz")
        );
    }

    #[test]
    fn equal_facts_give_equal_ids_and_later_instants_sort_later() {
        let first = IdKind::Charge.derive(1_000, &["sub_a", "2026-01-01"]);
        assert_eq!(first, IdKind::Charge.derive(1_000, &["sub_a", "2026-01-01"]));
        assert_ne!(first, IdKind::Charge.derive(1_000, &["sub_a2", "026-01-01"]));
        assert!(first < IdKind::Charge.derive(2_000, &["sub_a", "2026-01-01"]));
        assert!(IdKind::Charge.matches(&first) && !IdKind::Event.matches(&first));
    }
}
