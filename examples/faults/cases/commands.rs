//! A portal's customers as a stream of commands, each under a key, with what was answered to it.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::client::{Answer, Client, Fault, text};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A contract.
    Conclude,
    /// Another plan.
    ChangePlan,
    /// The pending plan change is taken back.
    RevokePlanChange,
    /// An add-on.
    Book,
    /// Another quantity of an add-on.
    ChangeQuantity,
    /// The end of an add-on.
    CancelBooking,
    /// The end of a contract.
    Cancel,
    /// The cancellation is taken back.
    RevokeCancellation,
    /// Withdrawal from a contract.
    Withdraw,
    /// Money has come in.
    Pay,
    /// Another name.
    Update,
    /// A cart of a contract.
    Order,
}

/// As often as they are drawn: a contract comes before what can be done to it.
const DRAWN: [Kind; 16] = [
    Kind::Conclude,
    Kind::Conclude,
    Kind::Conclude,
    Kind::ChangePlan,
    Kind::ChangePlan,
    Kind::RevokePlanChange,
    Kind::Book,
    Kind::Book,
    Kind::ChangeQuantity,
    Kind::CancelBooking,
    Kind::Cancel,
    Kind::RevokeCancellation,
    Kind::Withdraw,
    Kind::Pay,
    Kind::Update,
    Kind::Order,
];

/// A command that was sent, and its answer if one came.
#[derive(Debug, Clone)]
pub struct Sent {
    /// What it asks for.
    pub kind: Kind,
    /// Its key.
    pub key: String,
    /// HTTP method.
    pub method: &'static str,
    /// Path.
    pub path: String,
    /// Body.
    pub body: String,
    /// What was acknowledged; nothing if the server was gone before.
    pub answer: Option<Answer>,
}

impl Sent {
    /// Sends it (again).
    pub fn send(&self, client: &mut Client) -> Result<Answer, Fault> {
        client.send(self.method, &self.path, Some(&self.key), &self.body)
    }

    /// The type of the event that says it happened, and how many it must have left; refusals leave none.
    pub fn effect(&self) -> Option<&'static str> {
        let answer = self.answer.as_ref().filter(|answer| answer.succeeded())?;
        let created = answer.status == 201;
        match self.kind {
            Kind::Conclude => Some("subscription.created"),
            Kind::ChangePlan => Some("plan_change.created"),
            Kind::RevokePlanChange => Some("plan_change.revoked"),
            Kind::Book => Some("add_on.created"),
            Kind::ChangeQuantity => Some("add_on.quantity_change_created"),
            // Within fourteen days this is a withdrawal.
            Kind::Cancel | Kind::CancelBooking if answer.json()["withdrawal_id"].is_string() => {
                Some("withdrawal.created")
            }
            Kind::CancelBooking => created.then_some("add_on.cancellation_created"),
            Kind::Cancel => created.then_some("cancellation.created"),
            Kind::RevokeCancellation => Some("cancellation.revoked"),
            Kind::Withdraw => Some("withdrawal.created"),
            Kind::Pay => Some("payment.recorded"),
            Kind::Update => Some("customer.updated"),
            Kind::Order => Some("order.confirmed"),
        }
    }
}

/// Draws commands that make sense after what was answered before.
pub struct Commands {
    random: StdRng,
    prefix: String,
    count: u32,
    customers: Vec<String>,
    contracts: Vec<String>,
    bookings: Vec<String>,
    plan_changes: Vec<String>,
    cancellations: Vec<String>,
}

/// Consents to everything the provider asks for.
pub fn consents(keys: &[&str]) -> Value {
    let one = |key: &&str| json!({ "document": key, "version": "2020-01", "accepted": true });
    keys.iter().map(one).collect()
}

fn agreed() -> Value {
    consents(&["terms", "dpa", "withdrawal_instruction"])
}

