//! The outbox and history of e-mails as rows.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::{Deserialize, Serialize};

use super::customers::restricted;
use crate::db::schema::emails;
use crate::db::{DbConnection, DbError, JsonText, MultiBackend, Utc, insert_many, lock_free_rows};
use crate::domain::email::EmailKind;

/// Who an e-mail is from, apart from the server's own address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailSender {
    /// Name shown as the sender.
    pub name: String,
    /// Address for answers.
    pub reply_to: Option<String>,
}

/// A published legal document that goes with an e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailAttachment {
    /// Id of the document (`doc_`).
    pub legal_document_id: String,
    /// Name of the file.
    pub file_name: String,
}

/// An e-mail.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = emails, treat_none_as_default_value = false)]
pub struct EmailRow {
    /// Id (`eml_`).
    pub id: String,
    /// In whose name it is sent.
    pub provider_id: String,
    /// To which customer; none for a declaration nobody was recognised in.
    pub customer_id: Option<String>,
    /// About which contract.
    pub subscription_id: Option<String>,
    /// The event it tells about.
    pub event_id: Option<String>,
    /// The change, booking, invoice or declaration it is about.
    pub object_id: Option<String>,
    /// The e-mail it repeats.
    pub resent_from_id: Option<String>,
    /// What it is about, for example `cancellation_received`.
    pub kind: String,
    /// Language, `de` or `en`.
    pub locale: String,
    /// Address it goes to.
    pub recipient: String,
    /// Subject.
    pub subject: String,
    /// The text.
    pub body_text: String,
    /// The same as HTML.
    pub body_html: String,
    /// What goes with it.
    pub attachments: JsonText<Vec<EmailAttachment>>,
    /// Who it is from.
    pub sender: JsonText<EmailSender>,
    /// `Message-ID` without the angle brackets; the same at every attempt.
    pub message_id: String,
    /// Where it stands.
    pub status: String,
    /// How often it was tried.
    pub attempts: i32,
    /// Not before.
    pub next_attempt_at: Utc,
    /// Until when a worker has it in hand.
    pub leased_until: Option<Utc>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Why it was not sent.
    pub skip_reason: Option<String>,
    /// When that happened which it tells about, on the customer's time.
    pub occurred_at: Utc,
    /// When it was written, on the wall clock.
    pub created_at: Utc,
    /// When the mail server accepted it.
    pub sent_at: Option<Utc>,
}

/// How an attempt ended.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = emails, treat_none_as_null = true)]
pub struct EmailOutcome {
    /// Where it stands now.
    pub status: String,
    /// Not before.
    pub next_attempt_at: Utc,
    /// The lease is given back.
    pub leased_until: Option<Utc>,
    /// What went wrong.
    pub last_error: Option<String>,
    /// Why it was not sent.
    pub skip_reason: Option<String>,
    /// When the mail server accepted it.
    pub sent_at: Option<Utc>,
}

/// What a list of e-mails is narrowed by. Ownership is part of it.
#[derive(Debug, Clone, Default)]
pub struct EmailFilter {
    /// In whose name.
    pub provider_id: String,
    /// Whether data that are kept only because the law demands it are shown too.
    pub restricted_too: bool,
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only those about this contract.
    pub subscription_id: Option<String>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only in this status.
    pub status: Option<String>,
    /// Only older ones than this id.
    pub before_id: Option<String>,
}

/// Writes e-mails into the outbox.
pub fn insert(conn: &mut DbConnection, rows: &[EmailRow]) -> Result<(), DbError> {
    insert_many!(conn, emails::table, rows)
}

