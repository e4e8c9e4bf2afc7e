//! Receiving a declaration: kept as it arrived, confirmed at once, whether or not a contract is found.

use rand::RngExt;
use time::{Duration, OffsetDateTime};

use super::execute::{self, By};
use super::{check_not_blank, mail, receipt};
use crate::context::{RequestContext, network};
use crate::db::{DbConnection, JsonText, Utc};
use crate::domain::declaration::{
    DeclarationContent, DeclarationStatus, Receipt, confirmation_text, contract_number_in, is_proven,
};
use crate::domain::digest::sha256;
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::repositories::declarations::{self, DeclarationRow};
use crate::repositories::providers::{ProviderRow, provider_find_by_slug};
use crate::services::auth::secret;
use crate::state::AppState;

/// How many declarations of one network within an hour are executed automatically. Those beyond are received and confirmed like
/// any other, and left to staff.
const AUTOMATIC_PER_HOUR: i64 = 10;

/// What a person sends.
#[derive(Debug, Clone)]
pub struct Submission {
    /// What is declared.
    pub content: DeclarationContent,
    /// The request exactly as it arrived.
    pub raw: String,
    /// What makes a repetition of the request recognisable; `None` if nothing does.
    pub repeat_key: Option<String>,
}

/// A received declaration, as the person who made it may see it.
#[derive(Debug, Clone)]
pub struct Received {
    /// What was declared and when it was received.
    pub receipt: Receipt,
    /// Opens the confirmation again.
    pub receipt_token: String,
    /// The confirmation in text form.
    pub text: String,
}

impl Received {
    pub(super) fn new(row: &DeclarationRow, provider: &ProviderRow) -> Result<Self, AppError> {
        let receipt = receipt(row, provider)?;
        Ok(Self {
            text: confirmation_text(&receipt),
            receipt,
            receipt_token: row.receipt_token.clone(),
        })
    }
}

/// Receives a declaration. Its answer is the same whether or not a contract was found.
///
/// # Errors
/// [`AppError::NotFound`] for an unknown provider, [`AppError::Validation`] and `reason_required` for a form that is not filled
/// in; never because of a contract, an account or a limit.
pub fn receive(
    state: &AppState,
    slug: &str,
    context: &RequestContext,
    submission: Submission,
) -> Result<Received, AppError> {
    let content = submission.content.cleaned();
    check_not_blank(&content)?;
    content.check()?;
    let incoming = Incoming {
        content,
        raw: submission.raw,
        locale: context.locale,
        repeat_key: submission.repeat_key.map(|key| secret::fingerprint(&key)),
        received_at: now(state),
    };
    store(state, |conn, automatic| {
        let provider = provider_find_by_slug(conn, slug)?.ok_or(AppError::NotFound)?;
        record(state, conn, &provider, context, &incoming, automatic)
    })
}

/// The confirmation a token opens.
///
/// # Errors
/// [`AppError::NotFound`] for a token nobody was given, or of another provider.
pub fn find_receipt(state: &AppState, slug: &str, receipt_token: &str) -> Result<Received, AppError> {
    state.db.read(|conn| {
        let provider = provider_find_by_slug(conn, slug)?.ok_or(AppError::NotFound)?;
        let row = declarations::find_by_receipt_token(conn, &provider.id, receipt_token)?.ok_or(AppError::NotFound)?;
        Received::new(&row, &provider)
    })
}

/// Name of the provider with this slug.
///
/// # Errors
/// [`AppError::NotFound`] if there is none.
pub fn provider_name(state: &AppState, slug: &str) -> Result<String, AppError> {
    state.db.read(|conn| {
        let provider = provider_find_by_slug(conn, slug)?.ok_or(AppError::NotFound)?;
        Ok(provider.settings.0.name)
    })
}

/// What makes a form recognisable that is sent twice.
pub fn form_key() -> String {
    secret::generate("")
}

/// A declaration on its way into the database.
pub(super) struct Incoming {
    pub content: DeclarationContent,
    pub raw: String,
    pub locale: Locale,
    /// Hash of what makes a repetition recognisable.
    pub repeat_key: Option<String>,
    pub received_at: OffsetDateTime,
}

