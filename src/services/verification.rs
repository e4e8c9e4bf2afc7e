//! Checking a live database: every invariant of [`crate::domain::verification`], page by page, each page in one snapshot. Reads
//! only; servers and workers go on meanwhile.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use time::macros::date;
use time::{Date, OffsetDateTime};

use super::catalogue::document_content;
use super::chain::{ERASED_DATA, verify_chain};
use super::due::{self, BusinessInstant};
use super::events::ChainEnd;
use super::views;
use super::workbench::plans_of;
use crate::db::DbConnection;
use crate::domain::declaration::DeclarationRecord;
use crate::domain::event_type::EventType;
use crate::domain::invoice::Document;
use crate::domain::money::Currency;
use crate::domain::subscription::Subscription;
use crate::domain::verification::{
    Cash, Findings, Happening, Invariant, IssuedDocument, Kept, KeptDeclaration, KeptDocument, Recorded, check_cash,
    check_contract, check_document, check_history, check_one_is_kept, check_proofs,
};
use crate::domain::withdrawal::Withdrawal;
use crate::error::AppError;
use crate::repositories::account::{self, AccountRow, AccountRows};
use crate::repositories::events::EventRow;
use crate::repositories::verification::{self, AnsweredKey, DeclarationColumns, DocumentRow, PaymentColumns};
use crate::repositories::withdrawals;
use crate::state::AppState;

/// How many customers are looked at in one snapshot; it bounds the memory.
const CUSTOMERS_AT_ONCE: i64 = 100;

/// All charges are looked at, however old.
const LONG_AGO: Date = date!(1900 - 01 - 01);

/// How many keys are looked at in one snapshot.
const KEYS_AT_ONCE: i64 = 5_000;

/// Looks at the whole database.
///
/// # Errors
/// Those of the database. What breaks an invariant is no error but a finding.
pub fn verify(state: &AppState) -> Result<Findings, AppError> {
    let mut findings = Findings::default();
    let mut after = String::new();
    loop {
        let (last, found) = state.db.read_consistent(|conn| customers_page(state, conn, &after))?;
        findings.merge(found);
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    findings.merge(state.db.read_consistent(references)?);
    findings.merge(state.db.read_consistent(numbers)?);
    findings.merge(state.db.read_consistent(published_documents)?);
    keys(state, &mut findings)?;
    Ok(findings)
}

/// Everything of one page of customers, sorted by customer.
#[derive(Default)]
struct Page {
    accounts: HashMap<String, AccountRows>,
    instants: BTreeMap<String, BusinessInstant>,
    events: HashMap<String, Vec<EventRow>>,
    withdrawals: HashMap<String, Vec<Withdrawal>>,
    documents: HashMap<String, Vec<DocumentRow>>,
    payments: HashMap<String, Vec<PaymentColumns>>,
    kept: Kept,
}

impl Page {
    fn load(state: &AppState, conn: &mut DbConnection, ids: &[&str]) -> Result<Self, AppError> {
        let mut page = Self {
            accounts: account::load_many(conn, ids, LONG_AGO)?,
            instants: due::business_instants(state, conn, ids)?,
            ..Self::default()
        };
        for row in verification::events_of(conn, ids)? {
            page.events.entry(row.customer_id.clone()).or_default().push(row);
        }
        for row in verification::withdrawals_of(conn, ids)? {
            let of = page.withdrawals.entry(row.customer_id.clone()).or_default();
            of.push(withdrawals::in_memory(&row)?);
        }
        for row in verification::documents_of(conn, ids)? {
            page.documents.entry(row.customer_id.clone()).or_default().push(row);
        }
        page.kept = kept(conn, page.events.values().flatten())?;
        for row in verification::payments_of(conn, ids)? {
            page.payments.entry(row.0.clone()).or_default().push(row);
        }
        Ok(page)
    }
}

/// What the events prove and is kept beside them.
fn kept<'a>(conn: &mut DbConnection, events: impl Iterator<Item = &'a EventRow>) -> Result<Kept, AppError> {
    let received = EventType::DeclarationReceived.as_str();
    let told = events.filter(|row| row.event_type == received);
    let ids: Vec<String> = told.filter_map(declaration_id).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let declarations = verification::declarations_by_id(conn, &ids)?;
    let documents = verification::legal_document_heads(conn)?.into_iter();
    let documents = documents.map(|(id, sha256, version, title)| {
        let kept = KeptDocument { sha256, version, title };
        (id, kept)
    });
    Ok(Kept {
        documents: documents.collect(),
        declarations: declarations.into_iter().map(kept_declaration).collect(),
    })
}

fn declaration_id(row: &EventRow) -> Option<String> {
    let data: Value = serde_json::from_str(&row.data).ok()?;
    Some(data["declaration"]["id"].as_str()?.to_owned())
}

