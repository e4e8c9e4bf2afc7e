//! Rendering: templates of this program, with every value escaped.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use minijinja::{Environment, Value, context};

use super::form::{Entered, Fault, form_name};
use super::texts::words;
use crate::domain::declaration::{Button, DeclarationKind, Field, FieldKind, Function, Receipt, function};
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::services::declarations::{Draft, Received};

/// Nothing from elsewhere, no script, forms only to this server.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    for (name, source) in [
        ("layout.html", include_str!("templates/layout.html")),
        ("form.html", include_str!("templates/form.html")),
        ("confirm.html", include_str!("templates/confirm.html")),
        ("receipt.html", include_str!("templates/receipt.html")),
        ("message.html", include_str!("templates/message.html")),
    ] {
        if let Err(error) = environment.add_template(name, source) {
            tracing::error!(?error, name, "a template of this program cannot be read");
        }
    }
    environment
});

/// What every page needs to know.
pub(super) struct Frame<'a> {
    /// Short name of the provider.
    pub slug: &'a str,
    /// Its name.
    pub provider: &'a str,
    /// Language of the page.
    pub locale: Locale,
}

impl Frame<'_> {
    fn values(&self, title: &str, with_languages: bool) -> Value {
        let languages = [(Locale::De, "Deutsch"), (Locale::En, "English")];
        let languages: Vec<Value> = languages
            .into_iter()
            .map(|(locale, name)| context! { tag => locale.as_str(), name, current => locale == self.locale })
            .collect();
        let links: Vec<Value> = [
            (DeclarationKind::Cancellation, "kuendigen"),
            (DeclarationKind::Withdrawal, "widerrufen"),
        ]
        .into_iter()
        .map(|(kind, page)| {
            let entry = function(kind).entry;
            context! {
                href => format!("/p/{}/{page}?lang={}", self.slug, self.locale.as_str()),
                label => entry.label,
                translation => self.translation(&entry),
            }
        })
        .collect();
        context! {
            lang => self.locale.as_str(),
            provider => self.provider,
            title,
            say => words(self.locale).values(),
            languages => with_languages.then_some(languages),
            links,
        }
    }

    fn translation(&self, button: &Button) -> Option<&'static str> {
        (self.locale != Locale::De).then_some(button.translation)
    }

    fn button(&self, button: &Button) -> Value {
        context! { label => button.label, translation => self.translation(button) }
    }

    /// Path of a page of this provider, in the present language.
    pub fn path(&self, page: &str) -> String {
        format!("/p/{}/{page}?lang={}", self.slug, self.locale.as_str())
    }

    /// The form, empty or with what was entered and what is wrong with it.
    pub fn form(
        &self,
        function: &Function,
        entered: &Entered,
        faults: &[Fault],
        form_key: Option<&str>,
    ) -> Result<HttpResponse, AppError> {
        let page = match function.kind {
            DeclarationKind::Cancellation => "kuendigen",
            DeclarationKind::Withdrawal => "widerrufen",
        };
        let fields: Vec<Value> = function
            .fields
            .iter()
            .map(|field| self.field(field, entered, faults))
            .collect();
        let errors: Vec<Value> = faults.iter().map(|fault| self.summary(function, fault)).collect();
        let values = context! {
            introduction => function.introduction.get(self.locale),
            action => self.path(page),
            fields,
            errors,
            form_key,
            button => self.button(&function.confirm_of_first_page()),
            ..self.values(function.title.get(self.locale), true)
        };
        let status = if faults.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        self.render(status, "form.html", values)
    }

    fn field(&self, field: &Field, entered: &Entered, faults: &[Fault]) -> Value {
        let name = form_name(field.pointer);
        let id = format!("f-{}", name.replace('_', "-"));
        let error = faults.iter().find(|fault| fault.pointer == field.pointer);
        // What the rest of the form makes necessary is not called optional beside the request to fill it in.
        let is_missing = error.is_some_and(|fault| fault.text == words(self.locale).please_fill_in);
        let sent = entered.get(&name).map(String::as_str);
        let described_by: Vec<String> = [(field.help.is_some(), "help"), (error.is_some(), "error")]
            .into_iter()
            .filter(|(present, _)| *present)
            .map(|(_, part)| format!("{id}-{part}"))
            .collect();
        let preset = field.choices.first().map(|(value, _)| *value);
        let choices: Vec<Value> = field
            .choices
            .iter()
            .map(|(value, label)| {
                let checked = sent.or(preset).is_some_and(|chosen| chosen == *value);
                context! { value => *value, label => label.get(self.locale), checked }
            })
            .collect();
        context! {
            id, name, choices,
            label => field.label.get(self.locale),
            help => field.help.as_ref().map(|help| help.get(self.locale)),
            kind => field.kind.as_str(),
            rows => if field.max_length > 500 { 4 } else { 2 },
            required => field.required,
            optional => !field.required && !is_missing,
            max_length => field.max_length,
            autocomplete => field.autocomplete,
            value => sent.unwrap_or_default(),
            error => error.map(|fault| fault.text.as_str()),
            described_by => described_by.join(" "),
        }
    }

    fn summary(&self, function: &Function, fault: &Fault) -> Value {
        let field = function.fields.iter().find(|field| field.pointer == fault.pointer);
        let id = field.map(|field| {
            let id = format!("f-{}", form_name(field.pointer).replace('_', "-"));
            // A link to a group of choices leads to its first one, which can take the focus.
            match field.choices.first() {
                Some((value, _)) if field.kind == FieldKind::Choice => format!("{id}-{value}"),
                _ => id,
            }
        });
        context! { id, label => field.map(|field| field.label.get(self.locale)), text => fault.text.as_str() }
    }

    /// The second step of a withdrawal: what will be declared, and the one button.
    pub fn check(&self, draft: &Draft) -> Result<HttpResponse, AppError> {
        let words = words(self.locale);
        let lines = Receipt::lines_of(&draft.content, self.locale);
        let confirm = function(DeclarationKind::Withdrawal).confirm;
        let values = context! {
            introduction => words.check_introduction,
            action => self.path(&format!("widerrufen/{}", draft.token)),
            lines,
            button => self.button(&confirm),
            ..self.values(words.check_title, true)
        };
        self.render(StatusCode::OK, "confirm.html", values)
    }

    /// The confirmation, in the language of the declaration.
    pub fn receipt(&self, received: &Received) -> Result<HttpResponse, AppError> {
        let receipt = &received.receipt;
        let values = context! {
            introduction => receipt.introduction(),
            facts => receipt.facts(),
            lines => receipt.lines(),
            outlook => receipt.outlook(),
            download_href => format!("/p/{}/bestaetigung/{}.txt", self.slug, received.receipt_token),
            file_name => file_name(receipt),
            ..self.values(receipt.title(), false)
        };
        self.render(StatusCode::OK, "receipt.html", values)
    }

    /// A page that only says something.
    pub fn message(&self, status: StatusCode, title: &str, text: &str) -> Result<HttpResponse, AppError> {
        let values = context! { introduction => text, ..self.values(title, false) };
        self.render(status, "message.html", values)
    }

    fn render(&self, status: StatusCode, template: &str, values: Value) -> Result<HttpResponse, AppError> {
        let failed = |error: minijinja::Error| AppError::Internal(error.into());
        let template = TEMPLATES.get_template(template).map_err(failed)?;
        let text = template.render(values).map_err(failed)?;
        Ok(HttpResponse::build(status)
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONTENT_LANGUAGE, self.locale.as_str()))
            .insert_header((header::VARY, "Accept-Language"))
            .content_type("text/html; charset=utf-8")
            .body(text))
    }
}

/// Name under which the confirmation is stored.
pub(super) fn file_name(receipt: &Receipt) -> String {
    let kind = match receipt.content.kind() {
        DeclarationKind::Cancellation => "kuendigung",
        DeclarationKind::Withdrawal => "widerruf",
    };
    format!("{kind}-{}.txt", receipt.reference)
}
