//! Published catalogues and what they name: products, plans with their versions, add-ons.
//!
//! Catalogues and plan versions are written once and never changed. Products, plans and add-ons are a key and an id that
//! stays the same through all catalogues of a provider.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::db::schema::{add_on_versions, add_ons, catalogues, plan_versions, plans, products, providers};
use crate::db::{DbConnection, DbError, JsonText, Utc, insert_all, lock_rows, on_conn};
use crate::domain::catalogue::ProviderSettings;
use crate::domain::ids::IdKind;

/// One published catalogue.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = catalogues)]
pub struct CatalogueRow {
    /// Id (`cat_`).
    pub id: String,
    /// Whose catalogue it is.
    pub provider_id: String,
    /// Counts the provider's catalogues, from 1.
    pub number: i64,
    /// SHA-256 (hex) of `content`.
    pub content_hash: String,
    /// The catalogue as canonical JSON.
    pub content: String,
    /// When it was published.
    pub published_at: Utc,
}

/// One version of a plan.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = plan_versions)]
pub struct PlanVersionRow {
    /// Id (`plv_`).
    pub id: String,
    /// Whose plan it is.
    pub provider_id: String,
    /// The plan.
    pub plan_id: String,
    /// Counts the plan's versions, from 1.
    pub number: i64,
    /// SHA-256 (hex) of `content`.
    pub content_hash: String,
    /// The plan as canonical JSON.
    pub content: String,
    /// When it was published.
    pub published_at: Utc,
}

/// What is needed of a plan version to recognise it, without its content.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = plan_versions)]
pub struct PlanVersionHeading {
    /// Id (`plv_`).
    pub id: String,
    /// The plan.
    pub plan_id: String,
    /// Counts the plan's versions, from 1.
    pub number: i64,
    /// SHA-256 (hex) of the content.
    pub content_hash: String,
}

/// The kinds of things that are a key and an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyed {
    /// Products (`prd_`).
    Products,
    /// Plans (`pln_`).
    Plans,
    /// Add-ons (`adn_`).
    AddOns,
}

/// Locks the provider's row, so that two imports run one after the other, and names its current catalogue.
/// `None` if there is no such provider.
pub fn provider_lock(conn: &mut DbConnection, provider_id: &str) -> Result<Option<Option<String>>, DbError> {
    let row = lock_rows!(
        conn,
        providers::table.find(provider_id).select(providers::catalogue_id),
        first
    );
    Ok(row.optional()?)
}

/// The id of the provider's current catalogue; `None` before the first import or if there is no such provider.
pub fn current_id(conn: &mut DbConnection, provider_id: &str) -> Result<Option<String>, DbError> {
    let id = providers::table
        .find(provider_id)
        .select(providers::catalogue_id)
        .first::<Option<String>>(conn)
        .optional()?;
    Ok(id.flatten())
}

/// Makes `catalogue_id` the provider's current catalogue and keeps its settings and name beside the provider.
pub fn make_current(
    conn: &mut DbConnection,
    provider_id: &str,
    catalogue_id: &str,
    settings: &JsonText<ProviderSettings>,
) -> Result<(), DbError> {
    diesel::update(providers::table.find(provider_id))
        .set((
            providers::catalogue_id.eq(catalogue_id),
            providers::settings.eq(settings),
            providers::name.eq(&settings.0.name),
        ))
        .execute(conn)?;
    Ok(())
}

/// The catalogue with this id.
pub fn find(conn: &mut DbConnection, catalogue_id: &str) -> Result<Option<CatalogueRow>, DbError> {
    Ok(catalogues::table
        .find(catalogue_id)
        .select(CatalogueRow::as_select())
        .first(conn)
        .optional()?)
}

/// Adds a catalogue.
pub fn insert(conn: &mut DbConnection, row: &CatalogueRow) -> Result<(), DbError> {
    diesel::insert_into(catalogues::table).values(row).execute(conn)?;
    Ok(())
}

