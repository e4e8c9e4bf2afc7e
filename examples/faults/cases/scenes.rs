//! Each command of the API with everything it needs to succeed.

use serde_json::{Value, json};
use vertragswerk::clock::Clock;

use super::client::{Client, Fault, text};
use super::commands::consents;
use super::crowd::{Effect, Prepared, Times};
use super::world::{
    CRM, HOSTING, LEGAL_TEXTS, NEWSLETTER, VIDEO, World, agreed, declaration, endpoint, order, presence,
};

/// A command and what comes of it.
pub struct Scene {
    /// `operationId`.
    pub operation: &'static str,
    /// Whether it takes an `Idempotency-Key`.
    pub keyed: bool,
    /// What can be counted.
    pub effect: Effect,
    /// How often it can happen.
    pub times: Times,
    /// Makes what it needs.
    pub prepare: fn(&mut World<'_>) -> Result<Prepared, Fault>,
}

/// `operation, effect, times, prepare`, with a key unless it says otherwise.
const fn scene(
    operation: &'static str,
    effect: Effect,
    times: Times,
    prepare: fn(&mut World<'_>) -> Result<Prepared, Fault>,
) -> Scene {
    Scene {
        operation,
        keyed: true,
        effect,
        times,
        prepare,
    }
}

const fn keyless(scene: Scene) -> Scene {
    Scene { keyed: false, ..scene }
}

use Effect::{Event, Row, Uncounted};
use Times::{Each, Never, Once};

/// Every command.
pub const SCENES: &[Scene] = &[
    scene("createSubscription", Event("subscription.created"), Each, |world| {
        let customer_id = world.customer(CRM)?;
        world.by(CRM, "/v1/subscriptions".to_owned(), order(&customer_id, "crm_monthly"))
    }),
    scene("createPlanChange", Event("plan_change.created"), Once, |world| {
        let path = world.contract(VIDEO, "plus")?;
        let body = json!({ "plan": "basis", "consents": consents(&["terms"]) });
        world.by(VIDEO, format!("{path}/plan-changes"), body)
    }),
    scene("revokePlanChange", Event("plan_change.revoked"), Once, |world| {
        let path = world.contract(VIDEO, "plus")?;
        let body = json!({ "plan": "basis", "consents": consents(&["terms"]) });
        let made = world.post(VIDEO, &format!("{path}/plan-changes"), &body)?;
        let path = format!("/v1/plan-changes/{}/revoke", text(&made["id"])?);
        world.by(VIDEO, path, json!({}))
    }),
    scene("createCancellation", Event("cancellation.created"), Once, |world| {
        let path = format!("{}/cancellations", world.contract(VIDEO, "plus")?);
        world.by(VIDEO, path, json!({}))
    }),
    scene("createCancellations", Event("cancellation.created"), Once, |world| {
        let customer_id = world.customer(LEGAL_TEXTS)?;
        let kept = world.post(LEGAL_TEXTS, "/v1/subscriptions", &order(&customer_id, "single"))?;
        world.contract_of(LEGAL_TEXTS, &customer_id, "single")?;
        let body = json!({ "customer_id": customer_id, "keep_subscription_id": kept["id"] });
        world.by(LEGAL_TEXTS, "/v1/cancellations".to_owned(), body)
    }),
    scene("revokeCancellation", Event("cancellation.revoked"), Once, |world| {
        let path = format!("{}/revoke", world.cancellation(&json!({}))?);
        world.by(VIDEO, path, json!({}))
    }),
    scene("acceptCancellation", Event("cancellation.accepted"), Once, |world| {
        let cause = json!({ "kind": "extraordinary", "reason": "Kein Betrieb." });
        let path = format!("{}/accept", world.cancellation(&cause)?);
        world.by(VIDEO, path, json!({}))
    }),
    scene("rejectCancellation", Event("cancellation.rejected"), Once, |world| {
        let cause = json!({ "kind": "extraordinary", "reason": "Kein Betrieb." });
        let path = format!("{}/reject", world.cancellation(&cause)?);
        world.by(VIDEO, path, json!({}))
    }),
    scene("createWithdrawal", Event("withdrawal.created"), Once, |world| {
        let path = format!("{}/withdrawals", world.contract(CRM, "crm_monthly")?);
        world.by(CRM, path, json!({}))
    }),
    scene("createAddOnBooking", Event("add_on.created"), Each, |world| {
        let path = format!("{}/add-ons", world.contract(CRM, "crm_monthly")?);
        let body = json!({ "add_on": "extra_users", "quantity": 1, "consents": agreed() });
        world.by(CRM, path, body)
    }),
    scene(
        "createAddOnQuantityChange",
        Event("add_on.quantity_change_created"),
        Once,
        |world| {
            let path = world.booking(CRM, "crm_monthly", "extra_users")?;
            let body = json!({ "quantity": 3, "consents": agreed() });
            world.by(CRM, format!("{path}/quantity-changes"), body)
        },
    ),
    scene(
        "createAddOnCancellation",
        Event("add_on.cancellation_created"),
        Once,
        |world| {
            let path = world.booking(HOSTING, "hosting_m", "extra_storage")?;
            world.by(HOSTING, format!("{path}/cancellations"), json!({ "confirm": true }))
        },
    ),
    scene("createAddOnWithdrawal", Event("withdrawal.created"), Once, |world| {
        let path = world.booking(CRM, "crm_monthly", "extra_users")?;
        world.by(CRM, format!("{path}/withdrawals"), json!({}))
    }),
    scene("pauseAddOnBooking", Uncounted, Never, |world| {
        let path = world.booking(CRM, "crm_monthly", "extra_users")?;
        world.by(CRM, format!("{path}/pause"), json!({}))
    }),
    scene("performAddOnBooking", Event("add_on.performed"), Once, |world| {
        let path = format!("{}/add-ons", world.contract(HOSTING, "hosting_m")?);
        let body = json!({ "add_on": "migration", "consents": consents(&["terms"]) });
        let booked = world.post(HOSTING, &path, &body)?;
        world.by(HOSTING, format!("{path}/{}/perform", text(&booked["id"])?), json!({}))
    }),
    scene("allocateSlot", Event("slot.allocated"), Once, |world| {
        let path = format!("{}/slots", world.contract(LEGAL_TEXTS, "single")?);
        world.by(
            LEGAL_TEXTS,
            path,
            json!({ "kind": "presence", "target": "blog", "name": "Laden" }),
        )
    }),
    scene("releaseSlot", Event("slot.released"), Once, |world| {
        let (path, _) = world.slot()?;
        world.prepared(LEGAL_TEXTS, "DELETE", path, Value::Null)
    }),
    scene("moveSlot", Event("slot.moved"), Once, |world| {
        let (path, other) = world.slot()?;
        let body = json!({ "subscription_id": other });
        world.by(LEGAL_TEXTS, format!("{path}/move"), body)
    }),
    scene("bookSlot", Event("slot.allocated"), Each, |world| {
        let customer_id = world.customer(LEGAL_TEXTS)?;
        world.contract_of(LEGAL_TEXTS, &customer_id, "unlimited")?;
        let mut body = presence();
        body["customer_id"] = json!(customer_id);
        world.by(LEGAL_TEXTS, "/v1/slots".to_owned(), body)
    }),
    scene("createOrder", Event("order.confirmed"), Each, |world| {
        let items = json!([{ "type": "subscription", "plan": "crm_monthly" }]);
        let body = json!({ "customer_id": world.customer(CRM)?, "items": items, "consents": agreed() });
        world.by(CRM, "/v1/orders".to_owned(), body)
    }),
    scene("recordPayment", Event("payment.recorded"), Each, |world| {
        let amount = json!({ "amount": "3.00", "currency": "EUR" });
        let body = json!({ "customer_id": world.customer(CRM)?, "amount": amount });
        world.by(CRM, "/v1/payments".to_owned(), body)
    }),
    scene("recordUsage", Event("usage.recorded"), Each, |world| {
        let path = world.contract(VIDEO, "plus")?;
        let id = path.rsplit('/').next().unwrap_or_default();
        let used_at = Clock::System
            .now()
            .format(&time::format_description::well_known::Rfc3339)?;
        let record = json!({ "subscription_id": id, "price": "sms", "quantity": 1, "used_at": used_at });
        world.by(VIDEO, "/v1/usage".to_owned(), json!({ "records": [record] }))
    }),
    scene("createCustomer", Event("customer.created"), Once, |world| {
        let number = format!("crowd-{}", world.number());
        let body = json!({
            "customer_number": number, "customer_type": "business", "name": "Firma", "email": "post@example.com",
        });
        world.by(CRM, "/v1/customers".to_owned(), body)
    }),
    scene("updateCustomer", Event("customer.updated"), Once, |world| {
        let path = format!("/v1/customers/{}", world.customer(CRM)?);
        world.prepared(CRM, "PATCH", path, json!({ "name": "Anders" }))
    }),
    scene("declareCancellation", Row("declarations"), Each, |world| {
        let path = format!("/v1/public/{VIDEO}/cancellations");
        world.by("", path, declaration(world.number()))
    }),
    // Matching is a decision that may be taken anew; each is recorded.
    scene("matchDeclaration", Event("declaration.matched"), Each, |world| {
        let (path, contract_id) = world.declaration(false)?;
        world.by(
            VIDEO,
            format!("{path}/match"),
            json!({ "subscription_id": contract_id }),
        )
    }),
    scene("executeDeclaration", Event("declaration.executed"), Once, |world| {
        let (path, _) = world.declaration(true)?;
        world.by(VIDEO, format!("{path}/execute"), json!({}))
    }),
    scene("rejectDeclaration", Event("declaration.rejected"), Once, |world| {
        let (path, _) = world.declaration(true)?;
        world.by(VIDEO, format!("{path}/reject"), json!({ "reason": "Kein Vertrag." }))
    }),
    keyless(scene("confirmWithdrawal", Row("declarations"), Once, |world| {
        let path = format!("/v1/public/{CRM}/withdrawals");
        let body =
            json!({ "name": "Erika Mustermann", "contract": "mein Abo", "confirmation_email": "erika@example.com" });
        let draft = Client::connect(world.address, "")?.json("POST", &path, None, &body)?;
        world.by("", text(&draft["confirm_href"])?, Value::Null)
    })),
    scene("resendEmail", Row("emails"), Each, |world| {
        let path = world.email()?;
        world.by(CRM, format!("{path}/resend"), Value::Null)
    }),
    scene(
        "acknowledgeErasure",
        Event("customer.data_erasure_acknowledged"),
        Once,
        |world| {
            let path = world.erasure()?;
            world.by(
                LEGAL_TEXTS,
                format!("{path}/acknowledge"),
                json!({ "note": "Gelöscht." }),
            )
        },
    ),
    scene("createTestClock", Row("test_clocks"), Each, |world| {
        let body = json!({ "now": "2026-01-01T00:00:00Z" });
        world.by(CRM, "/v1/test-clocks".to_owned(), body)
    }),
    keyless(scene("advanceTestClock", Uncounted, Once, |world| {
        let clock = world.post(CRM, "/v1/test-clocks", &json!({ "now": "2026-01-01T00:00:00Z" }))?;
        let path = format!("/v1/test-clocks/{}/advance", text(&clock["id"])?);
        world.by(CRM, path, json!({ "to": "2026-02-01T00:00:00Z" }))
    })),
    scene("createWebhookEndpoint", Row("webhook_endpoints"), Each, |world| {
        world.by(NEWSLETTER, "/v1/webhook-endpoints".to_owned(), endpoint())
    }),
    scene("updateWebhookEndpoint", Uncounted, Each, |world| {
        let path = world.endpoint()?;
        world.prepared(NEWSLETTER, "PATCH", path, json!({ "description": "Anders" }))
    }),
    keyless(scene("deleteWebhookEndpoint", Uncounted, Once, |world| {
        let path = world.endpoint()?;
        world.prepared(NEWSLETTER, "DELETE", path, Value::Null)
    })),
    scene("replayWebhooks", Uncounted, Each, |world| {
        let path = world.endpoint()?;
        world.by(NEWSLETTER, format!("{path}/replay"), json!({ "after": 0 }))
    }),
    scene("rotateWebhookSecret", Uncounted, Each, |world| {
        let path = world.endpoint()?;
        world.by(NEWSLETTER, format!("{path}/rotate-secret"), Value::Null)
    }),
    scene("sendTestWebhook", Row("webhook_deliveries"), Each, |world| {
        let path = world.endpoint()?;
        world.by(NEWSLETTER, format!("{path}/test"), Value::Null)
    }),
    scene("retryWebhookDelivery", Uncounted, Once, |world| {
        let path = world.endpoint()?;
        let delivery = world.post(NEWSLETTER, &format!("{path}/test"), &Value::Null)?;
        let path = format!("/v1/webhook-deliveries/{}/retry", text(&delivery["id"])?);
        world.by(NEWSLETTER, path, Value::Null)
    }),
];
