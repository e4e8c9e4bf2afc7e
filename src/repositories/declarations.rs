//! Declarations as rows. Their content is written once; a trigger of the database refuses any change to it.

use diesel::prelude::*;
use diesel::sql_types::Bool;
use time::Date;

use super::customers::restricted;
use crate::db::schema::{customers, declarations, subscriptions, withdrawal_drafts};
use crate::db::{DbConnection, DbError, JsonText, MultiBackend, Utc, lock_rows, on_conn};
use crate::domain::declaration::{Candidate, DeclarationContent, Named};

/// How many contracts staff are shown at most.
const MOST_CANDIDATES: i64 = 50;

/// A declaration.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = declarations)]
pub struct DeclarationRow {
    /// Id (`dcl_`).
    pub id: String,
    /// To whom it was declared.
    pub provider_id: String,
    /// `cancellation` or `withdrawal`.
    pub kind: String,
    /// Reference for people.
    pub reference: String,
    /// Opens the confirmation to whoever knows it.
    pub receipt_token: String,
    /// SHA-256 of what makes a repetition recognisable.
    pub repeat_key: Option<String>,
    /// What was declared, cleaned.
    pub content: JsonText<DeclarationContent>,
    /// The request exactly as it arrived.
    pub raw: String,
    /// SHA-256 of `raw`.
    pub content_hash: String,
    /// Language in which it was declared.
    pub locale: String,
    /// Address it came from.
    pub origin: Option<String>,
    /// The network of that address, for the limit.
    pub origin_network: String,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// The request.
    pub request_id: String,
    /// When it was received.
    pub received_at: Utc,
    /// Whether its network had made more declarations than are executed automatically.
    pub over_limit: bool,
    /// Where it stands.
    pub status: String,
    /// Whether it was executed without a person.
    pub automatic: bool,
    /// The customer it was matched to.
    pub customer_id: Option<String>,
    /// The contract it was matched to.
    pub subscription_id: Option<String>,
    /// Whether a withdrawal came in time.
    pub timely: Option<bool>,
    /// Last day of the withdrawal period.
    pub last_day_on: Option<Date>,
    /// The cancellation or withdrawal it became.
    pub result_id: Option<String>,
    /// Staff's reason.
    pub reason: Option<String>,
    /// Who decided last.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Utc>,
    /// Counts the decisions, from 1.
    pub version: i64,
}

/// What can be decided about a declaration.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = declarations, treat_none_as_null = true)]
pub struct DeclarationDecision {
    /// Where it stands.
    pub status: String,
    /// Whether it was executed without a person.
    pub automatic: bool,
    /// The customer it was matched to.
    pub customer_id: Option<String>,
    /// The contract it was matched to.
    pub subscription_id: Option<String>,
    /// Whether a withdrawal came in time.
    pub timely: Option<bool>,
    /// Last day of the withdrawal period.
    pub last_day_on: Option<Date>,
    /// The cancellation or withdrawal it became.
    pub result_id: Option<String>,
    /// Staff's reason.
    pub reason: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Utc>,
    /// Counts the decisions.
    pub version: i64,
}

/// The first step of a withdrawal.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = withdrawal_drafts)]
pub struct WithdrawalDraftRow {
    /// SHA-256 of the token.
    pub token_hash: String,
    /// To whom it will be declared.
    pub provider_id: String,
    /// What will be declared, cleaned.
    pub content: JsonText<DeclarationContent>,
    /// The request exactly as it arrived.
    pub raw: String,
    /// Language.
    pub locale: String,
    /// When it was drafted.
    pub created_at: Utc,
    /// Until when it can be confirmed.
    pub expires_at: Utc,
}

/// What a list of declarations is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct DeclarationFilter {
    /// To whom they were declared.
    pub provider_id: String,
    /// Whether data that are kept only because the law demands it are shown too.
    pub restricted_too: bool,
    /// Only this kind.
    pub kind: Option<String>,
    /// Only those that stand there.
    pub status: Option<String>,
    /// Only those matched to this customer.
    pub customer_id: Option<String>,
    /// Only older ones than this id.
    pub before_id: Option<String>,
}

/// A contract that could be meant, with what a command needs to open its account.
#[derive(Debug, Clone)]
pub struct HolderRow {
    /// The contract and its customer.
    pub candidate: Candidate,
    /// Whether the customer lives on a test clock.
    pub on_test_clock: bool,
}

