//! The running server as a customer meets it: commands over HTTP under a test clock, and the picture its answers make.

use std::collections::HashMap;

use serde_json::{Value, json};
use time::Date;
use vertragswerk::services::due;

use super::compare::SHOP;
use super::picture::{Billed, Facts, Picture};
use super::steps::{Command, Story};
use crate::helpers::TestApp;
use crate::helpers::http::{Answer, Caller};
use crate::scenarios::story::{Transcript, minor};

/// The demo provider that sells the model's catalogue.
pub const PROVIDER: &str = "rundbriefwerk";

/// One customer in a session, on a test clock of its own.
pub struct Portal<'a> {
    app: &'a TestApp<'static>,
    transcript: Transcript,
    customer: Caller,
    clock: String,
    today: Date,
    /// Addresses of contracts and bookings in the order in which they were concluded.
    items: Vec<String>,
    /// Addresses of the declarations about each of them.
    changes: Vec<Vec<String>>,
}

impl<'a> Portal<'a> {
    /// A new customer; every answer goes into the transcript.
    pub async fn open(app: &'a TestApp<'static>, story: &Story, transcript: &Transcript) -> Self {
        let today = story.begins();
        let clock = app.test_clock(PROVIDER, &instant(today)).await;
        let customer_type = if story.consumer { "consumer" } else { "business" };
        let members = json!({ "test_clock_id": clock, "customer_type": customer_type });
        let (_, customer) = app.customer_with(PROVIDER, members).await;
        Self {
            app,
            transcript: transcript.clone(),
            customer,
            clock,
            today,
            items: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// Does what the command says; answers whether the server did.
    pub async fn run(&mut self, command: &Command) -> bool {
        match *command {
            Command::Conclude {
                plan,
                units,
                delay,
                early,
            } => {
                let order = json!({
                    "plan": SHOP.plans[plan].key, "quantity": units, "early_start_requested": early,
                    "starts_on": (self.today + time::Duration::days(delay)).to_string(),
                });
                self.conclude("/v1/subscriptions", order).await
            }
            Command::Book { on, add_on, units } => {
                let order = json!({ "add_on": SHOP.add_ons[add_on].key, "quantity": units });
                let address = format!("{}/add-ons", self.items[on]);
                self.conclude(&address, order).await
            }
            Command::ChangePlan {
                item,
                plan,
                units,
                replace,
            } => {
                let mut body = json!({ "plan": SHOP.plans[plan].key, "consents": consents() });
                if let Some(units) = units {
                    body["quantity"] = json!(units);
                }
                self.change(item, "plan-changes", body, replace).await
            }
            Command::ChangeUnits { item, units, replace } => {
                let booked = self.items[item].contains("/add-ons/");
                let (name, mut body) = match booked {
                    true => ("quantity-changes", json!({})),
                    false => ("plan-changes", json!({ "consents": consents() })),
                };
                body["quantity"] = json!(units);
                self.change(item, name, body, replace).await
            }
            Command::Cancel { item, wish } => self.cancel(item, wish).await,
            Command::Revoke { item, change } => {
                let address = format!("{}/revoke", self.changes[item][change]);
                self.post(&address, json!({})).await.is_some()
            }
            Command::Withdraw { item } => {
                let address = format!("{}/withdrawals", self.items[item]);
                self.post(&address, json!({})).await.is_some()
            }
            Command::Bill => {
                due::run_batch(&self.app.state).expect("a run of the due loop");
                true
            }
            Command::Pass { days } => {
                self.today += time::Duration::days(days);
                self.app.advance(PROVIDER, &self.clock, &instant(self.today)).await;
                true
            }
        }
    }

    /// Posts a command; its answer if it was carried out, nothing if it was refused.
    async fn post(&self, address: &str, body: Value) -> Option<Value> {
        let answer = self.customer.post(address, body.clone()).await;
        self.transcript.note(ordered(answer.json.clone()));
        match answer.status {
            200 | 201 => Some(answer.json),
            409 | 422 if answer.json["code"] != "validation_failed" => None,
            _ => panic!("{} {body}\n{} {}", answer.asked, answer.status, answer.text),
        }
    }

    async fn conclude(&mut self, address: &str, mut order: Value) -> bool {
        order["consents"] = consents();
        order["order_button_text"] = json!("zahlungspflichtig bestellen");
        let Some(concluded) = self.post(address, order).await else {
            return false;
        };
        self.items.push(format!("{address}/{}", id(&concluded)));
        self.changes.push(Vec::new());
        true
    }

    async fn change(&mut self, item: usize, name: &str, mut body: Value, replace: bool) -> bool {
        body["early_start_requested"] = json!(replace);
        body["order_button_text"] = json!("zahlungspflichtig bestellen");
        let pending = self.customer.get(&self.items[item]).await.expect(200)["pending_change"].clone();
        if replace && pending["type"] == "plan_change" {
            body["supersedes"] = pending["id"].clone();
        }
        let Some(changed) = self.post(&format!("{}/{name}", self.items[item]), body).await else {
            return false;
        };
        self.changes[item].push(format!("/v1/plan-changes/{}", id(&changed)));
        true
    }

    async fn cancel(&mut self, item: usize, wish: Option<Date>) -> bool {
        let mut body = match self.items[item].contains("/add-ons/") {
            true => json!({ "confirm": true }),
            false => json!({}),
        };
        if let Some(wish) = wish {
            body["wish_on"] = json!(wish.to_string());
        }
        let Some(cancelled) = self.post(&format!("{}/cancellations", self.items[item]), body).await else {
            return false;
        };
        let address = format!("/v1/cancellations/{}", id(&cancelled));
        if cancelled["treated_as"] != "withdrawal" && !self.changes[item].contains(&address) {
            self.changes[item].push(address);
        }
        true
    }

    /// What can be seen of the customer.
    pub async fn picture(&self) -> Picture {
        let mut names = self.names();
        let mut papers = self.all("/v1/invoices", &mut names).await;
        let corrections = self.all("/v1/credit-notes", &mut names).await;
        let charges = self.all("/v1/charges", &mut names).await;
        papers.extend(corrections.iter().cloned());
        let mut picture = Picture::default();
        for (number, address) in self.items.iter().enumerate() {
            let item = self.transcript.note(self.customer.get(address).await.expect(200));
            let pending = &item["pending_change"];
            let is_change = pending["type"] == "plan_change";
            let tariff = if item["plan"].is_object() {
                &item["plan"]["key"]
            } else {
                &item["add_on"]["key"]
            };
            let facts = Facts {
                status: item["status"].as_str().expect("a status"),
                tariff: tariff.as_str().expect("a key"),
                units: u32::try_from(item["quantity"].as_u64().expect("units")).expect("units"),
                days: (date(&item["starts_on"]).expect("a day"), date(&item["ends_on"])),
                charged_through: date(&item["billed_through_on"]),
                change: date(&pending["effective_on"]).filter(|_| is_change).map(|day| {
                    (
                        day,
                        u32::try_from(pending["quantity"].as_u64().expect("units")).expect("units"),
                    )
                }),
                earliest_end: self.earliest_end(address, pending).await,
            };
            let own = charges
                .iter()
                .filter(|charge| self.items[number].ends_with(item_of(charge)));
            picture.item(number, &facts, &billed(&own.collect::<Vec<_>>(), &papers));
        }
        let corrects = |paper: &Value| corrections.contains(paper);
        let documents = papers.iter().map(|paper| {
            let totals = &paper["totals"];
            let lines = paper["lines"].as_array().expect("lines").len();
            let (net, tax) = (i128::from(minor(&totals["net"])), i128::from(minor(&totals["tax"])));
            (
                date(&paper["issued_on"]).expect("a day"),
                corrects(paper),
                lines,
                net,
                tax,
            )
        });
        picture.documents(documents.collect());
        picture
    }

    /// When an item could end, as the preview of a cancellation says.
    async fn earliest_end(&self, address: &str, pending: &Value) -> Option<Date> {
        if pending["type"] == "cancellation" {
            return None;
        }
        let preview: Answer = self
            .customer
            .post(&format!("{address}/cancellations/preview"), json!({}))
            .await;
        self.transcript.note(ordered(preview.json.clone()));
        let texts = preview.json["texts"].to_string();
        date(&preview.json["effective_on"])
            .filter(|_| preview.status == 200 && !texts.contains("treated_as_withdrawal"))
    }

    /// What items and declarations are called in every run, whatever their ids are.
    fn names(&self) -> HashMap<String, String> {
        let last = |address: &String| address.rsplit('/').next().unwrap_or_default().to_owned();
        let items = self.items.iter().enumerate();
        let items = items.map(|(number, address)| (last(address), format!("#{number}")));
        let changes = self.changes.iter().flatten().enumerate();
        let changes = changes.map(|(number, address)| (last(address), format!("change {number}")));
        items.chain(changes).collect()
    }

    /// All pages of a list; its members are given names.
    async fn all(&self, path: &str, names: &mut HashMap<String, String>) -> Vec<Value> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self
                .customer
                .get(&format!("{path}?limit=100{cursor}"))
                .await
                .expect(200);
            found.extend(page["data"].as_array().expect("a list").iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        let mut noted = found.clone();
        for paper in noted.iter_mut().filter_map(Value::as_object_mut) {
            // The hash of a document with the ids on it, and its lines, which are in the order of ids too where all else is equal.
            paper.remove("sha256");
            if let Some(lines) = paper.get_mut("lines").and_then(Value::as_array_mut) {
                lines.sort_by_cached_key(|line| named(line, names).to_string());
            }
        }
        // Within a day lists are in the order of ids, which differ from run to run. Twice, because members name one another.
        for _ in 0..2 {
            noted.sort_by_cached_key(|each| named(each, names).to_string());
            for each in &noted {
                names.insert(id(each).to_owned(), named(each, names).to_string());
            }
        }
        self.transcript.note(json!(noted));
        found
    }
}

/// The charges that count with the credits that reduce them.
fn billed(charges: &[&Value], papers: &[Value]) -> Vec<Billed> {
    let counting = || charges.iter().copied().filter(|charge| charge["status"] != "voided");
    let part = |charge: &Value| {
        // What stays after a correction stands on that, not on the invoice.
        let names = ["credit_note_id", "invoice_id"].into_iter();
        let on = names
            .filter_map(|name| papers.iter().find(|paper| paper["id"] == charge[name]))
            .next();
        (
            i128::from(minor(&charge["amount"])),
            on.and_then(|paper| date(&paper["issued_on"])),
        )
    };
    let roots = counting().filter(|charge| charge["kind"] != "credit");
    let bills = roots.map(|charge| {
        let credits = counting().filter(|credit| credit["original_charge_id"] == charge["id"]);
        Billed {
            price: charge["label"].as_str().expect("a label").to_owned(),
            days: (
                date(&charge["from_on"]).expect("a day"),
                date(&charge["through_on"]).expect("a day"),
            ),
            units: i128::from(charge["quantity"].as_u64().expect("units")),
            parts: std::iter::once(charge).chain(credits).map(part).collect(),
        }
    });
    bills.collect()
}

/// A value with names in the place of ids.
fn named(value: &Value, names: &HashMap<String, String>) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), named(member, names)))
            .collect(),
        Value::Array(members) => members.iter().map(|member| named(member, names)).collect(),
        Value::String(text) if is_id(text) => json!(names.get(text)),
        other => other.clone(),
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 30 && text.as_bytes()[3] == b'_'
}

/// An answer in an order of its own: where all else is equal, lists are in the order of ids, which differ from run to run.
fn ordered(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| (name, ordered(member)))
            .collect(),
        Value::Array(members) if members.len() > 1 && members.iter().all(|one| one.as_str().is_some_and(is_id)) => {
            json!(members.len())
        }
        Value::Array(members) => {
            let mut members: Vec<Value> = members.into_iter().map(ordered).collect();
            members.sort_by_cached_key(|member| named(member, &HashMap::new()).to_string());
            json!(members)
        }
        other => other,
    }
}

fn item_of(charge: &Value) -> &str {
    let id = if charge["add_on_booking_id"].is_string() {
        "add_on_booking_id"
    } else {
        "subscription_id"
    };
    charge[id].as_str().expect("an id")
}

fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

fn date(value: &Value) -> Option<Date> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    value.as_str().map(|text| Date::parse(text, format).expect("a date"))
}

/// Ten or eleven in the morning in Berlin.
fn instant(day: Date) -> String {
    format!("{day}T09:00:00Z")
}

fn consents() -> Value {
    json!([{ "document": "withdrawal_instruction", "version": "2020-01", "accepted": true }])
}
