//! "All but one": a provider may ask businesses to keep one running contract.

use serde_json::json;

use super::CancellationRequest;
use crate::domain::{
    account::{Account, Circumstances},
    change::CancellationKind,
    customer_type::CustomerType,
    subscription::Subscription,
    violation::Violation,
    withdrawal::counts_as_withdrawal,
};

/// "All but one" (design decision 16, seed 000): a business keeps one running contract in self-service where the provider
/// says so. It never binds consumers (§ 312k BGB), extraordinary cancellations, withdrawals or staff.
pub(super) fn check_keeps_one(
    account: &Account,
    circumstances: &Circumstances<'_>,
    request: &CancellationRequest,
) -> Result<(), Violation> {
    if !circumstances.provider.keep_last_contract
        || circumstances.by_staff
        || request.kind != CancellationKind::Ordinary
    {
        return Ok(());
    }
    let today = circumstances.today;
    let going_on = || {
        account
            .contracts()
            .filter(|subscription| subscription.continues_after(today))
    };
    let is_named = |subscription: &Subscription| {
        request
            .contracts
            .iter()
            .any(|contract| contract.subscription_id == subscription.id)
    };
    let is_bound = |subscription: &&Subscription| {
        subscription.customer_type == CustomerType::Business
            && !counts_as_withdrawal(account, circumstances, request, subscription)
    };
    let binds = going_on()
        .filter(|subscription| is_named(subscription))
        .any(|subscription| is_bound(&subscription));
    if !binds || going_on().any(|subscription| !is_named(subscription)) {
        return Ok(());
    }
    let contact = &circumstances.provider.contact;
    Err(
        Violation::conflict("last_contract", contact.text.de.clone(), contact.text.en.clone()).with(
            "contact",
            json!({ "phone": contact.phone, "email": contact.email, "postal": contact.postal }),
        ),
    )
}
