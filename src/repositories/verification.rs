//! Queries of `vertragswerk verify`: everything of a page of customers, and what only the whole database can tell.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use crate::db::schema::{
    credit_notes, customers, declarations, events, idempotency_keys, invoices, legal_documents, payments, withdrawals,
};
use crate::db::{DbConnection, DbError, MultiBackend, Utc, on_conn};
use crate::repositories::account::AccountRow;
use crate::repositories::events::EventRow;
use crate::repositories::legal_documents::LegalDocumentHeading;
use crate::repositories::withdrawals::WithdrawalRow;

/// The next customers after an id, in the order of their ids.
pub fn customers_after(conn: &mut DbConnection, after: &str, limit: i64) -> Result<Vec<AccountRow>, DbError> {
    Ok(customers::table
        .filter(customers::id.gt(after))
        .order(customers::id)
        .limit(limit)
        .select(AccountRow::as_select())
        .into_boxed::<MultiBackend>()
        .load(conn)?)
}

/// All events of some customers, each customer's in order.
pub fn events_of(conn: &mut DbConnection, customer_ids: &[&str]) -> Result<Vec<EventRow>, DbError> {
    Ok(events::table
        .filter(events::customer_id.eq_any(customer_ids))
        .order((events::customer_id, events::sequence))
        .select(EventRow::as_select())
        .load(conn)?)
}

/// The withdrawals of some customers.
pub fn withdrawals_of(conn: &mut DbConnection, customer_ids: &[&str]) -> Result<Vec<WithdrawalRow>, DbError> {
    Ok(withdrawals::table
        .filter(withdrawals::customer_id.eq_any(customer_ids))
        .select(WithdrawalRow::as_select())
        .load(conn)?)
}

/// A payment: whose, its id, how much in minor units of which currency.
pub type PaymentColumns = (String, String, i64, String);

/// The payments of some customers.
pub fn payments_of(conn: &mut DbConnection, customer_ids: &[&str]) -> Result<Vec<PaymentColumns>, DbError> {
    Ok(payments::table
        .filter(payments::customer_id.eq_any(customer_ids))
        .select((
            payments::customer_id,
            payments::id,
            payments::amount,
            payments::currency,
        ))
        .load(conn)?)
}

/// An invoice or correction as it is stored.
#[derive(Debug, Clone)]
pub struct DocumentRow {
    /// Id.
    pub id: String,
    /// To whom.
    pub customer_id: String,
    /// Its number.
    pub number: String,
    /// Canonical JSON.
    pub document: String,
    /// Its SHA-256 when it was issued.
    pub sha256: String,
    /// Net, tax and gross total in minor units, which corrections do not have beside their document.
    pub totals: Option<(i64, i64, i64)>,
    /// What is left to pay; never less than zero, and zero for corrections.
    pub open: i64,
}

/// The invoices and corrections of some customers.
pub fn documents_of(conn: &mut DbConnection, customer_ids: &[&str]) -> Result<Vec<DocumentRow>, DbError> {
    type Columns = (String, String, String, String, String);
    let row = |(id, customer_id, number, document, sha256): Columns, totals, open: i64| DocumentRow {
        id,
        customer_id,
        number,
        document,
        sha256,
        totals,
        open: open.max(0),
    };
    let issued: Vec<(Columns, (i64, i64, i64), i64)> = invoices::table
        .filter(invoices::customer_id.eq_any(customer_ids))
        .select((
            (
                invoices::id,
                invoices::customer_id,
                invoices::number,
                invoices::document,
                invoices::sha256,
            ),
            (invoices::net, invoices::tax, invoices::gross),
            invoices::gross - invoices::balance_applied - invoices::paid - invoices::credited - invoices::set_off,
        ))
        .load(conn)?;
    let corrections: Vec<Columns> = credit_notes::table
        .filter(credit_notes::customer_id.eq_any(customer_ids))
        .select((
            credit_notes::id,
            credit_notes::customer_id,
            credit_notes::number,
            credit_notes::document,
            credit_notes::sha256,
        ))
        .load(conn)?;
    let mut rows: Vec<DocumentRow> = issued
        .into_iter()
        .map(|(columns, totals, open)| row(columns, Some(totals), open))
        .collect();
    rows.extend(corrections.into_iter().map(|columns| row(columns, None, 0)));
    Ok(rows)
}

