//! Transitions: both ends exist, fit together and are joined once.

use std::collections::HashSet;

use super::{Catalogue, Faults, offers, texts, unknown_reference};
use crate::domain::{
    catalogue::{Plan, Transition},
    customer_type::CustomerType,
};

pub fn transitions(faults: &mut Faults, catalogue: &Catalogue) {
    let mut seen = HashSet::new();
    for (index, transition) in catalogue.transitions.iter().enumerate() {
        let at = format!("/transitions/{index}");
        let (from, to) = (catalogue.plan(&transition.from), catalogue.plan(&transition.to));
        for (member, key, plan) in [("from", &transition.from, from), ("to", &transition.to, to)] {
            if plan.is_none() {
                unknown_reference(faults, format!("{at}/{member}"), "plans", key);
            }
        }
        if transition.from == transition.to {
            faults.add(
                format!("{at}/to"),
                "transition_to_itself",
                "Ein Tarif kann nicht in sich selbst gewechselt werden.",
                "A plan cannot be changed into itself.",
            );
        } else if let (Some(from), Some(to)) = (from, to) {
            ends(faults, catalogue, &at, transition, from, to);
        }
        if !seen.insert((&transition.from, &transition.to)) {
            faults.add(
                at.clone(),
                "transition_duplicate",
                "Zwischen diesen beiden Tarifen ist schon ein Wechsel beschrieben.",
                "A transition between these two plans is already there.",
            );
        }
        offers::consents(faults, catalogue, &at, &transition.consents);
        let codes = transition
            .consequences
            .iter()
            .map(|consequence| consequence.code.as_str());
        super::keys(faults, &format!("{at}/consequences"), "code", codes, texts::key);
        for (number, consequence) in transition.consequences.iter().enumerate() {
            texts::localized(
                faults,
                &format!("{at}/consequences/{number}/text"),
                &consequence.text,
                texts::PARAGRAPH,
            );
        }
    }
}

fn ends(faults: &mut Faults, catalogue: &Catalogue, at: &str, transition: &Transition, from: &Plan, to: &Plan) {
    if !from.sold_to.iter().any(|customer_type| to.is_sold_to(*customer_type)) {
        faults.add(
            format!("{at}/to"),
            "transition_customer_types_disjoint",
            "Der neue Tarif wird an keine Kundengruppe des alten verkauft.",
            "The new plan is not sold to any type of customer of the old one.",
        );
    }
    if from.price_mode != to.price_mode {
        faults.add(
            format!("{at}/to"),
            "transition_price_modes_differ",
            "Ein Wechsel zwischen Netto- und Bruttopreisen lässt sich nicht verrechnen.",
            "A change between net and gross prices cannot be settled.",
        );
    }
    let consumers = |plan: &Plan| plan.is_sold_to(CustomerType::Consumer);
    if consumers(from) && consumers(to) && to.is_paid() {
        offers::withdrawal_instruction(faults, catalogue, at, &transition.consents);
    }
}
