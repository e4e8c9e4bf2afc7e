//! The prescribed labels, fields and texts, for front ends that build their own pages.

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::dto::DeclarationTypeDto;
use crate::api::blocking;
use crate::api::extract::{NoParameters, ProviderSlug, Query};
use crate::api::problem::Problem;
use crate::context::RequestContext;
use crate::domain::declaration::{Button, DeclarationKind, Field, Function, function};
use crate::domain::localized::Locale;
use crate::services::declarations;
use crate::state::AppState;

pub(super) fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(get_functions);
}

/// A button whose words the law prescribes.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatutoryButton {
    /// The words on the button, verbatim and in German whatever the language of the page; nothing else may stand on it.
    #[schema(max_length = 100, example = "Verträge hier kündigen")]
    pub label: String,
    /// What they mean, to be shown beside the button; `null` in German.
    #[schema(required, max_length = 100, example = json!(null))]
    pub translation: Option<String>,
    /// Where the law says so.
    #[schema(max_length = 100, example = "§ 312k Abs. 2 Satz 2 BGB")]
    pub source: String,
}

impl StatutoryButton {
    fn new(button: &Button, locale: Locale) -> Self {
        Self {
            label: button.label.to_owned(),
            translation: (locale != Locale::De).then(|| button.translation.to_owned()),
            source: button.source.to_owned(),
        }
    }
}

/// One of several choices.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldChoice {
    /// Value to send.
    #[schema(max_length = 60, example = "ordinary")]
    pub value: String,
    /// Label.
    #[schema(max_length = 200, example = "ordentlich, mit der vereinbarten Frist")]
    pub label: String,
}

/// A field of a function.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatutoryField {
    /// JSON pointer into the body of the request.
    #[schema(max_length = 100, example = "/identity/name")]
    pub pointer: String,
    /// Label.
    #[schema(max_length = 200, example = "Ihr Name")]
    pub label: String,
    /// Help, where the label is not enough.
    #[schema(required, max_length = 500, example = json!(null))]
    pub help: Option<String>,
    /// What may be entered: `text`, `lines` (several), `email`, `date` or `choice`.
    #[schema(max_length = 20, example = "text")]
    pub kind: String,
    /// Whether it must be filled in. No other field may be demanded.
    #[schema(example = true)]
    pub required: bool,
    /// Most characters.
    #[schema(minimum = 1, maximum = 10_000, example = 200)]
    pub max_length: u16,
    /// Where the law asks for it.
    #[schema(max_length = 100, example = "§ 312k Abs. 2 Satz 3 Nr. 1 lit. b BGB")]
    pub source: String,
    /// The choices; empty for other kinds.
    #[schema(max_items = 10)]
    pub choices: Vec<FieldChoice>,
}

impl StatutoryField {
    fn new(field: &Field, locale: Locale) -> Self {
        Self {
            pointer: field.pointer.to_owned(),
            label: field.label.get(locale).to_owned(),
            help: field.help.as_ref().map(|help| help.get(locale).to_owned()),
            kind: field.kind.as_str().to_owned(),
            required: field.required,
            max_length: field.max_length,
            source: field.source.to_owned(),
            choices: field
                .choices
                .iter()
                .map(|(value, label)| FieldChoice {
                    value: (*value).to_owned(),
                    label: label.get(locale).to_owned(),
                })
                .collect(),
        }
    }
}

/// A function the law wants on the provider's site, permanently, prominently and without login.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatutoryFunction {
    /// Which one.
    #[serde(rename = "type")]
    pub function_type: DeclarationTypeDto,
    /// The button that leads to it.
    pub entry: StatutoryButton,
    /// The button that makes the declaration.
    pub confirm: StatutoryButton,
    /// Title of its page.
    #[schema(max_length = 200, example = "Vertrag kündigen")]
    pub title: String,
    /// What it is for.
    #[schema(max_length = 1000, example = "Hier kündigen Sie einen Vertrag.")]
    pub introduction: String,
    /// Its fields, in order.
    #[schema(max_items = 20)]
    pub fields: Vec<StatutoryField>,
    /// Path of the first request: `POST` with a JSON body of the fields.
    #[schema(
        format = "uri-reference",
        max_length = 200,
        example = "/v1/public/sprechfenster/cancellations"
    )]
    pub href: String,
    /// Path of the ready-made page.
    #[schema(format = "uri-reference", max_length = 200, example = "/p/sprechfenster/kuendigen")]
    pub page_href: String,
}

impl StatutoryFunction {
    fn new(function: &Function, slug: &str, locale: Locale) -> Self {
        let (resource, page) = match function.kind {
            DeclarationKind::Cancellation => ("cancellations", "kuendigen"),
            DeclarationKind::Withdrawal => ("withdrawals", "widerrufen"),
        };
        Self {
            function_type: function.kind.into(),
            entry: StatutoryButton::new(&function.entry, locale),
            confirm: StatutoryButton::new(&function.confirm, locale),
            title: function.title.get(locale).to_owned(),
            introduction: function.introduction.get(locale).to_owned(),
            fields: function
                .fields
                .iter()
                .map(|field| StatutoryField::new(field, locale))
                .collect(),
            href: format!("/v1/public/{slug}/{resource}"),
            page_href: format!("/p/{slug}/{page}"),
        }
    }
}

/// The statutory functions of a provider.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatutoryFunctions {
    /// Name of the provider.
    #[schema(max_length = 200, example = "Sprechfenster")]
    pub provider: String,
    /// Cancelling.
    pub cancellation: StatutoryFunction,
    /// Withdrawing.
    pub withdrawal: StatutoryFunction,
}

/// The statutory functions.
#[utoipa::path(
    tag = "Public",
    operation_id = "getStatutoryFunctions",
    summary = "Describe the statutory functions",
    description = "The words the law prescribes for the buttons, the fields and the texts of the cancellation button (§ 312k BGB) and the \
        withdrawal function (§ 356a BGB), for front ends that build their own pages. May be kept by browsers and proxies for five minutes.",
    security(()),
    params(ProviderSlug),
    responses((status = 200, description = "Both functions.", body = StatutoryFunctions)),
)]
#[get("/public/{provider}/functions")]
pub async fn get_functions(
    state: web::Data<AppState>,
    context: RequestContext,
    provider: ProviderSlug,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let slug = provider.0.clone();
    let name = blocking(&state, move |state| declarations::provider_name(state, &provider.0)).await?;
    let describe = |kind| StatutoryFunction::new(&function(kind), &slug, context.locale);
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(StatutoryFunctions {
            provider: name,
            cancellation: describe(DeclarationKind::Cancellation),
            withdrawal: describe(DeclarationKind::Withdrawal),
        }))
}