/// A declaration and everything of it that is final, as it is stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = declarations)]
pub struct DeclarationColumns {
    /// Id.
    pub id: String,
    /// Reference.
    pub reference: String,
    /// What was declared, as JSON.
    pub content: String,
    /// The request as it arrived.
    pub raw: String,
    /// Language.
    pub locale: String,
    /// Address it came from.
    pub origin: Option<String>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// The request.
    pub request_id: String,
    /// When it was received.
    pub received_at: Utc,
    /// Whose it is taken for.
    pub customer_id: Option<String>,
    /// Where it stands.
    pub status: String,
}

/// The declarations with these ids.
pub fn declarations_by_id(conn: &mut DbConnection, ids: &[&str]) -> Result<Vec<DeclarationColumns>, DbError> {
    Ok(declarations::table
        .filter(declarations::id.eq_any(ids))
        .select(DeclarationColumns::as_select())
        .load(conn)?)
}

/// Id, SHA-256, version and title of the published legal documents.
pub fn legal_document_heads(conn: &mut DbConnection) -> Result<Vec<(String, String, String, String)>, DbError> {
    Ok(legal_documents::table
        .select((
            legal_documents::id,
            legal_documents::sha256,
            legal_documents::version,
            legal_documents::title,
        ))
        .load(conn)?)
}

/// A range of document numbers: what was issued in it, and what its counter says.
#[derive(Debug, Clone, QueryableByName)]
pub struct NumberRange {
    /// Whose.
    #[diesel(sql_type = Text)]
    pub provider_id: String,
    /// `live` or `sandbox`.
    #[diesel(sql_type = Text)]
    pub series: String,
    /// `invoice` or `credit_note`.
    #[diesel(sql_type = Text)]
    pub document_type: String,
    /// Year.
    #[diesel(sql_type = Integer)]
    pub year: i32,
    /// How many documents there are.
    #[diesel(sql_type = BigInt)]
    pub documents: i64,
    /// How many different numbers they have.
    #[diesel(sql_type = BigInt)]
    pub numbers: i64,
    /// The lowest place.
    #[diesel(sql_type = BigInt)]
    pub lowest: i64,
    /// The highest place.
    #[diesel(sql_type = BigInt)]
    pub highest: i64,
    /// What the counter says; `None` without a counter.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub last_sequence: Option<i64>,
}

const NUMBER_RANGES: &str = "
    SELECT d.provider_id, d.series, d.document_type, d.year, COUNT(*) AS documents,
           COUNT(DISTINCT d.number) AS numbers, MIN(d.sequence) AS lowest, MAX(d.sequence) AS highest,
           MAX(c.last_sequence) AS last_sequence
    FROM (SELECT provider_id, series, 'invoice' AS document_type, year, number, sequence FROM invoices
          UNION ALL
          SELECT provider_id, series, 'credit_note', year, number, sequence FROM credit_notes) d
    LEFT JOIN document_counters c ON c.provider_id = d.provider_id AND c.series = d.series
         AND c.document_type = d.document_type AND c.year = d.year
    GROUP BY d.provider_id, d.series, d.document_type, d.year";

/// All ranges of document numbers.
pub fn number_ranges(conn: &mut DbConnection) -> Result<Vec<NumberRange>, DbError> {
    Ok(on_conn!(conn, open => diesel::sql_query(NUMBER_RANGES).load(open))?)
}

