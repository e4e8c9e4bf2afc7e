//! Providers (tenants): the command line creates them, the catalogue fills them.

use time::OffsetDateTime;

use crate::db::{DbConnection, DbError, JsonText};
use crate::domain::catalogue::{Contact, ProviderSettings};
use crate::domain::ids::IdKind;
use crate::domain::localized::{Locale, LocalizedText};
use crate::domain::money::Currency;
use crate::domain::violation::Violation;
use crate::error::{AppError, FieldError};
use crate::repositories::providers::{ProviderRow, provider_find_by_slug, provider_insert};

/// Greatest length of a slug, in characters.
const SLUG: usize = 60;
/// Greatest length of a name, in characters.
const NAME: usize = 200;

/// Whether a provider serves real customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderMode {
    /// Real customers; no test clocks.
    Live,
    /// For trying out: test clocks are allowed.
    Sandbox,
}

impl ProviderMode {
    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Sandbox => "sandbox",
        }
    }
}

/// A provider, as far as the command line and the demo need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Id (`prv_`).
    pub id: String,
    /// Short name in addresses and at login.
    pub slug: String,
    /// Id of the current catalogue; `None` before the first import.
    pub catalogue_id: Option<String>,
}

/// Creates a provider without a catalogue. To be called within a write transaction.
///
/// # Errors
/// [`AppError::Validation`] for a slug or name that is not allowed, the conflict `state_conflict` for a slug that is taken.
pub fn create(
    conn: &mut DbConnection,
    slug: &str,
    name: &str,
    mode: ProviderMode,
    now: OffsetDateTime,
) -> Result<Provider, AppError> {
    check(slug, name)?;
    let row = ProviderRow {
        id: IdKind::Provider.generate(),
        slug: slug.to_owned(),
        name: name.to_owned(),
        mode: mode.as_str().to_owned(),
        settings: JsonText(settings_before_import(slug, name)),
        catalogue_id: None,
        last_event_position: 0,
        created_at: now.into(),
    };
    provider_insert(conn, &row).map_err(|error| slug_taken(error, slug))?;
    Ok(Provider {
        id: row.id,
        slug: row.slug,
        catalogue_id: None,
    })
}

/// The provider with this slug.
///
/// # Errors
/// [`AppError::NotFound`] if there is none.
pub fn find_by_slug(conn: &mut DbConnection, slug: &str) -> Result<Provider, AppError> {
    let row = provider_find_by_slug(conn, slug)?.ok_or(AppError::NotFound)?;
    Ok(Provider {
        id: row.id,
        slug: row.slug,
        catalogue_id: row.catalogue_id,
    })
}

/// The slug follows the catalogue's own rule, or no catalogue could ever be imported.
fn check(slug: &str, name: &str) -> Result<(), AppError> {
    let mut faults = Vec::new();
    let admitted = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let starts_with_letter = slug.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if !starts_with_letter || !(2..=SLUG).contains(&slug.len()) || !slug.bytes().all(admitted) {
        faults.push(FieldError::body(
            "/slug",
            "invalid_format",
            format!("2 bis {SLUG} Zeichen a-z, 0-9 und -, am Anfang ein Buchstabe."),
            format!("2 to {SLUG} characters a-z, 0-9 and -, starting with a letter."),
        ));
    }
    if name.trim().is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
        faults.push(FieldError::body(
            "/name",
            "invalid_format",
            format!("1 bis {NAME} Zeichen, keine Steuerzeichen."),
            format!("1 to {NAME} characters, no control characters."),
        ));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(AppError::Validation(faults))
    }
}

/// What holds until the first catalogue says otherwise. Nothing can be sold before that, so none of it reaches a contract.
fn settings_before_import(slug: &str, name: &str) -> ProviderSettings {
    ProviderSettings {
        slug: slug.to_owned(),
        name: name.to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        default_locale: Locale::De,
        currency: Currency::EUR,
        holiday_regions: Vec::new(),
        keep_last_contract: false,
        revocation_offered: false,
        contact: Contact {
            text: LocalizedText::new("", ""),
            phone: String::new(),
            email: String::new(),
            postal: String::new(),
        },
        invoicing: None,
        mail: None,
    }
}

fn slug_taken(error: DbError, slug: &str) -> AppError {
    if error.unique_key().is_some_and(|key| key.is("providers", &["slug"])) {
        return Violation::conflict(
            "state_conflict",
            format!("Es gibt schon einen Anbieter {slug}."),
            format!("There is already a provider {slug}."),
        )
        .into();
    }
    error.into()
}