/// Ids of the provider's products, plans or add-ons by key, including those that are no longer in the catalogue.
pub fn ids_by_key(conn: &mut DbConnection, provider_id: &str, of: Keyed) -> Result<HashMap<String, String>, DbError> {
    let rows: Vec<(String, String)> = match of {
        Keyed::Products => products::table
            .filter(products::provider_id.eq(provider_id))
            .select((products::key, products::id))
            .load(conn)?,
        Keyed::Plans => plans::table
            .filter(plans::provider_id.eq(provider_id))
            .select((plans::key, plans::id))
            .load(conn)?,
        Keyed::AddOns => add_ons::table
            .filter(add_ons::provider_id.eq(provider_id))
            .select((add_ons::key, add_ons::id))
            .load(conn)?,
    };
    Ok(rows.into_iter().collect())
}

/// Gives each of `keys` an id where it has none yet, and returns the ids of all of the provider's keys.
pub fn ensure_ids(
    conn: &mut DbConnection,
    provider_id: &str,
    of: Keyed,
    keys: &[&str],
) -> Result<HashMap<String, String>, DbError> {
    let mut ids = ids_by_key(conn, provider_id, of)?;
    for key in keys {
        if ids.contains_key(*key) {
            continue;
        }
        let id = match of {
            Keyed::Products => IdKind::Product.generate(),
            Keyed::Plans => IdKind::Plan.generate(),
            Keyed::AddOns => IdKind::AddOn.generate(),
        };
        match of {
            Keyed::Products => diesel::insert_into(products::table)
                .values((
                    products::id.eq(&id),
                    products::provider_id.eq(provider_id),
                    products::key.eq(key),
                ))
                .execute(conn)?,
            Keyed::Plans => diesel::insert_into(plans::table)
                .values((
                    plans::id.eq(&id),
                    plans::provider_id.eq(provider_id),
                    plans::key.eq(key),
                ))
                .execute(conn)?,
            Keyed::AddOns => diesel::insert_into(add_ons::table)
                .values((
                    add_ons::id.eq(&id),
                    add_ons::provider_id.eq(provider_id),
                    add_ons::key.eq(key),
                ))
                .execute(conn)?,
        };
        ids.insert((*key).to_owned(), id);
    }
    Ok(ids)
}

/// All versions of all the provider's plans, oldest first within a plan.
pub fn plan_version_headings(conn: &mut DbConnection, provider_id: &str) -> Result<Vec<PlanVersionHeading>, DbError> {
    Ok(plan_versions::table
        .filter(plan_versions::provider_id.eq(provider_id))
        .order((plan_versions::plan_id, plan_versions::number))
        .select(PlanVersionHeading::as_select())
        .load(conn)?)
}

/// The plan versions with these ids, in no particular order; unknown ids are left out.
pub fn plan_versions_load(conn: &mut DbConnection, ids: &[&str]) -> Result<Vec<PlanVersionRow>, DbError> {
    Ok(plan_versions::table
        .filter(plan_versions::id.eq_any(ids))
        .select(PlanVersionRow::as_select())
        .load(conn)?)
}

/// Adds plan versions.
pub fn plan_versions_insert(conn: &mut DbConnection, rows: &[PlanVersionRow]) -> Result<(), DbError> {
    insert_all!(conn, plan_versions::table, rows)
}

/// A version of an add-on as it was sold.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = add_on_versions)]
pub struct AddOnVersionRow {
    /// Id (`adv_`), derived from add-on and content.
    pub id: String,
    /// Whose add-on.
    pub provider_id: String,
    /// The add-on (`adn_`).
    pub add_on_id: String,
    /// Number of the catalogue in which it was first sold.
    pub number: i64,
    /// The add-on as JSON.
    pub content: String,
    /// When it was first sold.
    pub published_at: Utc,
}

/// The versions of add-ons with these ids; unknown ids are left out.
pub fn add_on_versions_load(conn: &mut DbConnection, ids: &[&str]) -> Result<Vec<AddOnVersionRow>, DbError> {
    Ok(add_on_versions::table
        .filter(add_on_versions::id.eq_any(ids))
        .select(AddOnVersionRow::as_select())
        .load(conn)?)
}

/// Keeps a version of an add-on; nothing happens when it is kept already, also by a concurrent booking.
pub fn add_on_version_keep(conn: &mut DbConnection, row: &AddOnVersionRow) -> Result<(), DbError> {
    on_conn!(conn, open => diesel::insert_into(add_on_versions::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(open))?;
    Ok(())
}
