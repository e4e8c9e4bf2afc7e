//! Plans and add-ons: what both are sold with, and what only one of them has.

use std::collections::HashSet;

use super::{Catalogue, Faults, prices, terms, texts, unknown_reference};
use crate::domain::{
    catalogue::{AddOn, AddOnCharging, DocumentKind, Plan, Price, PriceKind, QuantityRule},
    customer_type::CustomerType,
    localized::LocalizedText,
    period::{BillingAlignment, BillingInterval},
    tax::{PriceMode, TaxRate},
    terms::Terms,
};

/// § 312j Abs. 3 BGB: the statutory words; an order under any other label may be void.
const ORDER_BUTTON_DE: &str = "zahlungspflichtig bestellen";
/// The same in the words of the English version of Art. 8(2) of Directive 2011/83/EU.
const ORDER_BUTTON_EN: &str = "order with obligation to pay";

/// What a plan and an add-on have in common.
struct Offer<'a> {
    at: String,
    product: &'a str,
    name: &'a LocalizedText,
    description: &'a LocalizedText,
    sold_to: &'a [CustomerType],
    price_mode: PriceMode,
    tax_rate: TaxRate,
    interval: Option<BillingInterval>,
    terms: Option<&'a Terms>,
    prices: &'a [Price],
    price_label: &'a LocalizedText,
    quantity: &'a QuantityRule,
    consents: &'a [String],
    order_button: &'a LocalizedText,
    is_paid: bool,
}

pub fn plans(faults: &mut Faults, catalogue: &Catalogue) {
    super::keys(
        faults,
        "/plans",
        "key",
        catalogue.plans.iter().map(|plan| plan.key.as_str()),
        texts::key,
    );
    for (index, plan) in catalogue.plans.iter().enumerate() {
        let at = format!("/plans/{index}");
        common(faults, catalogue, &Offer::of_plan(&at, plan));
        prices::recurring(faults, &at, &plan.prices);
        if plan.billing_alignment == BillingAlignment::Calendar && !plan.billing_interval.fits_calendar() {
            faults.add(
                format!("{at}/billing_alignment"),
                "alignment_impossible",
                "Dieser Abrechnungszeitraum passt nicht in das Kalenderjahr.",
                "This billing interval does not fit into the calendar year.",
            );
        }
        let features = plan.features.iter().map(|feature| feature.key.as_str());
        super::keys(faults, &format!("{at}/features"), "key", features, texts::key);
        for (number, feature) in plan.features.iter().enumerate() {
            texts::localized(
                faults,
                &format!("{at}/features/{number}/text"),
                &feature.text,
                texts::NAME,
            );
        }
        let limits = plan.limits.iter().map(|limit| limit.key.as_str());
        super::keys(faults, &format!("{at}/limits"), "key", limits, texts::limit_key);
        included(faults, catalogue, &at, plan);
    }
}

fn included(faults: &mut Faults, catalogue: &Catalogue, at: &str, plan: &Plan) {
    let keys: Vec<&str> = plan
        .included_add_ons
        .iter()
        .map(|included| included.add_on.as_str())
        .collect();
    super::keys(
        faults,
        &format!("{at}/included_add_ons"),
        "add_on",
        keys.into_iter(),
        |_, _, _| {},
    );
    for (number, included) in plan.included_add_ons.iter().enumerate() {
        let at = format!("{at}/included_add_ons/{number}");
        match catalogue.add_on(&included.add_on) {
            None => unknown_reference(faults, format!("{at}/add_on"), "add_ons", &included.add_on),
            Some(add_on) if !add_on.quantity.allows(included.quantity) => faults.add(
                format!("{at}/quantity"),
                "quantity_out_of_range",
                "Diese Menge erlaubt die Zusatzoption nicht.",
                "The add-on does not allow this quantity.",
            ),
            Some(_) => {}
        }
    }
}

pub fn add_ons(faults: &mut Faults, catalogue: &Catalogue) {
    super::keys(
        faults,
        "/add_ons",
        "key",
        catalogue.add_ons.iter().map(|add_on| add_on.key.as_str()),
        texts::key,
    );
    for (index, add_on) in catalogue.add_ons.iter().enumerate() {
        let at = format!("/add_ons/{index}");
        common(faults, catalogue, &Offer::of_add_on(&at, add_on));
        charging(faults, &at, add_on);
        let entitlements = add_on.entitlements.iter().map(|entitlement| entitlement.key.as_str());
        super::keys(
            faults,
            &format!("{at}/entitlements"),
            "key",
            entitlements,
            texts::limit_key,
        );
        for (number, entitlement) in add_on.entitlements.iter().enumerate() {
            if !(1..=u64::from(QuantityRule::SYSTEM_MAXIMUM)).contains(&entitlement.per_unit) {
                quantity_out_of_range(faults, format!("{at}/entitlements/{number}/per_unit"));
            }
        }
        details(faults, &at, add_on);
        super::unique(
            faults,
            &format!("{at}/allowed_for"),
            "entry_duplicate",
            &add_on.allowed_for,
        );
        for (number, key) in add_on.allowed_for.iter().enumerate() {
            let pointer = format!("{at}/allowed_for/{number}");
            match catalogue.plan(key) {
                None => unknown_reference(faults, pointer, "plans", key),
                Some(plan)
                    if !add_on
                        .sold_to
                        .iter()
                        .any(|customer_type| plan.is_sold_to(*customer_type)) =>
                {
                    faults.add(
                        pointer,
                        "add_on_customer_types_disjoint",
                        "Der Tarif wird an keine Kundengruppe der Zusatzoption verkauft.",
                        "The plan is not sold to any type of customer of the add-on.",
                    )
                }
                Some(_) => {}
            }
        }
    }
}