/// The wall clock to the millisecond, as it is stored.
pub(super) fn now(state: &AppState) -> OffsetDateTime {
    Utc::from(state.clock.now()).instant()
}

/// Runs `record` in a transaction. Should executing fail for a reason of the server's own, the declaration is received all the
/// same and left to staff: a defect must not cost anybody a period.
pub(super) fn store(
    state: &AppState,
    record: impl Fn(&mut DbConnection, bool) -> Result<Received, AppError>,
) -> Result<Received, AppError> {
    match state.db.write(|conn| record(conn, true)) {
        Err(AppError::Internal(error)) => {
            tracing::error!(?error, "a declaration could not be executed; it is left to staff");
            state.db.write(|conn| record(conn, false))
        }
        outcome => outcome,
    }
}

/// Keeps the declaration, sends the confirmation and executes what proves its contract; all in one transaction.
pub(super) fn record(
    state: &AppState,
    conn: &mut DbConnection,
    provider: &ProviderRow,
    context: &RequestContext,
    incoming: &Incoming,
    automatic: bool,
) -> Result<Received, AppError> {
    let origin_network = match context.ip.as_deref().and_then(|ip| ip.parse().ok()) {
        Some(address) => network(address).to_string(),
        None => String::new(),
    };
    let since = Utc::from(incoming.received_at - Duration::hours(1));
    let earlier = declarations::count_from(conn, &origin_network, since)?;
    let mut row = row(provider, context, incoming, origin_network);
    row.over_limit = earlier >= AUTOMATIC_PER_HOUR;
    if !declarations::insert(conn, &row)? {
        let key = incoming.repeat_key.as_deref().unwrap_or_default();
        let first = declarations::find_repeated(conn, &provider.id, key)?;
        let first = first.ok_or_else(|| AppError::internal("a declaration was repeated and then gone"))?;
        return Received::new(&first, provider);
    }
    let received = Received::new(&row, provider)?;
    mail::confirm_receipt(conn, provider, &row, &received.receipt, incoming.received_at)?;
    // Looked up whatever was written and however many came before: the same work for everyone.
    let number = contract_number_in(&incoming.content).unwrap_or_default();
    let holder = declarations::holder_of(conn, &provider.id, &number)?;
    let proven = holder.filter(|holder| is_proven(&incoming.content, &holder.candidate));
    if let Some(holder) = proven.filter(|_| automatic && !row.over_limit) {
        execute::automatically(state, conn, row, &holder, By::Declarant)?;
    }
    Ok(received)
}

fn row(
    provider: &ProviderRow,
    context: &RequestContext,
    incoming: &Incoming,
    origin_network: String,
) -> DeclarationRow {
    DeclarationRow {
        id: IdKind::Declaration.generate(),
        provider_id: provider.id.clone(),
        kind: incoming.content.kind().as_str().to_owned(),
        reference: reference(),
        receipt_token: secret::generate(""),
        repeat_key: incoming.repeat_key.clone(),
        content: JsonText(incoming.content.clone()),
        raw: incoming.raw.clone(),
        content_hash: sha256(incoming.raw.as_bytes()),
        locale: incoming.locale.as_str().to_owned(),
        origin: context.ip.clone(),
        origin_network,
        user_agent: context.user_agent.clone(),
        request_id: context.request_id.clone(),
        received_at: incoming.received_at.into(),
        over_limit: false,
        status: DeclarationStatus::Received.as_str().to_owned(),
        automatic: false,
        customer_id: None,
        subscription_id: None,
        timely: None,
        last_day_on: None,
        result_id: None,
        reason: None,
        decided_by: None,
        decided_at: None,
        version: 1,
    }
}

/// A reference to talk about: `7KQ2M-9XW4T`, without letters and digits that sound or look alike.
fn reference() -> String {
    const ALPHABET: [char; 28] = [
        '2', '3', '4', '5', '6', '7', '8', '9', 'B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R',
        'S', 'T', 'V', 'W', 'X', 'Z',
    ];
    let mut random = rand::rng();
    let mut part = || -> String {
        (0..5)
            .map(|_| ALPHABET[random.random_range(0..ALPHABET.len())])
            .collect()
    };
    format!("{}-{}", part(), part())
}