impl Commands {
    /// For these customers; keys begin with `prefix`, which must never repeat on a database.
    pub fn new(seed: u64, prefix: &str, customers: &[String]) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            prefix: prefix.to_owned(),
            count: 0,
            customers: customers.to_vec(),
            contracts: Vec::new(),
            bookings: Vec::new(),
            plan_changes: Vec::new(),
            cancellations: Vec::new(),
        }
    }

    /// The next command.
    pub fn draw(&mut self) -> Sent {
        let kind = DRAWN[self.random.random_range(0..DRAWN.len())];
        self.command(kind)
    }

    /// A command of this kind; a contract is concluded where there is nothing to do it to.
    pub fn command(&mut self, kind: Kind) -> Sent {
        self.count += 1;
        let customer = self.pick(|own| &own.customers).unwrap_or_default();
        let contract = self.pick(|own| &own.contracts);
        let on_contract = |action: &str| contract.as_ref().map(|id| format!("/v1/subscriptions/{id}/{action}"));
        let with = |path: Option<String>, body: Value| path.map(|path| ("POST", path, body));
        let (other, number) = (self.random.random_range(0..2) == 0, self.count);
        let drawn = match kind {
            Kind::Conclude => None,
            Kind::ChangePlan => {
                let plan = if other { "crm_yearly" } else { "crm_basic" };
                with(
                    on_contract("plan-changes"),
                    json!({ "plan": plan, "consents": agreed() }),
                )
            }
            Kind::Book => {
                let add_on = if other { "extra_users" } else { "extra_storage" };
                let order = json!({ "add_on": add_on, "quantity": 2, "consents": agreed() });
                with(on_contract("add-ons"), order)
            }
            Kind::Cancel => with(on_contract("cancellations"), json!({})),
            Kind::Withdraw => with(on_contract("withdrawals"), json!({})),
            Kind::ChangeQuantity => {
                let booking = self.pick(|own| &own.bookings);
                let quantity = json!({ "quantity": 3 + number % 5, "consents": agreed() });
                with(booking.map(|path| format!("{path}/quantity-changes")), quantity)
            }
            Kind::CancelBooking => {
                let booking = self.pick(|own| &own.bookings);
                with(
                    booking.map(|path| format!("{path}/cancellations")),
                    json!({ "confirm": true }),
                )
            }
            Kind::RevokePlanChange => {
                let pending = self.plan_changes.pop();
                with(pending.map(|id| format!("/v1/plan-changes/{id}/revoke")), json!({}))
            }
            Kind::RevokeCancellation => {
                let pending = self.cancellations.pop();
                with(pending.map(|id| format!("/v1/cancellations/{id}/revoke")), json!({}))
            }
            Kind::Pay => {
                let amount = json!({ "amount": format!("{}.50", number % 90 + 1), "currency": "EUR" });
                let body = json!({ "customer_id": customer, "amount": amount });
                Some(("POST", "/v1/payments".to_owned(), body))
            }
            Kind::Update => {
                let name = json!({ "name": format!("{}-{number}", self.prefix) });
                Some(("PATCH", format!("/v1/customers/{customer}"), name))
            }
            Kind::Order => {
                let item = json!({ "type": "subscription", "plan": "crm_monthly" });
                let cart = json!({ "customer_id": customer, "items": [item], "consents": agreed() });
                Some(("POST", "/v1/orders".to_owned(), cart))
            }
        };
        let (kind, (method, path, body)) = match drawn {
            Some(drawn) => (kind, drawn),
            None => {
                let order = json!({ "customer_id": customer, "plan": "crm_monthly", "consents": agreed() });
                (Kind::Conclude, ("POST", "/v1/subscriptions".to_owned(), order))
            }
        };
        Sent {
            kind,
            key: format!("{}-{number}", self.prefix),
            method,
            path,
            body: body.to_string(),
            answer: None,
        }
    }

    /// Remembers what an answer makes possible.
    pub fn learn(&mut self, sent: &Sent, answer: &Answer) {
        let body = answer.json();
        let (Some(id), 201) = (body["id"].as_str(), answer.status) else {
            return;
        };
        match sent.kind {
            Kind::Conclude => self.contracts.push(id.to_owned()),
            Kind::Book => self.bookings.push(format!("{}/{id}", sent.path)),
            Kind::ChangePlan => self.plan_changes.push(id.to_owned()),
            Kind::Cancel => self.cancellations.push(id.to_owned()),
            _ => {}
        }
    }

    fn pick(&mut self, list: impl Fn(&Self) -> &Vec<String>) -> Option<String> {
        let count = list(self).len();
        if count == 0 {
            return None;
        }
        let place = self.random.random_range(0..count);
        list(self).get(place).cloned()
    }
}

/// New customers of the provider; `prefix` keeps their keys apart.
pub fn customers(client: &mut Client, prefix: &str, count: usize) -> Result<Vec<String>, Fault> {
    let address = json!({ "street": "Musterstraße 1", "postal_code": "20095", "city": "Hamburg", "country": "DE" });
    (0..count)
        .map(|number| {
            let body = json!({
                "customer_type": "business", "name": format!("Firma {number}"), "email": "post@example.com",
                "billing_address": address,
            });
            let key = format!("{prefix}-customer-{number}");
            text(&client.json("POST", "/v1/customers", Some(&key), &body)?["id"])
        })
        .collect()
}

/// How many events of each type these commands must have left.
pub fn effects<'a>(sent: impl IntoIterator<Item = &'a Sent>) -> BTreeMap<&'static str, i64> {
    let mut counted = BTreeMap::new();
    for one in sent {
        if let Some(event_type) = one.effect() {
            *counted.entry(event_type).or_default() += 1;
        }
    }
    counted
}