/// What only those entitled are told, and the hours of support.
fn details(faults: &mut Faults, at: &str, add_on: &AddOn) {
    let keys = add_on.details.iter().map(|detail| detail.key.as_str());
    super::keys(faults, &format!("{at}/details"), "key", keys, texts::key);
    for (number, detail) in add_on.details.iter().enumerate() {
        let at = format!("{at}/details/{number}");
        texts::localized(faults, &format!("{at}/label"), &detail.label, texts::NAME);
        texts::plain(faults, &format!("{at}/value"), &detail.value, texts::NAME);
    }
    let Some(support) = &add_on.support else { return };
    if !(1..=24 * 30).contains(&support.answer_within_hours) {
        quantity_out_of_range(faults, format!("{at}/support/answer_within_hours"));
    }
    for (number, window) in support.windows.iter().enumerate() {
        if window.from >= window.to || window.days.is_empty() {
            faults.add(
                format!("{at}/support/windows/{number}"),
                "support_window_empty",
                "Diese Sprechzeit umfasst keine Zeit.",
                "These support hours cover no time.",
            );
        }
    }
}

/// A recurring add-on says how it is billed and how it ends; a one-off one has neither.
fn charging(faults: &mut Faults, at: &str, add_on: &AddOn) {
    let members = [
        ("billing", add_on.billing.is_some()),
        ("billing_interval", add_on.billing_interval.is_some()),
        ("terms", add_on.terms.is_some()),
    ];
    for (member, given) in members {
        match add_on.charging {
            AddOnCharging::Recurring if !given => faults.add(
                format!("{at}/{member}"),
                "member_missing",
                format!("Eine laufende Zusatzoption braucht „{member}“."),
                format!("A recurring add-on needs `{member}`."),
            ),
            AddOnCharging::OneOff if given => faults.add(
                format!("{at}/{member}"),
                "member_not_allowed",
                format!("Eine einmalige Zusatzoption hat kein „{member}“."),
                format!("A one-off add-on has no `{member}`."),
            ),
            AddOnCharging::Recurring | AddOnCharging::OneOff => {}
        }
    }
    if add_on.charging == AddOnCharging::Recurring {
        prices::recurring(faults, at, &add_on.prices);
        return;
    }
    for (number, price) in add_on.prices.iter().enumerate() {
        if price.kind != PriceKind::OneOff {
            faults.add(
                format!("{at}/prices/{number}/kind"),
                "price_kind_not_allowed",
                "Eine einmalige Zusatzoption hat nur einmalige Preise.",
                "A one-off add-on has one-off prices only.",
            );
        }
    }
}

fn common(faults: &mut Faults, catalogue: &Catalogue, offer: &Offer<'_>) {
    let at = |member: &str| format!("{}/{member}", offer.at);
    if catalogue.product(offer.product).is_none() {
        unknown_reference(faults, at("product"), "products", offer.product);
    }
    texts::localized(faults, &at("name"), offer.name, texts::NAME);
    texts::localized(faults, &at("description"), offer.description, texts::PARAGRAPH);
    texts::localized(faults, &at("price_label"), offer.price_label, texts::NAME);
    texts::localized(faults, &at("order_button"), offer.order_button, texts::SHORT);
    if offer.sold_to.is_empty() {
        faults.add(
            at("sold_to"),
            "list_empty",
            "Es fehlt, an wen verkauft wird: „consumer“, „business“ oder beide.",
            "It is missing to whom this is sold: `consumer`, `business` or both.",
        );
    }
    super::unique(faults, &at("sold_to"), "entry_duplicate", offer.sold_to);
    prices::tax_rate(faults, at("tax_rate"), offer.tax_rate);
    prices::check(faults, &offer.at, offer.prices, catalogue.provider.currency);
    quantity(faults, &at("quantity"), offer.quantity);
    consents(faults, catalogue, &offer.at, offer.consents);
    let for_consumers = offer.sold_to.contains(&CustomerType::Consumer);
    if let Some(terms) = offer.terms {
        terms::check(faults, &offer.at, terms, offer.interval, for_consumers);
    }
    if for_consumers {
        consumer(faults, catalogue, offer);
    }
}

