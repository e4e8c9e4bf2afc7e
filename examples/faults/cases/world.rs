//! The demo providers on a running server, and what a command may need there.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use vertragswerk::services::emails::deliver_next;

use super::client::{Client, Fault, text};
use super::commands::consents;
use super::crowd::Prepared;
use super::ground::{Ground, told};

/// Legal texts: packages with slots; the last contract is kept.
pub const LEGAL_TEXTS: &str = "textschirm";
/// Video consultation: notice to the end of a quarter, usage.
pub const VIDEO: &str = "sprechfenster";
/// Customer relations: add-ons, withdrawals of businesses too.
pub const CRM: &str = "kontaktkiste";
/// Newsletters: nothing happens to this provider's customers, so its webhook endpoints hear of nothing but tests.
pub const NEWSLETTER: &str = "rundbriefwerk";
/// Hosting: one-off services.
pub const HOSTING: &str = "hafenrechner";

/// The demo providers on a running server.
pub struct World<'a> {
    ground: &'a Ground,
    /// Where it listens.
    pub address: SocketAddr,
    count: AtomicU32,
}

impl<'a> World<'a> {
    /// Of a server on this ground.
    pub fn new(ground: &'a Ground, address: SocketAddr) -> Self {
        Self {
            ground,
            address,
            count: AtomicU32::new(0),
        }
    }

    /// A number that nobody else gets.
    pub fn number(&self) -> u32 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    fn token(&self, provider: &str) -> String {
        self.ground.token(provider).to_owned()
    }

    /// Asks as a program of the provider.
    pub fn ask(&self, provider: &str, method: &str, path: &str, body: &Value) -> Result<Value, Fault> {
        let key = format!("scene-{}", self.number());
        Client::connect(self.address, &self.token(provider))?.json(method, path, Some(&key), body)
    }

    /// Sends a command and takes its answer.
    pub fn post(&self, provider: &str, path: &str, body: &Value) -> Result<Value, Fault> {
        self.ask(provider, "POST", path, body)
    }

    /// A new business.
    pub fn customer(&self, provider: &str) -> Result<String, Fault> {
        self.customer_with(provider, &Value::Null)
    }

    fn customer_with(&self, provider: &str, test_clock_id: &Value) -> Result<String, Fault> {
        let mut body = json!({ "customer_type": "business", "name": "Firma", "email": "post@example.com" });
        if !test_clock_id.is_null() {
            body["test_clock_id"] = test_clock_id.clone();
        }
        text(&self.post(provider, "/v1/customers", &body)?["id"])
    }

    /// The path of a contract of a new customer.
    pub fn contract(&self, provider: &str, plan: &str) -> Result<String, Fault> {
        let customer_id = self.customer(provider)?;
        self.contract_of(provider, &customer_id, plan)
    }

    /// The path of a contract of this customer.
    pub fn contract_of(&self, provider: &str, customer_id: &str, plan: &str) -> Result<String, Fault> {
        let contract = self.post(provider, "/v1/subscriptions", &order(customer_id, plan))?;
        Ok(format!("/v1/subscriptions/{}", text(&contract["id"])?))
    }

    /// The path of a booking on a new contract.
    pub fn booking(&self, provider: &str, plan: &str, add_on: &str) -> Result<String, Fault> {
        let path = format!("{}/add-ons", self.contract(provider, plan)?);
        let body = json!({ "add_on": add_on, "quantity": 2, "consents": agreed() });
        let booked = self.post(provider, &path, &body)?;
        Ok(format!("{path}/{}", text(&booked["id"])?))
    }

    /// The path of a cancellation of a new contract.
    pub fn cancellation(&self, body: &Value) -> Result<String, Fault> {
        let path = format!("{}/cancellations", self.contract(VIDEO, "plus")?);
        let made = self.post(VIDEO, &path, body)?;
        Ok(format!("/v1/cancellations/{}", text(&made["id"])?))
    }

    /// The path of a slot of a package, and another package of the same customer.
    pub fn slot(&self) -> Result<(String, Value), Fault> {
        let customer_id = self.customer(LEGAL_TEXTS)?;
        let path = format!("{}/slots", self.contract_of(LEGAL_TEXTS, &customer_id, "premium")?);
        let other = self.post(LEGAL_TEXTS, "/v1/subscriptions", &order(&customer_id, "premium"))?;
        let slot = self.post(LEGAL_TEXTS, &path, &presence())?;
        Ok((format!("{path}/{}", text(&slot["id"])?), other["id"].clone()))
    }

