//! Occupied slots on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::civil_date::CivilDate;
use crate::api::instant::Instant;
use crate::api::options::ActionPlan;
use crate::domain::localized::Locale;
use crate::list_of;
use crate::services::slots::SlotView;

list_of!(
    /// What occupies the slots of a contract, newest first.
    SlotList of SlotDto
);

/// Something that occupies a slot of a contract.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Slot)]
pub struct SlotDto {
    /// Id of the allocation; it stays when the presence moves into another contract.
    #[schema(
        pattern = "^slt_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "slt_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// The contract whose slot it is.
    #[schema(
        pattern = "^sub_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub subscription_id: String,
    /// Whose contract it is.
    #[schema(
        pattern = "^cus_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub customer_id: String,
    /// The contract's plan.
    pub plan: ActionPlan,
    /// Which of the contract's slots of this kind, from 1.
    #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
    pub number: u32,
    /// Kind of slot.
    #[schema(max_length = 60, example = "presence")]
    pub kind: String,
    /// What it is.
    pub target: AllocatedTargetDto,
    /// The customer's name for it.
    #[schema(max_length = 200, example = "Mein Laden")]
    pub name: String,
    /// Its address.
    #[schema(required, format = "uri", max_length = 2000, example = "https://laden.example.com")]
    pub url: Option<String>,
    /// First day in this contract.
    pub from_on: CivilDate,
    /// When it was allocated.
    pub allocated_at: Instant,
    /// Day on which the slot became free; `null` while it is occupied.
    #[schema(required)]
    pub released_on: Option<CivilDate>,
}

/// The target of an allocation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AllocatedTarget)]
pub struct AllocatedTargetDto {
    /// Key of the target.
    #[schema(max_length = 60, example = "shop_hosted")]
    pub key: String,
    /// Name, in the caller's language; the key where the catalogue no longer has it.
    #[schema(max_length = 500, example = "Mietshop")]
    pub name: String,
    /// Key of its group; `null` where the catalogue no longer has the target.
    #[schema(required, max_length = 60, example = "shop")]
    pub group: Option<String>,
}

impl SlotDto {
    /// The allocation in the caller's language.
    pub fn new(view: &SlotView, locale: Locale) -> Self {
        let slot = &view.slot;
        Self {
            id: slot.id.clone(),
            subscription_id: slot.subscription_id.clone(),
            customer_id: view.customer_id.clone(),
            plan: ActionPlan::new(&view.plan, locale),
            number: slot.number,
            kind: slot.presence.kind.clone(),
            target: AllocatedTargetDto {
                key: slot.presence.target.clone(),
                name: view.target_name.get(locale).to_owned(),
                group: view.group.clone(),
            },
            name: slot.presence.name.clone(),
            url: slot.presence.url.clone(),
            from_on: slot.from_on.into(),
            allocated_at: slot.allocated_at.into(),
            released_on: slot.released_on.map(Into::into),
        }
    }
}
