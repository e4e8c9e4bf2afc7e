//! What is sold: the model's catalogue, as the provider publishes it, and as the model reads it.

use serde_json::{Value, json};

use super::fraction::Fraction;

/// A plan or an add-on, as the model sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tariff {
    /// Its key.
    pub key: String,
    /// Whether only businesses may buy it.
    pub only_business: bool,
    /// Whether prices contain the tax.
    pub gross: bool,
    /// Per cent.
    pub tax: i128,
    /// Months of a billing period.
    pub months: i32,
    /// Whether periods follow the calendar.
    pub calendar: bool,
    /// Whether, as an add-on, it is billed in its contract's periods.
    pub follows: bool,
    /// Prices: key, kind, cents of a unit for a whole period.
    pub prices: Vec<(String, Kind, Fraction)>,
    /// Smallest and greatest number of units.
    pub units: (u32, u32),
    /// Months of the minimum term.
    pub initial: Option<i32>,
    /// Months of each renewal; `None` for indefinitely.
    pub renewal: Option<i32>,
    /// Whether it ends by itself with the minimum term.
    pub ends_by_itself: bool,
    /// Months of notice.
    pub notice: i32,
    /// With what it can end.
    pub to: String,
    /// Whether use before a withdrawal is paid where an early start was asked for.
    pub compensation: bool,
    /// Whether a cancellation within the withdrawal period is a withdrawal.
    pub cancelling_withdraws: bool,
    /// Whether businesses may withdraw too.
    pub for_business_too: bool,
    /// As an add-on: plans on which it can be booked.
    pub allowed_for: Vec<String>,
}

/// What a price is multiplied with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Once per period.
    Flat,
    /// Once per period and unit.
    PerUnit,
    /// Once.
    OneOff,
}

impl Tariff {
    fn read(value: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let months = |value: &Value| value.as_str().map(duration);
        let terms = &value["terms"];
        let renewal = terms["renewal"].as_str();
        let prices = value["prices"].as_array().expect("prices").iter().map(|price| {
            let kind = match price["kind"].as_str() {
                Some("flat") => Kind::Flat,
                Some("per_unit") => Kind::PerUnit,
                _ => Kind::OneOff,
            };
            let amount = Fraction::decimal(price["amount"]["amount"].as_str().expect("an amount"));
            (text(&price["key"]), kind, amount * Fraction::whole(100))
        });
        let units = |name: &str| u32::try_from(value["quantity"][name].as_u64().expect("a number")).expect("a number");
        let allowed_for = value["allowed_for"].as_array().into_iter().flatten();
        Self {
            key: text(&value["key"]),
            only_business: value["sold_to"] == json!(["business"]),
            gross: value["price_mode"] == "gross",
            tax: text(&value["tax_rate"]).parse().expect("per cent"),
            months: months(&value["billing_interval"]).expect("an interval"),
            calendar: value["billing_alignment"] == "calendar",
            follows: value["billing"] == "with_contract",
            prices: prices.collect(),
            units: (units("minimum"), units("maximum")),
            initial: months(&terms["initial_term"]),
            renewal: renewal.filter(|text| *text != "indefinite").map(duration),
            ends_by_itself: !terms["initial_term"].is_null() && renewal.is_none(),
            notice: duration(terms["notice"].as_str().expect("a notice")),
            to: text(&terms["to"]),
            compensation: value["withdrawal"]["compensation"] == "pro_rata",
            cancelling_withdraws: value["withdrawal"]["cancel_within_14d_is_withdrawal"] == true,
            for_business_too: value["withdrawal"]["granted_to_business"] == true,
            allowed_for: allowed_for.map(text).collect(),
        }
    }
}

/// Months of `P3M`; no notice is `P0D`.
fn duration(text: &str) -> i32 {
    match text {
        "P0D" => 0,
        months => months.trim_matches(['P', 'M']).parse().expect("months"),
    }
}

/// The catalogue as the model reads it.
#[derive(Debug, Clone)]
pub struct Shop {
    /// Plans in their order.
    pub plans: Vec<Tariff>,
    /// Add-ons in their order.
    pub add_ons: Vec<Tariff>,
    /// From, to, timing.
    pub transitions: Vec<(String, String, String)>,
}

impl Shop {
    /// Reads a catalogue.
    pub fn read(catalogue: &Value) -> Self {
        let list = |name: &str| catalogue[name].as_array().expect("a list").iter();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Self {
            plans: list("plans").map(Tariff::read).collect(),
            add_ons: list("add_ons").map(Tariff::read).collect(),
            transitions: list("transitions")
                .map(|each| (text(&each["from"]), text(&each["to"]), text(&each["timing"])))
                .collect(),
        }
    }

    /// When a plan may be changed into another.
    pub fn timing(&self, from: &str, to: &str) -> Option<&str> {
        let found = self.transitions.iter().find(|each| each.0 == from && each.1 == to);
        found.map(|each| each.2.as_str())
    }
}