fn kept_declaration(row: DeclarationColumns) -> (String, KeptDeclaration) {
    let record = DeclarationRecord {
        id: &row.id,
        reference: &row.reference,
        content: &row.content,
        raw: &row.raw,
        locale: &row.locale,
        origin: row.origin.as_deref(),
        user_agent: row.user_agent.as_deref(),
        request_id: &row.request_id,
        received_at: row.received_at.instant(),
    };
    let kept = KeptDeclaration {
        sha256: record.sha256(),
        customer_id: row.customer_id,
        status: row.status,
    };
    (row.id, kept)
}

fn customers_page(
    state: &AppState,
    conn: &mut DbConnection,
    after: &str,
) -> Result<(Option<String>, Findings), AppError> {
    let customers = verification::customers_after(conn, after, CUSTOMERS_AT_ONCE)?;
    let ids: Vec<&str> = customers.iter().map(|row| row.id.as_str()).collect();
    let mut findings = Findings::default();
    let mut page = Page::load(state, conn, &ids)?;
    for customer in &customers {
        check_customer(state, conn, &mut findings, customer, &mut page)?;
    }
    Ok((customers.last().map(|row| row.id.clone()), findings))
}

fn check_customer(
    state: &AppState,
    conn: &mut DbConnection,
    findings: &mut Findings,
    customer: &AccountRow,
    page: &mut Page,
) -> Result<(), AppError> {
    let events = page.events.remove(&customer.id).unwrap_or_default();
    check_chain(findings, customer, &events);
    let mut singles: Vec<(EventType, String)> = Vec::new();
    let documents = page.documents.remove(&customer.id).unwrap_or_default();
    let payments = page.payments.remove(&customer.id).unwrap_or_default();
    check_money(findings, customer, &documents, &payments);
    for row in documents {
        singles.push((check_stored(findings, &row), row.id));
    }
    let withdrawals = page.withdrawals.remove(&customer.id).unwrap_or_default();
    let declared = withdrawals
        .iter()
        .map(|one| (EventType::WithdrawalCreated, one.id.clone()));
    singles.extend(declared);
    let paid = payments.into_iter();
    singles.extend(paid.map(|(_, id, ..)| (EventType::PaymentRecorded, id)));

    let rows = page.accounts.remove(&customer.id).unwrap_or_default();
    let Some(published) = state.catalogues.find_current(conn, &customer.provider_id)? else {
        return Ok(());
    };
    let plans = plans_of(state, conn, [&rows])?;
    let subscriptions = rows.subscriptions(&plans)?;
    let zone = views::zone(&published)?;
    let instant = page.instants.get(&customer.id);
    let now = instant.map_or_else(|| state.clock.now(), |instant| instant.now);
    let today = zone.local_date(now);
    let charged_up_to = Some(today).filter(|_| !instant.is_some_and(BusinessInstant::is_due));
    for subscription in &subscriptions {
        check_contract(findings, subscription, &withdrawals, charged_up_to);
    }
    let happenings: Vec<Happening> = events
        .iter()
        .map(|row| happening(row, zone.local_date(row.occurred_at.instant())))
        .collect();
    let recorded = Recorded {
        subscriptions: &subscriptions,
        singles: &singles,
        withdrawals: &withdrawals,
    };
    check_history(findings, &recorded, &happenings);
    check_proofs(findings, &customer.id, &happenings, &page.kept);
    if published.catalogue.provider.keep_last_contract {
        check_kept(
            findings,
            customer,
            &subscriptions,
            &events,
            (today, published.published_at),
        );
    }
    Ok(())
}

fn check_chain(findings: &mut Findings, customer: &AccountRow, events: &[EventRow]) {
    findings.look(Invariant::ChainIntact, events.len() as u64);
    let end = ChainEnd {
        sequence: customer.last_event_sequence,
        hash: customer.last_event_hash.clone(),
    };
    if let Err(broken) = verify_chain(events, &end) {
        findings.offend(Invariant::ChainIntact, &customer.id, broken.to_string());
    }
}

/// What was invoiced, credited, paid, refunded and is kept as balance must agree, currency by currency.
fn check_money(findings: &mut Findings, customer: &AccountRow, documents: &[DocumentRow], payments: &[PaymentColumns]) {
    let mut cash: BTreeMap<Currency, Cash> = BTreeMap::new();
    for row in documents {
        // What cannot be read is an offence already.
        if let Ok(document) = serde_json::from_str::<Document>(&row.document) {
            cash.entry(document.currency).or_default().enter(&document, row.open);
        }
    }
    for (.., amount, currency) in payments {
        if let Some(currency) = Currency::parse(currency) {
            cash.entry(currency).or_default().paid += amount;
        }
    }
    if let Some(currency) = Currency::parse(&customer.balance_currency).filter(|_| customer.balance != 0) {
        cash.entry(currency).or_default().balance += customer.balance;
    }
    for (currency, cash) in &cash {
        check_cash(findings, &customer.id, *currency, cash);
    }
}

/// Checks a document and says which event tells of it.
fn check_stored(findings: &mut Findings, row: &DocumentRow) -> EventType {
    let issued = IssuedDocument {
        id: &row.id,
        number: &row.number,
        canonical: &row.document,
        sha256: &row.sha256,
        totals: row.totals,
    };
    check_document(findings, &issued);
    if row.totals.is_some() {
        EventType::InvoiceIssued
    } else {
        EventType::CreditNoteIssued
    }
}