/// Stores a declaration; says `false` when the same one was stored before. A concurrent repetition waits here.
pub fn insert(conn: &mut DbConnection, row: &DeclarationRow) -> Result<bool, DbError> {
    let inserted = on_conn!(conn, open => diesel::insert_into(declarations::table)
        .values(row)
        .on_conflict((declarations::provider_id, declarations::repeat_key))
        .do_nothing()
        .execute(open))?;
    Ok(inserted == 1)
}

/// The declaration made with this key before.
pub fn find_repeated(
    conn: &mut DbConnection,
    provider_id: &str,
    repeat_key: &str,
) -> Result<Option<DeclarationRow>, DbError> {
    Ok(declarations::table
        .filter(declarations::provider_id.eq(provider_id))
        .filter(declarations::repeat_key.eq(repeat_key))
        .select(DeclarationRow::as_select())
        .first(conn)
        .optional()?)
}

/// The declaration whose confirmation this token opens.
pub fn find_by_receipt_token(
    conn: &mut DbConnection,
    provider_id: &str,
    receipt_token: &str,
) -> Result<Option<DeclarationRow>, DbError> {
    Ok(declarations::table
        .filter(declarations::receipt_token.eq(receipt_token))
        .filter(declarations::provider_id.eq(provider_id))
        .select(DeclarationRow::as_select())
        .first(conn)
        .optional()?)
}

/// One declaration.
pub fn find(conn: &mut DbConnection, provider_id: &str, id: &str) -> Result<Option<DeclarationRow>, DbError> {
    Ok(declarations::table
        .find(id)
        .filter(declarations::provider_id.eq(provider_id))
        .select(DeclarationRow::as_select())
        .first(conn)
        .optional()?)
}

/// One declaration, locked until the end of the transaction.
pub fn lock(conn: &mut DbConnection, provider_id: &str, id: &str) -> Result<Option<DeclarationRow>, DbError> {
    let row = lock_rows!(
        conn,
        declarations::table
            .find(id)
            .filter(declarations::provider_id.eq(provider_id))
            .select(DeclarationRow::as_select()),
        first
    );
    Ok(row.optional()?)
}

/// A page of declarations, newest first.
pub fn list(conn: &mut DbConnection, filter: &DeclarationFilter, limit: i64) -> Result<Vec<DeclarationRow>, DbError> {
    let mut query = declarations::table
        .filter(declarations::provider_id.eq(&filter.provider_id))
        .order(declarations::id.desc())
        .limit(limit)
        .select(DeclarationRow::as_select())
        .into_boxed::<MultiBackend>();
    if !filter.restricted_too {
        let unrestricted = declarations::customer_id.is_null().or(declarations::customer_id
            .assume_not_null()
            .ne_all(restricted(&filter.provider_id)));
        query = query.filter(unrestricted);
    }
    if let Some(kind) = &filter.kind {
        query = query.filter(declarations::kind.eq(kind));
    }
    if let Some(status) = &filter.status {
        query = query.filter(declarations::status.eq(status));
    }
    if let Some(customer_id) = &filter.customer_id {
        query = query.filter(declarations::customer_id.eq(customer_id));
    }
    if let Some(before_id) = &filter.before_id {
        query = query.filter(declarations::id.lt(before_id));
    }
    Ok(query.load(conn)?)
}

/// Writes what was decided.
pub fn decide(conn: &mut DbConnection, id: &str, decision: &DeclarationDecision) -> Result<(), DbError> {
    diesel::update(declarations::table.find(id))
        .set(decision)
        .execute(conn)?;
    Ok(())
}

/// How many declarations came from a network since an instant.
pub fn count_from(conn: &mut DbConnection, origin_network: &str, since: Utc) -> Result<i64, DbError> {
    Ok(declarations::table
        .filter(declarations::origin_network.eq(origin_network))
        .filter(declarations::received_at.gt(since))
        .count()
        .get_result(conn)?)
}

type HolderColumns = (String, String, String, String, String, String, Option<String>);

fn holder(columns: HolderColumns) -> HolderRow {
    let (subscription_id, contract_number, customer_id, customer_number, email, name, test_clock_id) = columns;
    HolderRow {
        candidate: Candidate {
            subscription_id,
            contract_number,
            customer_id,
            customer_number,
            email,
            name,
        },
        on_test_clock: test_clock_id.is_some(),
    }
}

