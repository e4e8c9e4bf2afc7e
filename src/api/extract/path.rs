//! Path parameters: an id of the wrong kind or shape names nothing, so it is answered with 404 before any query.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::api::problem::{Problem, ProblemCode};
use crate::domain::ids::IdKind;
use crate::services::plan_changes::Item;
use crate::services::slots::SlotItem;

/// Declares an extractor per kind of id: `Name("path_parameter", kind, "description");`.
macro_rules! path_ids {
    ($($name:ident($parameter:literal, $kind:ident, $description:literal);)+) => {$(
        #[doc = $description]
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(pub String);

        impl FromRequest for $name {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(matching(request, $parameter, |text| IdKind::$kind.matches(text)).map(Self))
            }
        }

        impl IntoParams for $name {
            fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
                let prefix = IdKind::$kind.prefix();
                vec![text_parameter(
                    $parameter,
                    $description,
                    &format!("^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"),
                    &format!("{prefix}_01k9w3x8kqf0wvm2n6c1c9t7xh"),
                    30,
                )]
            }
        }
    )+};
}

path_ids! {
    ApiKeyId("api_key_id", ApiKey, "Id of the API key.");
    CustomerId("customer_id", Customer, "Id of the customer.");
    PlanId("plan_id", Plan, "Id of the plan.");
    AddOnId("add_on_id", AddOn, "Id of the add-on.");
    SubscriptionId("subscription_id", Subscription, "Id of the contract.");
    AddOnBookingId("add_on_booking_id", AddOnBooking, "Id of the add-on booking.");
    SlotId("slot_id", SlotAllocation, "Id of the allocation of a slot.");
    PlanChangeId("plan_change_id", PlanChange, "Id of the plan change.");
    WithdrawalId("withdrawal_id", Withdrawal, "Id of the withdrawal.");
    CancellationId("cancellation_id", Cancellation, "Id of the cancellation.");
    ErasureId("erasure_id", Erasure, "Id of the erasure.");
    DeclarationId("declaration_id", Declaration, "Id of the declaration.");
    ChargeId("charge_id", Charge, "Id of the charge.");
    InvoiceId("invoice_id", Invoice, "Id of the invoice.");
    CreditNoteId("credit_note_id", CreditNote, "Id of the invoice correction.");
    EmailId("email_id", Email, "Id of the e-mail.");
    EventId("event_id", Event, "Id of the event.");
    LegalDocumentId("legal_document_id", LegalDocument, "Id of the legal document.");
    WebhookEndpointId("webhook_endpoint_id", WebhookEndpoint, "Id of the webhook endpoint.");
    WebhookDeliveryId("webhook_delivery_id", WebhookDelivery, "Id of the webhook delivery.");
    TestClockId("test_clock_id", TestClock, "Id of the test clock.");
}

/// The booking of a path, and the contract it must belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingPath {
    subscription_id: String,
    add_on_booking_id: String,
}

impl BookingPath {
    /// What the path names, as services want it.
    pub fn item(&self) -> Item {
        Item::Booking {
            subscription_id: self.subscription_id.clone(),
            id: self.add_on_booking_id.clone(),
        }
    }
}

impl FromRequest for BookingPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = |parameter, kind: IdKind| matching(request, parameter, |text| kind.matches(text));
        let both = id("subscription_id", IdKind::Subscription)
            .and_then(|contract| Ok((contract, id("add_on_booking_id", IdKind::AddOnBooking)?)));
        ready(both.map(|(subscription_id, add_on_booking_id)| Self {
            subscription_id,
            add_on_booking_id,
        }))
    }
}

impl IntoParams for BookingPath {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = SubscriptionId::into_params(&place);
        parameters.extend(AddOnBookingId::into_params(&place));
        parameters
    }
}

/// The occupied slot of a path, and the contract it must belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotPath(pub SlotItem);

impl FromRequest for SlotPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let both = SubscriptionId::from_request(request, payload)
            .into_inner()
            .and_then(|contract| Ok((contract.0, SlotId::from_request(request, payload).into_inner()?.0)));
        ready(both.map(|(subscription_id, id)| Self(SlotItem { subscription_id, id })))
    }
}

impl IntoParams for SlotPath {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = SubscriptionId::into_params(&place);
        parameters.extend(SlotId::into_params(&place));
        parameters
    }
}

/// Short name of a provider in public paths: lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSlug(pub String);

impl FromRequest for ProviderSlug {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let is_slug = |text: &str| {
            (1..=63).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        ready(matching(request, "provider", is_slug).map(Self))
    }
}

impl IntoParams for ProviderSlug {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![text_parameter(
            "provider",
            "Short name of the provider.",
            "^[a-z0-9-]{1,63}$",
            "legal-texts",
            63,
        )]
    }
}

/// Token of a withdrawal that is entered but not declared; one of another shape was never given to anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftToken(pub String);

impl FromRequest for DraftToken {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let is_token = |text: &str| text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        ready(matching(request, "draft_token", is_token).map(Self))
    }
}

impl IntoParams for DraftToken {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![text_parameter(
            "draft_token",
            "Token of the draft.",
            "^[0-9A-Za-z]{43}$",
            "2n8Zt0QmX5cVb7LkPq3RsWy1UaHdJfGeTiOoKlMnBvC",
            43,
        )]
    }
}

fn matching(request: &HttpRequest, parameter: &str, accepts: impl Fn(&str) -> bool) -> Result<String, Problem> {
    match request.match_info().get(parameter) {
        Some(text) if accepts(text) => Ok(text.to_owned()),
        _ => Err(Problem::new(ProblemCode::NotFound)),
    }
}

fn text_parameter(name: &str, description: &str, pattern: &str, example: &str, max_length: usize) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .pattern(Some(pattern))
                .max_length(Some(max_length)),
        ))
        .example(Some(example.into()))
        .build()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[actix_web::test]
    async fn an_id_of_another_kind_or_shape_is_not_found() {
        let good = IdKind::Subscription.generate();
        for (text, found) in [
            (good.as_str(), true),
            (&good.replace("sub_", "cus_"), false),
            (&good.to_uppercase(), false),
            ("sub_1", false),
            ("..", false),
            ("sub_%00", false),
        ] {
            let request = TestRequest::default()
                .param("subscription_id", text.to_owned())
                .to_http_request();
            let id = SubscriptionId::extract(&request).await;
            assert_eq!(id.is_ok(), found, "{text}");
        }
    }
}
