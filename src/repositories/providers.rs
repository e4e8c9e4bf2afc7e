//! Providers (tenants): who sells, and under which settings.

use diesel::prelude::*;

use crate::db::schema::providers;
use crate::db::{DbConnection, DbError, JsonText, Utc};
use crate::domain::catalogue::ProviderSettings;

/// A provider as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = providers)]
pub struct ProviderRow {
    /// `prv_…`.
    pub id: String,
    /// Short public name in addresses and as `client_id`; unique.
    pub slug: String,
    /// Name shown to people.
    pub name: String,
    /// `live` or `sandbox`.
    pub mode: String,
    /// Rules that hold for all of its contracts, as published with the catalogue in force.
    pub settings: JsonText<ProviderSettings>,
    /// The catalogue in force; `None` until one was imported.
    pub catalogue_id: Option<String>,
    /// Position of the last event given out.
    pub last_event_position: i64,
    /// When it was created.
    pub created_at: Utc,
}

/// The provider with this id.
pub fn provider_find(connection: &mut DbConnection, id: &str) -> Result<Option<ProviderRow>, DbError> {
    Ok(providers::table
        .find(id)
        .select(ProviderRow::as_select())
        .first(connection)
        .optional()?)
}

/// The provider with this slug.
pub fn provider_find_by_slug(connection: &mut DbConnection, slug: &str) -> Result<Option<ProviderRow>, DbError> {
    Ok(providers::table
        .filter(providers::slug.eq(slug))
        .select(ProviderRow::as_select())
        .first(connection)
        .optional()?)
}

/// Every provider, by slug.
pub fn provider_list(connection: &mut DbConnection) -> Result<Vec<ProviderRow>, DbError> {
    Ok(providers::table
        .order(providers::slug)
        .select(ProviderRow::as_select())
        .load(connection)?)
}

/// Stores a new provider; the slug is unique.
pub fn provider_insert(connection: &mut DbConnection, row: &ProviderRow) -> Result<(), DbError> {
    diesel::insert_into(providers::table).values(row).execute(connection)?;
    Ok(())
}