/// The provider's contract with this number.
pub fn holder_of(
    conn: &mut DbConnection,
    provider_id: &str,
    contract_number: &str,
) -> Result<Option<HolderRow>, DbError> {
    let found: Option<HolderColumns> = subscriptions::table
        .inner_join(customers::table.on(customers::id.eq(subscriptions::customer_id)))
        .filter(subscriptions::provider_id.eq(provider_id))
        .filter(subscriptions::contract_number.eq(contract_number))
        .select((
            subscriptions::id,
            subscriptions::contract_number,
            customers::id,
            customers::customer_number,
            customers::email,
            customers::name,
            customers::test_clock_id,
        ))
        .first(conn)
        .optional()?;
    Ok(found.map(holder))
}

/// The provider's contract with this id.
pub fn holder_by_id(
    conn: &mut DbConnection,
    provider_id: &str,
    subscription_id: &str,
) -> Result<Option<HolderRow>, DbError> {
    let number: Option<String> = subscriptions::table
        .find(subscription_id)
        .filter(subscriptions::provider_id.eq(provider_id))
        .select(subscriptions::contract_number)
        .first(conn)
        .optional()?;
    match number {
        Some(number) => holder_of(conn, provider_id, &number),
        None => Ok(None),
    }
}

/// The provider's contracts for which something that was named speaks.
pub fn candidates(
    conn: &mut DbConnection,
    provider_id: &str,
    named: &Named,
    restricted_too: bool,
) -> Result<Vec<Candidate>, DbError> {
    let found: Vec<HolderColumns> = subscriptions::table
        .inner_join(customers::table.on(customers::id.eq(subscriptions::customer_id)))
        .filter(subscriptions::provider_id.eq(provider_id))
        .filter(
            subscriptions::contract_number
                .eq_any(&named.contract_numbers)
                .or(customers::email.eq_any(&named.emails))
                .or(customers::customer_number.eq_any(&named.customer_numbers)),
        )
        .filter(customers::restricted_at.is_null().or(restricted_too.into_sql::<Bool>()))
        .order(subscriptions::id.desc())
        .limit(MOST_CANDIDATES)
        .select((
            subscriptions::id,
            subscriptions::contract_number,
            customers::id,
            customers::customer_number,
            customers::email,
            customers::name,
            customers::test_clock_id,
        ))
        .load(conn)?;
    Ok(found.into_iter().map(|columns| holder(columns).candidate).collect())
}

/// Keeps a draft.
pub fn insert_draft(conn: &mut DbConnection, row: &WithdrawalDraftRow) -> Result<(), DbError> {
    diesel::insert_into(withdrawal_drafts::table)
        .values(row)
        .execute(conn)?;
    Ok(())
}

/// A draft, locked: whoever confirms it at the same time waits, and then finds it gone.
pub fn lock_draft(
    conn: &mut DbConnection,
    provider_id: &str,
    token_hash: &str,
) -> Result<Option<WithdrawalDraftRow>, DbError> {
    let row = lock_rows!(
        conn,
        withdrawal_drafts::table
            .find(token_hash)
            .filter(withdrawal_drafts::provider_id.eq(provider_id))
            .select(WithdrawalDraftRow::as_select()),
        first
    );
    Ok(row.optional()?)
}

/// A draft that is not confirmed yet.
pub fn find_draft(
    conn: &mut DbConnection,
    provider_id: &str,
    token_hash: &str,
) -> Result<Option<WithdrawalDraftRow>, DbError> {
    Ok(withdrawal_drafts::table
        .find(token_hash)
        .filter(withdrawal_drafts::provider_id.eq(provider_id))
        .select(WithdrawalDraftRow::as_select())
        .first(conn)
        .optional()?)
}

/// Forgets a draft: it has become a declaration.
pub fn delete_draft(conn: &mut DbConnection, token_hash: &str) -> Result<(), DbError> {
    diesel::delete(withdrawal_drafts::table.find(token_hash)).execute(conn)?;
    Ok(())
}

/// Forgets drafts nobody confirmed.
pub fn delete_expired_drafts(conn: &mut DbConnection, now: Utc) -> Result<usize, DbError> {
    Ok(diesel::delete(withdrawal_drafts::table.filter(withdrawal_drafts::expires_at.le(now))).execute(conn)?)
}