/// What only offers to consumers must keep to, apart from their terms.
fn consumer(faults: &mut Faults, catalogue: &Catalogue, offer: &Offer<'_>) {
    if offer.price_mode != PriceMode::Gross {
        faults.add(
            format!("{}/price_mode", offer.at),
            "consumer_price_not_gross",
            "Verbrauchern sind Gesamtpreise einschließlich Umsatzsteuer zu nennen (§ 3 PAngV): „gross“.",
            "Consumers must be quoted total prices including tax (§ 3 PAngV): `gross`.",
        );
    }
    if !offer.is_paid {
        return;
    }
    for (language, label, required) in [
        ("de", &offer.order_button.de, ORDER_BUTTON_DE),
        ("en", &offer.order_button.en, ORDER_BUTTON_EN),
    ] {
        if label.to_lowercase() != required {
            faults.add(
                format!("{}/order_button/{language}", offer.at),
                "order_button_not_allowed",
                format!("Wo Verbraucher zahlen, muss die Schaltfläche „{required}“ heißen (§ 312j Abs. 3 BGB)."),
                format!("Where consumers pay, the button must read `{required}` (§ 312j Abs. 3 BGB)."),
            );
        }
    }
    withdrawal_instruction(faults, catalogue, &offer.at, offer.consents);
}

/// Consumers who pay must be given the withdrawal instruction, or the period does not begin (§ 356 Abs. 3 BGB).
pub fn withdrawal_instruction(faults: &mut Faults, catalogue: &Catalogue, at: &str, consents: &[String]) {
    let is_instruction = |key: &String| {
        let documents = &catalogue.legal_documents;
        documents
            .iter()
            .any(|document| document.key == *key && document.kind == DocumentKind::WithdrawalInstruction)
    };
    if !consents.iter().any(is_instruction) {
        faults.add(
            format!("{at}/consents"),
            "withdrawal_instruction_missing",
            "Zahlenden Verbrauchern muss eine Widerrufsbelehrung vorgelegt werden (§ 312g, § 356 Abs. 3 BGB).",
            "Consumers who pay must be shown a withdrawal instruction (§ 312g, § 356 Abs. 3 BGB).",
        );
    }
}

/// Consents name documents, each once.
pub fn consents(faults: &mut Faults, catalogue: &Catalogue, at: &str, consents: &[String]) {
    super::unique(faults, &format!("{at}/consents"), "entry_duplicate", consents);
    let known: HashSet<&str> = catalogue
        .legal_documents
        .iter()
        .map(|document| document.key.as_str())
        .collect();
    for (index, key) in consents.iter().enumerate() {
        if !known.contains(key.as_str()) {
            unknown_reference(faults, format!("{at}/consents/{index}"), "legal_documents", key);
        }
    }
}

fn quantity(faults: &mut Faults, at: &str, rule: &QuantityRule) {
    texts::key(faults, &format!("{at}/unit"), &rule.unit);
    if !(1..=QuantityRule::SYSTEM_MAXIMUM).contains(&rule.minimum) {
        quantity_out_of_range(faults, format!("{at}/minimum"));
    }
    match rule.maximum {
        Some(maximum) if maximum > QuantityRule::SYSTEM_MAXIMUM => {
            quantity_out_of_range(faults, format!("{at}/maximum"))
        }
        Some(maximum) if maximum < rule.minimum => faults.add(
            format!("{at}/maximum"),
            "quantity_maximum_below_minimum",
            "Die Höchstmenge liegt unter der Mindestmenge.",
            "The maximum is below the minimum.",
        ),
        _ => {}
    }
}

fn quantity_out_of_range(faults: &mut Faults, pointer: String) {
    faults.add(
        pointer,
        "quantity_out_of_range",
        format!("Zulässig sind Mengen von 1 bis {}.", QuantityRule::SYSTEM_MAXIMUM),
        format!("Quantities from 1 to {} are allowed.", QuantityRule::SYSTEM_MAXIMUM),
    );
}

impl<'a> Offer<'a> {
    fn of_plan(at: &str, plan: &'a Plan) -> Self {
        Self {
            at: at.to_owned(),
            product: &plan.product,
            name: &plan.name,
            description: &plan.description,
            sold_to: &plan.sold_to,
            price_mode: plan.price_mode,
            tax_rate: plan.tax_rate,
            interval: Some(plan.billing_interval),
            terms: Some(&plan.terms),
            prices: &plan.prices,
            price_label: &plan.price_label,
            quantity: &plan.quantity,
            consents: &plan.consents,
            order_button: &plan.order_button,
            is_paid: plan.is_paid(),
        }
    }

    fn of_add_on(at: &str, add_on: &'a AddOn) -> Self {
        Self {
            at: at.to_owned(),
            product: &add_on.product,
            name: &add_on.name,
            description: &add_on.description,
            sold_to: &add_on.sold_to,
            price_mode: add_on.price_mode,
            tax_rate: add_on.tax_rate,
            interval: add_on.billing_interval,
            terms: add_on.terms.as_ref(),
            prices: &add_on.prices,
            price_label: &add_on.price_label,
            quantity: &add_on.quantity,
            consents: &add_on.consents,
            order_button: &add_on.order_button,
            is_paid: add_on.is_paid(),
        }
    }
}
