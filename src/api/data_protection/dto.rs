//! Retention and erasure on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::api::civil_date::CivilDate;
use crate::api::instant::Instant;
use crate::domain::localized::Locale;
use crate::domain::retention::RetainedClass;
use crate::services::retention::{DataRetention, Erasure, Retained};

/// A class of data that must be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RetainedClass, example = "invoices")]
pub enum RetainedClassDto {
    /// Invoices, credit notes, payments, and what they were made of.
    Invoices,
    /// Contracts, declarations and their confirmations.
    Letters,
    /// Who declared and agreed to what.
    Evidence,
}

impl From<RetainedClass> for RetainedClassDto {
    fn from(class: RetainedClass) -> Self {
        match class {
            RetainedClass::Invoices => Self::Invoices,
            RetainedClass::Letters => Self::Letters,
            RetainedClass::Evidence => Self::Evidence,
        }
    }
}

/// What is kept of one class.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetainedData {
    /// The class.
    pub class: RetainedClassDto,
    /// What it is and why it is kept.
    #[schema(max_length = 500, example = "Rechnungen, Gutschriften, Zahlungen: acht Jahre.")]
    pub description: String,
    /// Where the law says so.
    #[schema(max_length = 200, example = "§ 14b Abs. 1 UStG")]
    pub source: String,
    /// How many there are.
    #[schema(minimum = 1, maximum = 9_000_000_000_000_000_i64, example = 12)]
    pub count: i64,
    /// Whether they are restricted: the customer had its data erased, and what is left serves nothing but the duty to keep it. The
    /// provider's side then needs `restricted_data:process` for them (Art. 18 GDPR, § 35 Abs. 3 BDSG).
    #[schema(example = true)]
    pub restricted: bool,
    /// Day of the oldest.
    #[schema(required)]
    pub from_on: Option<CivilDate>,
    /// Day of the newest.
    #[schema(required)]
    pub through_on: Option<CivilDate>,
    /// First day on which the oldest may be deleted; `null` while a contract goes on.
    #[schema(required)]
    pub first_deletion_on: Option<CivilDate>,
    /// First day on which all of them may be deleted; `null` while a contract goes on.
    #[schema(required)]
    pub last_deletion_on: Option<CivilDate>,
}

impl RetainedData {
    fn new(retained: &Retained, restricted: bool, locale: Locale) -> Self {
        Self {
            class: retained.class.into(),
            description: retained.class.text().get(locale).to_owned(),
            source: retained.class.source().to_owned(),
            count: retained.extent.count,
            restricted,
            from_on: retained.extent.from_on.map(CivilDate),
            through_on: retained.extent.through_on.map(CivilDate),
            first_deletion_on: retained.first_deletion_on.map(CivilDate),
            last_deletion_on: retained.last_deletion_on.map(CivilDate),
        }
    }
}

/// What was erased with the end of a contract, and whether the provider has followed in its own systems.
#[derive(Debug, Serialize, ToSchema)]
pub struct DataErasure {
    /// Id of the erasure.
    #[schema(
        pattern = "^ers_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "ers_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Whose data.
    #[schema(max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: String,
    /// The contract that ended.
    #[schema(max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: String,
    /// The cancellation that asked for it.
    #[schema(max_length = 30, example = "cxl_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub cancellation_id: String,
    /// The day on which it fell due: the day after the end of the contract.
    pub due_on: CivilDate,
    /// Last day for the provider's own systems.
    pub deadline_on: CivilDate,
    /// When the data here were erased, on the customer's time.
    pub erased_at: Instant,
    /// How many events lost their data; that they happened stays proven.
    #[schema(minimum = 0, maximum = 9_000_000_000_000_000_i64, example = 3)]
    pub erased_event_payloads: i64,
    /// How many slots lost the name and address of what they held.
    #[schema(minimum = 0, maximum = 9_000_000_000_000_000_i64, example = 5)]
    pub erased_slots: i64,
    /// Whether the customer's profile was erased too, because no contract goes on.
    #[schema(example = true)]
    pub erased_profile: bool,
    /// When the provider confirmed the erasure in its own systems.
    #[schema(required)]
    pub acknowledged_at: Option<Instant>,
    /// The provider's note.
    #[schema(required, max_length = 500, example = json!(null))]
    pub note: Option<String>,
}

impl From<Erasure> for DataErasure {
    fn from(erasure: Erasure) -> Self {
        Self {
            id: erasure.id,
            customer_id: erasure.customer_id,
            subscription_id: erasure.subscription_id,
            cancellation_id: erasure.cancellation_id,
            due_on: erasure.due_on.into(),
            deadline_on: erasure.deadline_on.into(),
            erased_at: erasure.erased_at.into(),
            erased_event_payloads: erasure.erased_event_payloads,
            erased_slots: erasure.erased_slots,
            erased_profile: erasure.erased_profile,
            acknowledged_at: erasure.acknowledged_at.map(Instant),
            note: erasure.note,
        }
    }
}

/// What is kept of a customer, why and until when, and what was erased.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DataRetention)]
pub struct DataRetentionDto {
    /// The customer.
    #[schema(max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: String,
    /// Whether a contract goes on: then the data serve it.
    #[schema(example = false)]
    pub in_use: bool,
    /// What must be kept.
    #[schema(max_items = 10)]
    pub retained: Vec<RetainedData>,
    /// What was erased, oldest first.
    #[schema(max_items = 10_000)]
    pub erasures: Vec<DataErasure>,
}

impl DataRetentionDto {
    /// In the caller's language.
    pub fn new(retention: DataRetention, locale: Locale) -> Self {
        Self {
            customer_id: retention.customer_id,
            in_use: retention.in_use,
            retained: retention
                .retained
                .iter()
                .map(|retained| RetainedData::new(retained, retention.restricted, locale))
                .collect(),
            erasures: retention.erasures.into_iter().map(DataErasure::from).collect(),
        }
    }
}

/// The provider's confirmation; the body may be left out.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"note": "Konten und Aufzeichnungen gelöscht."}))]
pub struct AcknowledgeErasure {
    /// What was erased, for the record.
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500, example = "Konten und Aufzeichnungen gelöscht.")]
    pub note: Option<String>,
}