/// One e-mail of the provider, of this customer only where one is named.
pub fn find(
    conn: &mut DbConnection,
    provider_id: &str,
    only_customer: Option<&str>,
    id: &str,
) -> Result<Option<EmailRow>, DbError> {
    let mut query = emails::table
        .filter(emails::id.eq(id))
        .filter(emails::provider_id.eq(provider_id))
        .select(EmailRow::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(customer_id) = only_customer {
        query = query.filter(emails::customer_id.eq(customer_id));
    }
    Ok(query.first(conn).optional()?)
}

/// A page of e-mails, newest first.
pub fn list(conn: &mut DbConnection, filter: &EmailFilter, limit: i64) -> Result<Vec<EmailRow>, DbError> {
    let mut query = emails::table
        .filter(emails::provider_id.eq(&filter.provider_id))
        .order(emails::id.desc())
        .limit(limit)
        .select(EmailRow::as_select())
        .into_boxed::<MultiBackend>();
    if !filter.restricted_too {
        let unrestricted = emails::customer_id.is_null().or(emails::customer_id
            .assume_not_null()
            .ne_all(restricted(&filter.provider_id)));
        query = query.filter(unrestricted);
    }
    if let Some(customer_id) = &filter.customer_id {
        query = query.filter(emails::customer_id.eq(customer_id));
    }
    if let Some(subscription_id) = &filter.subscription_id {
        query = query.filter(emails::subscription_id.eq(subscription_id));
    }
    if let Some(kind) = &filter.kind {
        query = query.filter(emails::kind.eq(kind));
    }
    if let Some(status) = &filter.status {
        query = query.filter(emails::status.eq(status));
    }
    if let Some(before_id) = &filter.before_id {
        query = query.filter(emails::id.lt(before_id));
    }
    Ok(query.load(conn)?)
}

/// The e-mails that tell about some events, oldest first.
pub fn of_events(conn: &mut DbConnection, event_ids: &[&str]) -> Result<Vec<EmailRow>, DbError> {
    Ok(emails::table
        .filter(emails::event_id.eq_any(event_ids))
        .order(emails::id)
        .select(EmailRow::as_select())
        .load(conn)?)
}

/// Gives the e-mails about an object to the customer and contract it turned out to concern, or takes them away from where they do
/// not belong.
pub fn assign(
    conn: &mut DbConnection,
    object_id: &str,
    customer_id: Option<&str>,
    subscription_id: Option<&str>,
) -> Result<(), DbError> {
    diesel::update(emails::table.filter(emails::object_id.eq(object_id)))
        .set((
            emails::customer_id.eq(customer_id),
            emails::subscription_id.eq(subscription_id),
        ))
        .execute(conn)?;
    Ok(())
}

/// The e-mails about some objects, oldest first.
pub fn of_objects(conn: &mut DbConnection, object_ids: &[&str]) -> Result<Vec<EmailRow>, DbError> {
    Ok(emails::table
        .filter(emails::object_id.eq_any(object_ids))
        .order(emails::id)
        .select(EmailRow::as_select())
        .load(conn)?)
}

/// The condition of the index of what is on its way, word for word: an index on a part of a table is only used where the
/// statement itself says that it is about that part, and a bound value says nothing.
fn on_its_way() -> SqlLiteral<Bool> {
    sql("emails.status IN ('queued', 'sending')")
}

/// That no earlier e-mail to the same customer at the same address is on its way: a customer reads things in the order in which
/// they happened. What nobody was recognised in waits for nothing, so that no stranger can keep a mail back.
fn is_next() -> SqlLiteral<Bool> {
    sql(
        "NOT EXISTS (SELECT 1 FROM emails AS earlier WHERE earlier.customer_id = emails.customer_id \
         AND earlier.recipient = emails.recipient AND earlier.id < emails.id AND earlier.status IN ('queued', 'sending'))",
    )
}

/// The kinds that wait for no other e-mail.
fn at_once() -> impl Iterator<Item = &'static str> {
    EmailKind::ALL
        .into_iter()
        .filter(|kind| kind.goes_at_once())
        .map(EmailKind::as_str)
}

/// Takes up to `limit` waiting e-mails in hand until `until`, oldest first, leaving out those another worker holds and those an
/// earlier one goes before; a confirmation of receipt waits for no other. One whose lease has run out was left behind by a worker
/// that stopped, and is taken again.
pub fn lease(conn: &mut DbConnection, now: Utc, until: Utc, limit: i64) -> Result<Vec<EmailRow>, DbError> {
    let mut rows: Vec<EmailRow> = lock_free_rows!(
        conn,
        emails::table
            .filter(on_its_way())
            .filter(
                emails::status
                    .eq("queued")
                    .or(emails::status.eq("sending").and(emails::leased_until.le(now)))
            )
            .filter(emails::next_attempt_at.le(now))
            .filter(emails::kind.eq_any(at_once()).or(is_next()))
            .order((emails::next_attempt_at, emails::id))
            .limit(limit)
            .select(EmailRow::as_select()),
        load
    )?;
    for row in &mut rows {
        row.status = "sending".to_owned();
        row.attempts += 1;
        row.leased_until = Some(until);
        diesel::update(emails::table.find(&row.id))
            .set((
                emails::status.eq(&row.status),
                emails::attempts.eq(row.attempts),
                emails::leased_until.eq(row.leased_until),
            ))
            .execute(conn)?;
    }
    Ok(rows)
}

/// Whether an e-mail waits to be sent.
pub fn is_waiting(conn: &mut DbConnection, now: Utc) -> Result<bool, DbError> {
    let query = emails::table
        .filter(on_its_way())
        .filter(
            emails::status
                .eq("queued")
                .or(emails::status.eq("sending").and(emails::leased_until.le(now))),
        )
        .filter(emails::next_attempt_at.le(now))
        .filter(emails::kind.eq_any(at_once()).or(is_next()));
    Ok(diesel::select(diesel::dsl::exists(query)).get_result(conn)?)
}

/// Records how an attempt ended, unless another worker has taken the e-mail over since (`attempt` is the number of ours).
pub fn settle(conn: &mut DbConnection, id: &str, attempt: i32, outcome: &EmailOutcome) -> Result<bool, DbError> {
    let changed = diesel::update(
        emails::table
            .filter(emails::id.eq(id))
            .filter(emails::status.eq("sending"))
            .filter(emails::attempts.eq(attempt)),
    )
    .set(outcome)
    .execute(conn)?;
    Ok(changed == 1)
}

/// Lets what follows an e-mail to the same customer and address wait until its next attempt, so that nobody who looks for work
/// walks past it meanwhile; not the confirmations of receipt, which go at once.
pub fn wait_behind(conn: &mut DbConnection, first: &EmailRow, until: Utc) -> Result<(), DbError> {
    let Some(customer_id) = &first.customer_id else {
        return Ok(());
    };
    let followers = emails::table
        .filter(on_its_way())
        .filter(emails::customer_id.eq(customer_id))
        .filter(emails::recipient.eq(&first.recipient))
        .filter(emails::id.gt(&first.id))
        .filter(emails::kind.ne_all(at_once()))
        .filter(emails::next_attempt_at.lt(until));
    diesel::update(followers)
        .set(emails::next_attempt_at.eq(until))
        .execute(conn)?;
    Ok(())
}