    /// The path of a declaration that is matched to a contract, and the contract's id.
    pub fn declaration(&self, matched: bool) -> Result<(String, Value), Fault> {
        let customer_id = self.customer(VIDEO)?;
        let contract = self.post(VIDEO, "/v1/subscriptions", &order(&customer_id, "plus"))?;
        let path = format!("/v1/public/{VIDEO}/cancellations");
        Client::connect(self.address, "")?.json("POST", &path, None, &declaration(self.number()))?;
        let listed = self.ask(VIDEO, "GET", "/v1/declarations", &Value::Null)?;
        let path = format!("/v1/declarations/{}", text(&listed["data"][0]["id"])?);
        if matched {
            let body = json!({ "subscription_id": contract["id"] });
            self.post(VIDEO, &format!("{path}/match"), &body)?;
        }
        Ok((path, contract["id"].clone()))
    }

    /// The path of a webhook endpoint. Its name resolves nowhere, so deliveries fail.
    pub fn endpoint(&self) -> Result<String, Fault> {
        let made = self.post(NEWSLETTER, "/v1/webhook-endpoints", &endpoint())?;
        Ok(format!(
            "/v1/webhook-endpoints/{}",
            text(&made["webhook_endpoint"]["id"])?
        ))
    }

    /// The path of a data erasure that fell due with the end of a contract.
    pub fn erasure(&self) -> Result<String, Fault> {
        let clock = self.post(
            LEGAL_TEXTS,
            "/v1/test-clocks",
            &json!({ "now": "2026-01-01T00:00:00Z" }),
        )?;
        let customer_id = self.customer_with(LEGAL_TEXTS, &clock["id"])?;
        let contract = self.contract_of(LEGAL_TEXTS, &customer_id, "single")?;
        let body = json!({ "delete_data": true });
        self.post(LEGAL_TEXTS, &format!("{contract}/cancellations"), &body)?;
        let path = format!("/v1/test-clocks/{}/advance", text(&clock["id"])?);
        self.post(LEGAL_TEXTS, &path, &json!({ "to": "2027-03-01T00:00:00Z" }))?;
        let path = format!("/v1/customers/{customer_id}/data-retention");
        let kept = self.ask(LEGAL_TEXTS, "GET", &path, &Value::Null)?;
        Ok(format!("/v1/erasures/{}", text(&kept["erasures"][0]["id"])?))
    }

    /// The path of a mail that is no longer on its way.
    pub fn email(&self) -> Result<String, Fault> {
        let customer_id = self.customer(CRM)?;
        self.contract_of(CRM, &customer_id, "crm_monthly")?;
        while deliver_next(&self.ground.state).map_err(told)? {}
        let path = format!("/v1/emails?customer_id={customer_id}");
        let listed = self.ask(CRM, "GET", &path, &Value::Null)?;
        Ok(format!("/v1/emails/{}", text(&listed["data"][0]["id"])?))
    }

    /// A `POST` of a program of the provider; of nobody without one.
    pub fn by(&self, provider: &str, path: String, body: Value) -> Result<Prepared, Fault> {
        self.prepared(provider, "POST", path, body)
    }

    /// The same with another method.
    pub fn prepared(&self, provider: &str, method: &'static str, path: String, body: Value) -> Result<Prepared, Fault> {
        let token = if provider.is_empty() {
            String::new()
        } else {
            self.token(provider)
        };
        Ok(Prepared {
            token,
            method,
            path,
            body,
        })
    }
}

/// Consents to everything the provider asks for.
pub fn agreed() -> Value {
    consents(&["terms", "dpa", "withdrawal_instruction"])
}

/// A contract.
pub fn order(customer_id: &str, plan: &str) -> Value {
    json!({ "customer_id": customer_id, "plan": plan, "consents": consents(&["terms", "dpa"]) })
}

/// Something to put into a slot.
pub fn presence() -> Value {
    json!({ "kind": "presence", "target": "blog", "name": "Laden", "consents": consents(&["terms", "dpa"]) })
}

/// A webhook endpoint.
pub fn endpoint() -> Value {
    json!({ "url": "https://hooks.example.invalid/in" })
}

/// A cancellation by someone who is not logged in.
pub fn declaration(number: u32) -> Value {
    json!({
        "kind": "ordinary", "identity": { "name": "Erika Mustermann" }, "contract": format!("mein Vertrag {number}"),
        "confirmation_email": "erika@example.com",
    })
}
