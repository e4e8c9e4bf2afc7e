//! What is said about a presence: where it goes and what that costs.

use super::{Presence, passing::Passing};
use crate::domain::{
    account::Circumstances,
    calendar::{english, german},
    catalogue::{Plan, SlotKind, SlotTarget},
    localized::LocalizedText,
    period::BillingInterval,
    preview::PreviewText,
    subscription::Subscription,
};

/// What it is about, as the customer named it: `„Mein Laden“ (Mietshop)`.
pub fn name_of(presence: &Presence, target: &SlotTarget) -> LocalizedText {
    let (name, what) = (&presence.name, &target.name);
    LocalizedText::new(format!("„{name}“ ({})", what.de), format!("“{name}” ({})", what.en))
}

/// The same as a sentence of a preview.
pub fn presence(presence: &Presence, target: &SlotTarget) -> PreviewText {
    PreviewText {
        code: "presence",
        text: name_of(presence, target),
    }
}

/// Into which package something goes, in the provider's words where it has some: `Wird in bestehendes Premium Paket eingefügt.`
pub fn goes_into(kind: &SlotKind, plan: &Plan) -> LocalizedText {
    kind.package_text(&plan.key).cloned().unwrap_or_else(|| {
        LocalizedText::new(
            format!("Wird in den bestehenden Vertrag „{}“ eingefügt.", plan.name.de),
            format!("Goes into your existing contract “{}”.", plan.name.en),
        )
    })
}

/// The price of a free slot: `0,00 € mtl.`
pub fn price_of_nothing(interval: BillingInterval, circumstances: &Circumstances<'_>) -> LocalizedText {
    let currency = circumstances.provider.currency.as_str();
    let (sign_de, sign_en) = if currency == "EUR" {
        ("€".to_owned(), "€".to_owned())
    } else {
        (currency.to_owned(), format!("{currency} "))
    };
    let (per_de, per_en) = match interval.months() {
        1 => ("mtl.".to_owned(), "per month".to_owned()),
        12 => ("jährl.".to_owned(), "per year".to_owned()),
        months => (format!("je {months} Monate"), format!("per {months} months")),
    };
    LocalizedText::new(format!("0,00 {sign_de} {per_de}"), format!("{sign_en}0.00 {per_en}"))
}

/// Into which package something goes, that it costs nothing, and until when it lasts where the package ends.
pub fn free_slot(kind: &SlotKind, contract: &Subscription, circumstances: &Circumstances<'_>) -> Vec<PreviewText> {
    let Some(phase) = contract.phase_on(circumstances.today) else {
        return Vec::new();
    };
    let price = price_of_nothing(phase.schedule.interval, circumstances);
    let mut texts = vec![
        PreviewText {
            code: "goes_into_package",
            text: goes_into(kind, &phase.plan.plan),
        },
        total_price(&price),
    ];
    texts.extend(contract.ends_on.map(|end| {
        PreviewText::new(
            "package_ends",
            format!("Der Vertrag endet am {}.", german(end)),
            format!("The contract ends on {}.", english(end)),
        )
    }));
    texts
}

/// That a contract is concluded because no package has room that lasts, and what it costs.
pub fn no_free_slot(plan: &Plan, passing: Option<(&Plan, Passing<'_>)>) -> Vec<PreviewText> {
    let (de, en) = (&plan.name.de, &plan.name.en);
    let reason = match passing {
        None => PreviewText::new(
            "no_free_slot",
            format!("Kein Paket hat einen freien Platz; es wird ein Vertrag {de} geschlossen."),
            format!("No package has a free slot; a contract {en} is concluded."),
        ),
        Some((package, Passing::Ends(on))) => PreviewText::new(
            "free_slot_ends",
            format!(
                "{} hat noch einen freien Platz, endet aber am {}; deshalb wird ein Vertrag {de} geschlossen.",
                package.name.de,
                german(on)
            ),
            format!(
                "{} still has a free slot but ends on {}; therefore a contract {en} is concluded.",
                package.name.en,
                english(on)
            ),
        ),
        Some((package, Passing::Shrinks(phase))) => PreviewText::new(
            "free_slot_ends",
            format!(
                "{} hat nach der vorgemerkten Änderung zum {} keinen freien Platz mehr; deshalb wird ein Vertrag {de} geschlossen.",
                package.name.de,
                german(phase.from_on)
            ),
            format!(
                "{} has no free slot after the pending change of {}; therefore a contract {en} is concluded.",
                package.name.en,
                english(phase.from_on)
            ),
        ),
    };
    vec![reason, total_price(&plan.price_label)]
}

fn total_price(label: &LocalizedText) -> PreviewText {
    PreviewText::new(
        "total_price",
        format!("Endpreis: {}", label.de),
        format!("Total price: {}", label.en),
    )
}