/// A row that refers to one of another provider or customer.
#[derive(Debug, Clone, QueryableByName)]
pub struct Crossing {
    /// The row.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// What it refers to.
    #[diesel(sql_type = Text)]
    pub other: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// References that must stay within a provider and, where both rows have one, within a customer: table and column, the table
/// they lead to, and whether both have a provider and a customer.
pub const REFERENCES: &[(&str, &str, &str, bool, bool)] = &[
    ("subscriptions", "customer_id", "customers", true, false),
    ("subscriptions", "parent_id", "subscriptions", true, true),
    ("phases", "subscription_id", "subscriptions", false, true),
    ("phases", "customer_id", "customers", false, false),
    ("slot_allocations", "subscription_id", "subscriptions", false, true),
    ("changes", "subscription_id", "subscriptions", true, true),
    ("charges", "subscription_id", "subscriptions", true, true),
    ("charges", "item_id", "subscriptions", true, true),
    ("charges", "invoice_id", "invoices", true, true),
    ("charges", "credit_note_id", "credit_notes", true, true),
    ("charges", "original_charge_id", "charges", true, true),
    ("withdrawals", "subscription_id", "subscriptions", true, true),
    ("events", "customer_id", "customers", true, false),
    ("events", "subscription_id", "subscriptions", true, true),
    ("invoices", "customer_id", "customers", true, false),
    ("credit_notes", "customer_id", "customers", true, false),
    ("payments", "customer_id", "customers", true, false),
    ("payments", "invoice_id", "invoices", true, true),
    ("usage_records", "subscription_id", "subscriptions", true, true),
    ("usage_records", "charge_id", "charges", true, true),
    ("emails", "customer_id", "customers", true, false),
    ("emails", "subscription_id", "subscriptions", true, true),
    ("declarations", "subscription_id", "subscriptions", true, true),
    ("users", "customer_id", "customers", true, false),
    ("webhook_deliveries", "endpoint_id", "webhook_endpoints", true, false),
    ("webhook_deliveries", "event_id", "events", true, false),
];

/// How many rows have this reference, and those that lead nowhere or to another provider or customer.
pub fn crossings(
    conn: &mut DbConnection,
    (table, column, target, provider, customer): (&str, &str, &str, bool, bool),
) -> Result<(i64, Vec<Crossing>), DbError> {
    let mut wrong = vec!["t.id IS NULL".to_owned()];
    if provider {
        wrong.push("t.provider_id <> r.provider_id".to_owned());
    }
    if customer {
        wrong.push("t.customer_id <> r.customer_id".to_owned());
    }
    let from = format!("FROM {table} r LEFT JOIN {target} t ON t.id = r.{column} WHERE r.{column} IS NOT NULL");
    let offenders = format!(
        "SELECT r.id AS id, r.{column} AS other {from} AND ({})",
        wrong.join(" OR ")
    );
    let count = format!("SELECT COUNT(*) AS count FROM {table} WHERE {column} IS NOT NULL");
    on_conn!(conn, open => {
        let seen: Count = diesel::sql_query(count).get_result(open)?;
        Ok((seen.count, diesel::sql_query(offenders).load(open)?))
    })
}

/// A key and what it was answered with.
#[derive(Debug, Clone, Queryable)]
pub struct AnsweredKey {
    /// Whose.
    pub principal_id: String,
    /// The key.
    pub key: String,
    /// Status of the answer; `None` while there is none.
    pub status: Option<i32>,
    /// Its body.
    pub body: Option<String>,
    /// When it was first seen.
    pub created_at: Utc,
}

/// The next keys after one, in order.
pub fn keys_after(conn: &mut DbConnection, after: (&str, &str), limit: i64) -> Result<Vec<AnsweredKey>, DbError> {
    use idempotency_keys as keys;
    let further = keys::principal_id
        .gt(after.0)
        .or(keys::principal_id.eq(after.0).and(keys::key.gt(after.1)));
    Ok(keys::table
        .filter(further)
        .order((keys::principal_id, keys::key))
        .limit(limit)
        .select((
            keys::principal_id,
            keys::key,
            keys::response_status,
            keys::response_body,
            keys::created_at,
        ))
        .load(conn)?)
}

/// All published legal documents, with what is stored of their wording.
pub fn legal_documents(conn: &mut DbConnection) -> Result<Vec<(LegalDocumentHeading, String)>, DbError> {
    Ok(legal_documents::table
        .select((LegalDocumentHeading::as_select(), legal_documents::content))
        .load(conn)?)
}