fn happening(row: &EventRow, on: Date) -> Happening {
    let erased = row.data == ERASED_DATA;
    Happening {
        id: row.id.clone(),
        event_type: row.event_type.clone(),
        on,
        data: serde_json::from_str(&row.data).ok().filter(|_| !erased),
    }
}

/// Who acted for somebody else is staff or a program, who has a declaration used the button; a customer acts for itself.
fn check_kept(
    findings: &mut Findings,
    customer: &AccountRow,
    subscriptions: &[Subscription],
    events: &[EventRow],
    (today, since): (Date, OffsetDateTime),
) {
    let contracts: Vec<&Subscription> = subscriptions.iter().filter(|one| one.booking.is_none()).collect();
    let ends = |id: &str| {
        contracts
            .iter()
            .any(|one| one.ended_by_change_id.as_deref() == Some(id))
    };
    let created = EventType::CancellationCreated.as_str();
    let last_declared = events
        .iter()
        .rev()
        .filter(|event| event.event_type == created)
        .find_map(|event| {
            let data: Value = serde_json::from_str(&event.data).ok()?;
            let id = data["cancellation"]["id"].as_str().filter(|id| ends(id))?.to_owned();
            let actor: Value = serde_json::from_str(&event.actor).ok()?;
            let by_itself =
                event.on_behalf_of.is_none() && !["declaration", "system"].iter().any(|kind| actor["type"] == *kind);
            Some((id, by_itself))
        });
    if let Some((id, by_itself)) = last_declared {
        check_one_is_kept(findings, &customer.id, &contracts, (&id, by_itself), today, since);
    }
}

fn references(conn: &mut DbConnection) -> Result<Findings, AppError> {
    let mut findings = Findings::default();
    for reference @ (table, column, target, ..) in verification::REFERENCES {
        let (seen, offenders) = verification::crossings(conn, *reference)?;
        findings.look(Invariant::NothingCrosses, seen.unsigned_abs());
        for offender in offenders {
            let detail = format!(
                "{table}.{column} leads to {} of {target}, which is missing or another's",
                offender.other
            );
            findings.offend(Invariant::NothingCrosses, &offender.id, detail);
        }
    }
    Ok(findings)
}

/// Terms, instructions and whatever else was accepted are as they were published.
fn published_documents(conn: &mut DbConnection) -> Result<Findings, AppError> {
    let mut findings = Findings::default();
    for (heading, content) in verification::legal_documents(conn)? {
        let unchanged = document_content(&heading, content).is_ok();
        findings.check(Invariant::DocumentsUnchanged, &heading.id, unchanged, || {
            format!("{} {} is not what was published", heading.key, heading.version)
        });
    }
    Ok(findings)
}

fn numbers(conn: &mut DbConnection) -> Result<Findings, AppError> {
    let mut findings = Findings::default();
    for range in verification::number_ranges(conn)? {
        findings.look(Invariant::NumbersGapless, range.documents.unsigned_abs());
        let whole = range.lowest == 1 && range.highest == range.documents && range.numbers == range.documents;
        if !whole || range.last_sequence != Some(range.highest) {
            let detail = format!(
                "{} {} {}: {} documents with {} numbers from {} to {}, the counter says {:?}",
                range.series,
                range.document_type,
                range.year,
                range.documents,
                range.numbers,
                range.lowest,
                range.highest,
                range.last_sequence
            );
            findings.offend(Invariant::NumbersGapless, &range.provider_id, detail);
        }
    }
    Ok(findings)
}

/// An answer that says "created" names its object; another key of the same caller must not name it too.
fn keys(state: &AppState, findings: &mut Findings) -> Result<(), AppError> {
    let mut after = (String::new(), String::new());
    let mut created: HashMap<String, String> = HashMap::new();
    loop {
        let page = state.db.read_consistent(|conn| {
            Ok::<_, AppError>(verification::keys_after(conn, (&after.0, &after.1), KEYS_AT_ONCE)?)
        })?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = (last.principal_id.clone(), last.key.clone());
        for key in &page {
            check_key(findings, &mut created, key);
        }
    }
}

fn check_key(findings: &mut Findings, created: &mut HashMap<String, String>, key: &AnsweredKey) {
    findings.look(Invariant::OneEffectPerKey, 1);
    let name = format!("{} {}", key.principal_id, key.key);
    let (Some(status), Some(body)) = (key.status, &key.body) else {
        findings.offend(Invariant::OneEffectPerKey, &name, "was committed without an answer");
        return;
    };
    let id = serde_json::from_str::<Value>(body)
        .ok()
        .and_then(|body| body["id"].as_str().map(str::to_owned));
    if let Some(id) = id.filter(|_| status == 201)
        && let Some(other) = created.insert(id.clone(), name.clone())
    {
        findings.offend(
            Invariant::OneEffectPerKey,
            &name,
            format!("created {id}, as {other} did"),
        );
    }
}
