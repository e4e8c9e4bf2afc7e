//! Extractors: everything a handler reads from a request, checked, with problems instead of the framework's plain texts.
//!
//! [`Json`], [`OptionalJson`], [`MergePatch`] and [`Form`] read bodies, [`Query`] the query, the id types path parameters,
//! [`IfMatch`] the condition of a PATCH, and `crate::context::RequestContext` the rest.

mod body;
mod context;
mod faults;
mod headers;
mod path;
mod principal;
mod query;
mod rules;
mod strict_json;

pub use body::{Form, Json, MAX_BODY_BYTES, MERGE_PATCH_JSON, MergePatch, OptionalJson, RawJson};
pub use context::{RequestId, client_ip, request_id};
pub use faults::checked;
pub use headers::IfMatch;
pub use path::{
    AddOnId, ApiKeyId, BookingPath, CancellationId, ChargeId, CreditNoteId, CustomerId, DeclarationId, DraftToken,
    EmailId, ErasureId, EventId, InvoiceId, LegalDocumentId, PlanChangeId, PlanId, ProviderSlug, SlotPath,
    SubscriptionId, TestClockId, WebhookDeliveryId, WebhookEndpointId, WithdrawalId,
};
pub use query::{NoParameters, Query};