/// The catalogue: plans of every kind for everyone with the tax contained, others for businesses with the tax to be added.
pub fn catalogue() -> Value {
    let seats = json!({ "unit": "seat", "minimum": 1, "maximum": 6 });
    let base = |amount| json!([price("base", "flat", amount)]);
    let unit = |amount| json!([price("unit", "per_unit", amount)]);
    let business = json!(["business"]);
    let plans = json!([
        sold("basis", json!({ "prices": base("0.00") })),
        sold("team", json!({ "prices": unit("10.01"), "quantity": seats })),
        sold(
            "pro",
            json!({
                "prices": [price("base", "flat", "24.90"), price("unit", "per_unit", "3.33"), price("setup", "one_off", "25.00")],
                "quantity": seats, "terms": terms(Some("P3M"), Some("indefinite"), "P1M", "any_day"),
                "withdrawal": { "compensation": "pro_rata", "granted_to_business": true },
            })
        ),
        sold(
            "year",
            json!({
                "prices": base("199.00"), "billing_interval": "P12M", "withdrawal": { "compensation": "pro_rata" },
                "terms": terms(Some("P12M"), Some("indefinite"), "P1M", "any_day"),
            })
        ),
        sold(
            "quarters",
            json!({
                "prices": base("61.00"), "billing_interval": "P3M", "sold_to": business, "price_mode": "net", "tax_rate": "7",
                "terms": terms(None, None, "P3M", "quarter_end"),
            })
        ),
        sold(
            "renewing",
            json!({
                "prices": base("30.05"), "sold_to": business, "price_mode": "net",
                "terms": terms(Some("P6M"), Some("P6M"), "P1M", "term_end"),
            })
        ),
        sold(
            "fixed",
            json!({
                "prices": unit("31.00"), "billing_interval": "P3M", "sold_to": business, "price_mode": "net",
                "quantity": seats, "terms": terms(Some("P5M"), None, "P0D", "term_end"),
            })
        ),
        sold(
            "months",
            json!({
                "prices": unit("29.00"), "billing_alignment": "calendar", "sold_to": business, "price_mode": "net",
                "quantity": seats, "terms": terms(None, None, "P1M", "month_end"),
                "withdrawal": { "compensation": "none", "granted_to_business": true },
            })
        ),
    ]);
    let add_ons = json!([
        added(
            "users",
            json!({
                "prices": unit("5.90"), "quantity": seats, "allowed_for": ["basis", "team", "pro"],
                "withdrawal": { "compensation": "none", "cancel_within_14d_is_withdrawal": true, "granted_to_business": true },
            })
        ),
        added(
            "support",
            json!({
                "prices": base("39.00"), "billing": "independent", "allowed_for": ["team", "pro", "year"],
            })
        ),
        added(
            "storage",
            json!({
                "prices": unit("4.75"), "quantity": seats, "sold_to": business, "price_mode": "net",
                "allowed_for": ["renewing", "months"],
            })
        ),
    ]);
    let mut catalogue: Value = serde_json::from_str(include_str!("../../../src/demo/newsletter.json")).expect("JSON");
    catalogue["plans"] = plans;
    catalogue["add_ons"] = add_ons;
    catalogue["transitions"] = json!([
        to("basis", "team", "immediate"),
        to("basis", "pro", "immediate"),
        to("basis", "year", "immediate"),
        to("team", "basis", "period_end"),
        to("team", "pro", "immediate"),
        to("team", "year", "immediate"),
        to("pro", "basis", "notice_end"),
        to("pro", "team", "notice_end"),
        to("pro", "year", "immediate"),
        to("year", "basis", "notice_end"),
        to("year", "team", "notice_end"),
        to("year", "pro", "period_end"),
        to("quarters", "renewing", "notice_end"),
        to("renewing", "quarters", "immediate"),
    ]);
    catalogue
}

fn to(from: &str, to: &str, timing: &str) -> Value {
    json!({ "from": from, "to": to, "timing": timing, "consents": ["withdrawal_instruction"] })
}

fn price(key: &str, kind: &str, amount: &str) -> Value {
    let label = json!({ "de": key, "en": key });
    json!({ "key": key, "kind": kind, "amount": { "amount": amount, "currency": "EUR" }, "label": label })
}

fn terms(initial_term: Option<&str>, renewal: Option<&str>, notice: &str, to: &str) -> Value {
    json!({ "initial_term": initial_term, "renewal": renewal, "notice": notice, "to": to })
}

/// A monthly plan to be left with the end of a billing period; `differences` are merged over it.
fn sold(key: &str, differences: Value) -> Value {
    let mut plan = offered(key);
    plan["billing_alignment"] = json!("anniversary");
    merged(plan, differences)
}

/// The same as an add-on that is billed with its contract.
fn added(key: &str, differences: Value) -> Value {
    let mut add_on = offered(key);
    add_on["charging"] = json!("recurring");
    add_on["billing"] = json!("with_contract");
    merged(add_on, differences)
}

fn offered(key: &str) -> Value {
    let text = json!({ "de": key, "en": key });
    json!({
        "key": key, "product": "newsletter", "name": text, "description": text, "price_label": text,
        "sold_to": ["consumer", "business"], "price_mode": "gross", "tax_rate": "19", "billing_interval": "P1M",
        "terms": terms(None, None, "P0D", "billing_period_end"), "consents": ["withdrawal_instruction"],
        "quantity": { "unit": "contract", "minimum": 1, "maximum": 1 }, "withdrawal": { "compensation": "none" },
        "order_button": { "de": "zahlungspflichtig bestellen", "en": "order with obligation to pay" },
    })
}

fn merged(mut value: Value, differences: Value) -> Value {
    for (name, member) in differences.as_object().expect("members") {
        value[name] = member.clone();
    }
    value
}
