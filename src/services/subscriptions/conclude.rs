//! Concluding a contract, and its preview.

use rand::RngExt;
use serde_json::Value;
use time::Date;

use crate::domain::account::Account;
use crate::domain::calendar::{english, german};
use crate::domain::conclusion::{self, Conclusion};
use crate::domain::consent::order_button as required_button;
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::domain::preview::{Preview, PreviewParts, PreviewText, preview};
use crate::domain::violation::Violation;
use crate::error::{AppError, FieldError};
use crate::repositories::account::AccountKey;
use crate::services::add_ons::add_on_consequences;
use crate::services::agreements::{Declared, order_button, text};
use crate::services::command::{self, Command};
use crate::services::idempotency::Answer;
use crate::services::preview_token::IssuedPreview;
use crate::services::views::SubscriptionView;
use crate::services::workbench::{Ground, Workbench};
use crate::state::AppState;

/// What the preview token of a conclusion vouches for.
const COMMAND: &str = "conclude";

/// An order for a contract.
#[derive(Debug, Clone)]
pub struct NewSubscription {
    /// The customer; customers may leave it out.
    pub customer_id: Option<String>,
    /// Id or key of the plan.
    pub plan: String,
    /// Units; the plan's minimum when not named.
    pub quantity: Option<u32>,
    /// First day; today when not named.
    pub starts_on: Option<Date>,
    /// Consents and order button.
    pub declared: Declared,
}

/// Concludes a contract.
///
/// # Errors
/// Those of [`conclusion::conclude`], `plan_not_available`, [`AppError::PreviewStale`], [`AppError::NotFound`] for customers the
/// caller may not see.
pub fn conclude(
    state: &AppState,
    command: &Command,
    new: &NewSubscription,
    render_preview: &dyn Fn(&IssuedPreview) -> Value,
    answer: &dyn Fn(SubscriptionView) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let customer_id = customer_of(command, new.customer_id.as_deref())?;
    let locale = command.context.locale;
    command::run(
        state,
        command,
        AccountKey::Customer(&customer_id),
        None,
        &|conn, bench| {
            let plan = bench.ground.plan(state, conn, &new.plan)?;
            let mut order = order(&bench.ground, new, plan, locale)?;
            let foresee = || Ok(foresee(&bench.ground, &bench.account, &order)?);
            command::confirm(state, command, COMMAND, foresee, render_preview)?;
            order.agreement.is_preview = false;
            order.subscription_id = IdKind::Subscription.generate();
            order.contract_number = contract_number();
            conclusion::conclude(&mut bench.account, &bench.ground.circumstances(), &order)?;
            Ok(order.subscription_id)
        },
        &|bench, id| answer(bench.subscription_view(&id)?),
    )
}

/// What concluding the contract would do.
///
/// # Errors
/// As [`conclude`], without those of consents that are still to be given.
pub fn preview_conclusion(
    state: &AppState,
    command: &Command,
    new: &NewSubscription,
) -> Result<IssuedPreview, AppError> {
    let customer_id = customer_of(command, new.customer_id.as_deref())?;
    let locale = command.context.locale;
    command::preview(
        state,
        command,
        AccountKey::Customer(&customer_id),
        None,
        COMMAND,
        &|conn, bench: &mut Workbench| {
            let plan = bench.ground.plan(state, conn, &new.plan)?;
            let order = order(&bench.ground, new, plan, locale)?;
            Ok(foresee(&bench.ground, &bench.account, &order)?)
        },
    )
}

/// The customer a new contract is for: the caller, or the one that staff name.
///
/// # Errors
/// [`AppError::Validation`] when nobody is named, [`AppError::NotFound`] for someone else.
pub(in crate::services) fn customer_of(command: &Command, customer_id: Option<&str>) -> Result<String, AppError> {
    let own = command.principal.customer_filter();
    let named = customer_id.or(own).ok_or_else(|| {
        AppError::field(FieldError::body(
            "/customer_id",
            "required",
            "Für welchen Kunden der Vertrag gilt, muss angegeben werden.",
            "Name the customer the contract is for.",
        ))
    })?;
    if own.is_some_and(|own| own != named) || !IdKind::Customer.matches(named) {
        return Err(AppError::NotFound);
    }
    Ok(named.to_owned())
}

/// The order as previewed: ids are given only when it is executed, so that preview and execution decide about the same.
pub(in crate::services) fn order(
    ground: &Ground,
    new: &NewSubscription,
    plan: std::sync::Arc<crate::domain::plan_version::PlanVersion>,
    locale: Locale,
) -> Result<Conclusion, Violation> {
    let agreement = new.declared.against(ground, &plan.plan.consents, locale)?;
    Ok(Conclusion {
        subscription_id: String::new(),
        contract_number: String::new(),
        included: ground.included_services(&plan),
        plan,
        quantity: new.quantity,
        starts_on: new.starts_on,
        agreement,
    })
}

/// What an order would do, told by doing it to a copy of the account.
pub(in crate::services) fn foresee(
    ground: &Ground,
    before: &Account,
    order: &Conclusion,
) -> Result<Preview, Violation> {
    let circumstances = ground.circumstances();
    let mut after = before.clone();
    conclusion::conclude(&mut after, &circumstances, order)?;
    let plan = &order.plan.plan;
    let starts_on = order.starts_on.unwrap_or(ground.today);
    let required = required_button(plan, before.customer_type, plan.is_paid());
    let parts = PreviewParts {
        effective_on: starts_on,
        subscription_ids: vec![order.subscription_id.clone()],
        touched_ids: Vec::new(),
        change_ids: Vec::new(),
        consequences: add_on_consequences(before, &after, &order.subscription_id),
        consents: order.agreement.required.clone(),
        order_button: Some(order_button(required, &plan.order_button)),
        texts: vec![starts_text(ground, order)],
        because: Vec::new(),
        latest_receipt_on: None,
        supersedes: Vec::new(),
    };
    let mut preview = preview(before, &after, &circumstances, parts)?;
    preview.subscription_ids.clear();
    Ok(preview)
}

/// When a contract begins.
pub(in crate::services) fn starts_text(ground: &Ground, order: &Conclusion) -> PreviewText {
    let name = &order.plan.plan.name;
    let starts_on = order.starts_on.unwrap_or(ground.today);
    text(
        "contract_starts",
        format!("Der Vertrag {} beginnt am {}.", name.de, german(starts_on)),
        format!("The contract {} begins on {}.", name.en, english(starts_on)),
    )
}

/// An unguessable contract number: 8 characters of base 32, 40 bits.
pub(in crate::services) fn contract_number() -> String {
    const ALPHABET: [char; 32] = [
        '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P',
        'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
    ];
    let mut random = rand::rng();
    (0..8)
        .map(|_| ALPHABET[random.random_range(0..ALPHABET.len())])
        .collect()
}
