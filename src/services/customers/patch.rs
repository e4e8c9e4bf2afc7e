//! A customer with changes laid over it (RFC 7386).

use std::collections::BTreeMap;

use super::Customer;
use super::change::default_locale;
use super::input::{CustomerPatch, Faults, PatchedMetadata};
use crate::db::DbConnection;
use crate::domain::invoice::{Address, BillingDetails};
use crate::error::{AppError, FieldError};

/// The customer as the patch wants it.
pub(super) fn patched(
    conn: &mut DbConnection,
    provider_id: &str,
    before: &Customer,
    patch: &CustomerPatch,
) -> Result<Customer, AppError> {
    let mut after = before.clone();
    let mut faults = Faults::default();
    refuse_immutable(before, patch, &mut faults);
    match &patch.name {
        Some(Some(name)) => {
            faults.name(name);
            after.name.clone_from(name);
        }
        Some(None) => faults.push(required("/name")),
        None => {}
    }
    match &patch.email {
        Some(Some(email)) => {
            faults.email(email);
            after.email.clone_from(email);
        }
        Some(None) => faults.push(required("/email")),
        None => {}
    }
    match patch.locale {
        Some(Some(locale)) => after.locale = locale,
        Some(None) => after.locale = default_locale(conn, provider_id)?,
        None => {}
    }
    if let Some(region) = patch.holiday_region {
        after.holiday_region = region;
    }
    if let Some(external_id) = &patch.external_id {
        if let Some(id) = external_id {
            faults.external_id(id);
        }
        after.external_id.clone_from(external_id);
    }
    patch_billing(&mut after.billing, patch, &mut faults);
    match &patch.metadata {
        Some(Some(changes)) => merge(&mut after.metadata, changes),
        Some(None) => after.metadata.clear(),
        None => {}
    }
    faults.metadata(&after.metadata);
    faults.finish()?;
    Ok(after)
}

/// Changes what stands on the customer's next invoices; issued ones stay as they are.
fn patch_billing(billing: &mut BillingDetails, patch: &CustomerPatch, faults: &mut Faults) {
    match &patch.billing_address {
        Some(Some(change)) => {
            let mut missing = Vec::new();
            let before = billing.address.take();
            let mut line = |member: &str, new: &Option<String>, old: Option<&String>| {
                let line = new.as_ref().or(old).cloned();
                if line.is_none() {
                    missing.push(format!("/billing_address/{member}"));
                }
                line.unwrap_or_default()
            };
            let address = Address {
                addition: change
                    .addition
                    .clone()
                    .unwrap_or_else(|| before.as_ref().and_then(|address| address.addition.clone())),
                street: line("street", &change.street, before.as_ref().map(|address| &address.street)),
                postal_code: line(
                    "postal_code",
                    &change.postal_code,
                    before.as_ref().map(|address| &address.postal_code),
                ),
                city: line("city", &change.city, before.as_ref().map(|address| &address.city)),
                country: line(
                    "country",
                    &change.country,
                    before.as_ref().map(|address| &address.country),
                ),
            };
            if missing.is_empty() {
                billing.address = Some(address);
            }
            for pointer in missing {
                faults.push(FieldError::body(
                    &pointer,
                    "required",
                    "Bitte angeben.",
                    "Must not be empty.",
                ));
            }
        }
        Some(None) => billing.address = None,
        None => {}
    }
    if let Some(vat_id) = &patch.vat_id {
        billing.vat_id.clone_from(vat_id);
    }
    if let Some(reason) = &patch.tax_exemption {
        billing.tax_exemption.clone_from(reason);
    }
    // What is not changed need not pass a check that may not have existed when it was entered.
    let vat_id = patch.vat_id.clone().flatten();
    faults.billing(&BillingDetails {
        vat_id,
        ..billing.clone()
    });
}

/// Number and type are named in contracts, invoices and letters; a wrong one needs a new customer.
fn refuse_immutable(before: &Customer, patch: &CustomerPatch, faults: &mut Faults) {
    let immutable = |pointer: &str| {
        FieldError::body(
            pointer,
            "immutable",
            "Diese Angabe lässt sich nachträglich nicht ändern.",
            "This cannot be changed after creation.",
        )
    };
    if patch
        .customer_number
        .as_ref()
        .is_some_and(|number| number.as_ref() != Some(&before.customer_number))
    {
        faults.push(immutable("/customer_number"));
    }
    if patch
        .customer_type
        .is_some_and(|customer_type| customer_type != Some(before.customer_type))
    {
        faults.push(immutable("/customer_type"));
    }
}

fn required(pointer: &str) -> FieldError {
    FieldError::body(pointer, "required", "Lässt sich nicht entfernen.", "Cannot be removed.")
}

fn merge(metadata: &mut BTreeMap<String, String>, changes: &PatchedMetadata) {
    for (key, value) in changes {
        match value {
            Some(value) => metadata.insert(key.clone(), value.clone()),
            None => metadata.remove(key),
        };
    }
}
