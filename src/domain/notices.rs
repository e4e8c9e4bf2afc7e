//! What a contract's page must say while a change is pending, ready to show (seed 001's banner).

use time::Date;

use super::{
    calendar::{english, german, previous_day},
    catalogue::{Catalogue, Consequence},
    change::{Change, ChangeKind, Review},
    localized::LocalizedText,
    plan_version::PlanVersion,
    subscription::{Subscription, SubscriptionStatus},
};

/// A sentence or three about what is going to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Stable code: `plan_change_pending`, `quantity_change_pending`, `cancellation_pending`, `ends_by_itself`.
    pub code: &'static str,
    /// The change it is about, which may be revoked; `None` where the term ends by itself.
    pub change_id: Option<String>,
    /// Last day on which everything is as it was.
    pub through_on: Date,
    /// The words to show.
    pub text: LocalizedText,
    /// What else the customer must know, as the catalogue says it of this transition.
    pub consequences: Vec<Consequence>,
}

/// The notices of a contract on `today`: none once it has ended.
pub fn notices(subscription: &Subscription, catalogue: &Catalogue, today: Date) -> Vec<Notice> {
    let status = subscription.status_on(today);
    if !matches!(status, SubscriptionStatus::Scheduled | SubscriptionStatus::Active) {
        return Vec::new();
    }
    let mut notices = Vec::new();
    let cancellation = subscription.pending(ChangeKind::Cancellation);
    if let Some(change) = subscription.pending(ChangeKind::PlanChange)
        && cancellation.is_none()
    {
        notices.extend(plan_change(subscription, catalogue, change));
    }
    match (cancellation, subscription.ends_on) {
        (Some(change), end) => notices.push(ending(
            subscription,
            catalogue,
            change,
            end.unwrap_or(change.effective_on),
        )),
        (None, Some(end)) if end >= today => notices.push(term_end(end)),
        _ => {}
    }
    notices
}

fn plan_change(subscription: &Subscription, catalogue: &Catalogue, change: &Change) -> Option<Notice> {
    let details = change.plan_change()?;
    let version = |id: &str| {
        let phase = subscription.phases.iter().find(|phase| phase.plan.id == id);
        phase.map(|phase| phase.plan.as_ref())
    };
    let (from, to) = version(&details.from_plan_version_id).zip(version(&details.to_plan_version_id))?;
    let (through_on, starts_on) = (previous_day(change.effective_on), change.effective_on);
    let (name, after) = (&to.plan.name, amount(to, details.to_quantity));
    if details.is_quantity_only() {
        let before = amount(from, details.from_quantity);
        let text = LocalizedText::new(
            format!(
                "Bis zum {} bleibt es bei {}{}. Ab dem {} gilt {}{}.",
                german(through_on),
                name.de,
                before.de,
                german(starts_on),
                name.de,
                after.de
            ),
            format!(
                "Until {} it stays at {}{}. From {} {}{} applies.",
                english(through_on),
                name.en,
                before.en,
                english(starts_on),
                name.en,
                after.en
            ),
        );
        return Some(notice("quantity_change_pending", change, through_on, text, Vec::new()));
    }
    let text = LocalizedText::new(
        format!(
            "Ihr aktueller Vertrag {} wird zum {} gekündigt. Bis dahin können Sie Ihre bisherigen Funktionen in vollem Umfang \
             nutzen. Ab dem {} verwenden Sie {}{}.",
            from.plan.name.de,
            german(through_on),
            german(starts_on),
            name.de,
            after.de
        ),
        format!(
            "Your present contract {} ends on {}. Until then you can use your functions in full. From {} you use {}{}.",
            from.plan.name.en,
            english(through_on),
            english(starts_on),
            name.en,
            after.en
        ),
    );
    let transition = catalogue.transition(&from.plan.key, &to.plan.key);
    let consequences = transition
        .map(|transition| transition.consequences.clone())
        .unwrap_or_default();
    Some(notice("plan_change_pending", change, through_on, text, consequences))
}

fn notice(
    code: &'static str,
    change: &Change,
    through_on: Date,
    text: LocalizedText,
    consequences: Vec<Consequence>,
) -> Notice {
    Notice {
        code,
        change_id: Some(change.id.clone()),
        through_on,
        text,
        consequences,
    }
}

/// How many units, where there can be more than one: ` mit 3 Benutzern`.
fn amount(version: &PlanVersion, quantity: u32) -> LocalizedText {
    match version.plan.quantity.unit.as_str() {
        "contract" => LocalizedText::new("", ""),
        "user" if quantity == 1 => LocalizedText::new(" mit nur einem Benutzer", " with only one user"),
        "user" => LocalizedText::new(format!(" mit {quantity} Benutzern"), format!(" with {quantity} users")),
        _ => LocalizedText::new(format!(" (Menge {quantity})"), format!(" (quantity {quantity})")),
    }
}

fn ending(subscription: &Subscription, catalogue: &Catalogue, change: &Change, end: Date) -> Notice {
    let name = subscription.phase_on(end).map(|phase| &phase.plan.plan.name);
    let (de, en) = name.map_or(("", ""), |name| (name.de.as_str(), name.en.as_str()));
    let mut sentences = vec![LocalizedText::new(
        format!(
            "Ihr Vertrag {de} ist zum {} gekündigt. Bis dahin können Sie alle Funktionen in vollem Umfang nutzen.",
            german(end)
        ),
        format!(
            "Your contract {en} is cancelled as of {}. Until then you can use all functions in full.",
            english(end)
        ),
    )];
    let details = change.cancellation();
    if details.is_some_and(|details| details.review == Some(Review::Pending)) {
        sentences.push(LocalizedText::new(
            "Den Grund Ihrer außerordentlichen Kündigung prüfen wir noch; erkennen wir ihn an, endet der Vertrag früher.",
            "We are still examining the reason for your extraordinary cancellation; if we accept it, the contract ends earlier.",
        ));
    }
    if details.is_some_and(|details| details.delete_data) {
        sentences.push(LocalizedText::new(
            "Danach löschen wir Ihre Daten, soweit wir sie nicht gesetzlich aufbewahren müssen.",
            "After that we erase your data as far as the law does not oblige us to keep them.",
        ));
    }
    if catalogue.provider.revocation_offered {
        sentences.push(LocalizedText::new(
            format!(
                "Bis zum Ablauf des {} können Sie die Kündigung zurücknehmen.",
                german(end)
            ),
            format!("You can take the cancellation back until the end of {}.", english(end)),
        ));
    }
    let join = |words: fn(&LocalizedText) -> &str| sentences.iter().map(words).collect::<Vec<_>>().join(" ");
    let text = LocalizedText::new(join(|one| &one.de), join(|one| &one.en));
    notice("cancellation_pending", change, end, text, Vec::new())
}

fn term_end(end: Date) -> Notice {
    Notice {
        code: "ends_by_itself",
        change_id: None,
        through_on: end,
        text: LocalizedText::new(
            format!("Ihr Vertrag endet mit Ablauf des {} von selbst.", german(end)),
            format!("Your contract ends by itself at the end of {}.", english(end)),
        ),
        consequences: Vec::new(),
    }
}
