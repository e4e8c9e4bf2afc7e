//! Templates: one source per kind and language gives both the plain text and the HTML.
//!
//! A source says its words once through the macros of `layout.txt` or `layout.html`. What customers or providers wrote comes
//! in as values only, is never parsed as a template, and is escaped in HTML.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::Serialize;

use crate::domain::email::EmailKind;
use crate::domain::localized::Locale;
use crate::domain::text::is_deceptive;

/// Longest subject, in characters.
const LONGEST_SUBJECT: usize = 180;

/// A mail as it will be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Subject, one line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// A template that cannot be rendered: a fault of the program.
#[derive(Debug, thiserror::Error)]
#[error("the mail {kind} ({locale}) cannot be rendered: {reason}")]
pub struct RenderError {
    kind: &'static str,
    locale: &'static str,
    reason: String,
}

/// The embedded sources by kind: German and English.
macro_rules! sources {
    ($($kind:ident => $name:literal),+ $(,)?) => {
        fn source(kind: EmailKind, locale: Locale) -> &'static str {
            match (kind, locale) {
                $(
                    (EmailKind::$kind, Locale::De) => include_str!(concat!("templates/", $name, ".de.jinja")),
                    (EmailKind::$kind, Locale::En) => include_str!(concat!("templates/", $name, ".en.jinja")),
                )+
            }
        }
    };
}

sources! {
    ContractConcluded => "contract_concluded",
    PlanChangeReceived => "plan_change_received",
    PlanChangeApplied => "plan_change_applied",
    PlanChangeRevoked => "plan_change_revoked",
    CancellationReceived => "cancellation_received",
    CancellationDecided => "cancellation_decided",
    CancellationRevoked => "cancellation_revoked",
    CancellationEffective => "cancellation_effective",
    WithdrawalReceived => "withdrawal_received",
    AddOnBooked => "add_on_booked",
    AddOnQuantityChanged => "add_on_quantity_changed",
    AddOnQuantityChangeRevoked => "add_on_quantity_change_revoked",
    AddOnCancellationReceived => "add_on_cancellation_received",
    AddOnCancellationRevoked => "add_on_cancellation_revoked",
    AddOnWithdrawn => "add_on_withdrawn",
    InvoiceIssued => "invoice_issued",
    CreditNoteIssued => "credit_note_issued",
    DeclarationReceived => "declaration_received",
    DeclarationRejected => "declaration_rejected",
    WebhookEndpointDisabled => "webhook_endpoint_disabled",
}

/// What a source is given: the macros of its format, its language, and the mail's values.
#[derive(Serialize)]
struct Source<'a> {
    macros: &'static str,
    locale: &'static str,
    de: bool,
    mail: &'a serde_json::Value,
}

/// What a frame is given: the body is finished markup of its format.
#[derive(Serialize)]
struct Frame<'a> {
    subject: &'a str,
    body: Value,
    locale: &'static str,
    de: bool,
    mail: &'a serde_json::Value,
}

static ENVIRONMENT: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(environment);

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    // A name that is missing is a fault of the template, not an empty place in a legal notice.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        if name.ends_with(".txt") {
            AutoEscape::None
        } else {
            AutoEscape::Html
        }
    });
    environment.add_filter("tight", |text: &Value| tight(text));
    environment.add_filter("line", |text: &Value| one_line(&text.to_string()));
    environment.add_filter("plain", |text: &str| plain(text));
    environment.add_filter("quoted", |text: &str| {
        let quote = |line: &str| format!("> {line}");
        plain(text).lines().map(quote).collect::<Vec<_>>().join("\n")
    });
    environment.add_template("macros.txt", include_str!("templates/macros.txt.jinja"))?;
    environment.add_template("macros.html", include_str!("templates/macros.html.jinja"))?;
    environment.add_template("frame.txt", include_str!("templates/frame.txt.jinja"))?;
    environment.add_template("frame.html", include_str!("templates/frame.html.jinja"))?;
    for kind in EmailKind::ALL {
        for locale in [Locale::De, Locale::En] {
            for format in ["txt", "html"] {
                let name = format!("{}.{}.{format}", kind.as_str(), locale.as_str());
                environment.add_template_owned(name, source(kind, locale))?;
            }
        }
    }
    Ok(environment)
}

/// Renders a mail. `mail` holds its values by name (see [`super::content`]).
///
/// # Errors
/// When a template does not fit its values.
pub fn render(kind: EmailKind, locale: Locale, mail: &serde_json::Value) -> Result<Rendered, RenderError> {
    let failed = |error: &minijinja::Error| RenderError {
        kind: kind.as_str(),
        locale: locale.as_str(),
        reason: format!("{error:#}"),
    };
    let environment = match &*ENVIRONMENT {
        Ok(environment) => environment,
        Err(error) => return Err(failed(error)),
    };
    let (subject, text) = in_format(environment, kind, locale, mail, &TEXT, None).map_err(|error| failed(&error))?;
    let subject: String = one_line(&subject).chars().take(LONGEST_SUBJECT).collect();
    let (_, html) =
        in_format(environment, kind, locale, mail, &HTML, Some(&subject)).map_err(|error| failed(&error))?;
    Ok(Rendered {
        subject,
        text: squeezed(&text),
        html,
    })
}

/// The names of a format's templates.
struct Format {
    suffix: &'static str,
    macros: &'static str,
    frame: &'static str,
}

const TEXT: Format = Format {
    suffix: "txt",
    macros: "macros.txt",
    frame: "frame.txt",
};
const HTML: Format = Format {
    suffix: "html",
    macros: "macros.html",
    frame: "frame.html",
};

/// Subject and whole mail in one format. The subject of plain text is the true one; HTML is given it to show.
fn in_format(
    environment: &Environment<'_>,
    kind: EmailKind,
    locale: Locale,
    mail: &serde_json::Value,
    format: &Format,
    subject: Option<&str>,
) -> Result<(String, String), minijinja::Error> {
    let (tag, de) = (locale.as_str(), locale == Locale::De);
    let template = environment.get_template(&format!("{}.{tag}.{}", kind.as_str(), format.suffix))?;
    let source = Source {
        macros: format.macros,
        locale: tag,
        de,
        mail,
    };
    let captured = template.render_captured(Value::from(Serde(&source)))?;
    let own = captured.state().lookup("subject").unwrap_or_default().to_string();
    let frame = Frame {
        subject: subject.unwrap_or(&own),
        body: Value::from_safe_string(captured.into_output()),
        locale: tag,
        de,
        mail,
    };
    let whole = environment
        .get_template(format.frame)?
        .render(Value::from(Serde(&frame)))?;
    Ok((own, whole))
}

/// Lines without the blank ones between them, as markup if they were.
fn tight(text: &Value) -> Value {
    let lines = text.to_string();
    let lines: Vec<&str> = lines.lines().filter(|line| !line.trim().is_empty()).collect();
    if text.is_safe() {
        Value::from_safe_string(lines.join("\n"))
    } else {
        Value::from(lines.join("\n"))
    }
}

/// Text with at most one blank line in a row.
fn squeezed(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    let mut blank = true;
    for line in text.lines() {
        // The separator of a signature ends with a blank (RFC 3676).
        let line = if line == "-- " { line } else { line.trim_end() };
        if !(line.is_empty() && blank) {
            squeezed.push_str(line);
            squeezed.push('\n');
        }
        blank = line.is_empty();
    }
    squeezed
}

/// Text on one line, without what could end a header, turn the direction of writing or hide.
pub fn one_line(text: &str) -> String {
    text.split(|character: char| character.is_whitespace() || character.is_control())
        .map(|word| word.replace(is_deceptive, ""))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Text of several lines without control characters and without what turns the direction of writing.
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter(|character| *character == '\n' || !(character.is_control() || is_deceptive(*character)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Values for every kind at once, each text hostile in its own way.
    fn values(hostile: &str) -> serde_json::Value {
        let plan = json!({
            "name": hostile, "description": hostile, "quantity": "3", "price_label": hostile, "recurring": hostile,
            "terms": hostile, "features": [hostile], "prices": [{ "label": hostile, "text": hostile }],
        });
        let mut values = json!({
            "provider": {
                "name": hostile, "phone": hostile, "email": hostile, "postal": [hostile], "colour": "#123456",
                "signature": [hostile],
            },
            "customer": { "name": hostile, "number": hostile },
            "contract": { "number": hostile, "starts_on": "1.1.2026", "ends_on": null },
            "received": "16.03.2026", "plan": plan,
            "documents": [{ "title": hostile, "version": "1", "sha256": "0", "file_name": hostile }],
            "dpa": { "version": hostile },
            "instruction": { "title": hostile, "text": hostile },
            "order_button": hostile, "reason": hostile, "refund": hostile,
            "from": { "name": hostile, "quantity": 3, "text": hostile },
            "to": { "name": hostile, "quantity": 1, "text": hostile },
            "effective_on": "1", "in_effect": false, "until_on": "2", "revocable_through_on": "3", "replaced": true,
            "consequences": [hostile], "extraordinary": true, "review_pending": true, "accepted": false,
            "wish_on": "4", "delete_data": true, "ends_on": "5", "cancelled_to_on": "6",
            "subject_of_withdrawal": hostile,
            "dropped": "9", "credited": "9", "compensation": "10", "stays": "11",
            "invoice": {
                "number": hostile, "issued_on": "7", "net": "8", "tax": "8", "gross": "8", "balance_applied": null,
                "amount_due": null, "due_on": null,
            },
            "credit_note": {
                "number": hostile, "issued_on": "7", "gross": "8", "invoices": [hostile], "set_off": [hostile],
                "refund": hostile,
                "to_balance": false,
            },
            "declaration": {
                "is_withdrawal": false, "reference": hostile, "entries": [{ "label": hostile, "value": hostile }],
                "ends_on": null, "text": hostile,
            },
            "endpoint": {
                "id": hostile, "url": hostile, "description": hostile, "gone": false, "failing_since": hostile,
                "last_failure": hostile,
            },
        });
        values["dropped_credit"] = json!("9");
        values["set_off"] = json!(hostile);
        values["early_start"] = json!(true);
        values
    }

    fn every(values: &serde_json::Value, look: impl Fn(EmailKind, Locale, Rendered)) {
        for kind in EmailKind::ALL {
            for locale in [Locale::De, Locale::En] {
                let rendered = render(kind, locale, values).unwrap_or_else(|error| panic!("{error}"));
                look(kind, locale, rendered);
            }
        }
    }

    #[test]
    fn every_kind_can_be_told_in_both_languages() {
        let values = values("Nordlicht & Söhne");
        every(&values, |kind, locale, rendered| {
            let name = format!("{kind:?} {locale:?}");
            assert!(
                rendered.subject.len() > 10 && !rendered.subject.contains('&') || rendered.subject.contains("& S"),
                "{name}"
            );
            assert!(
                rendered.text.contains("Nordlicht & Söhne") && !rendered.text.contains("&amp;"),
                "{name}\n{}",
                rendered.text
            );
            assert!(
                !rendered.text.contains('<') && !rendered.text.contains("\n\n\n"),
                "{name}\n{}",
                rendered.text
            );
            assert!(
                rendered.html.contains("Nordlicht &amp; Söhne") && rendered.html.contains("#123456"),
                "{name}"
            );
            assert!(
                !rendered.html.contains("&lt;"),
                "markup was escaped: {name}\n{}",
                rendered.html
            );
            let told = rendered.text.contains("16.03.2026")
                || kind == EmailKind::PlanChangeApplied
                || matches!(kind, EmailKind::InvoiceIssued | EmailKind::CreditNoteIssued);
            assert!(told, "{name} tells the receipt\n{}", rendered.text);
        });
    }

    #[test]
    fn foreign_text_is_neither_markup_nor_template_nor_header() {
        let hostile = "{{ 7*191 }}{% raw %}<script>x</script>\"'\r\nBcc: a@b.example\u{202e}gnp\u{2028}";
        every(&values(hostile), |kind, locale, rendered| {
            let name = format!("{kind:?} {locale:?}");
            let whole = format!("{}{}{}", rendered.subject, rendered.text, rendered.html);
            assert!(!whole.contains("1337"), "{name}: a template in a value was run");
            assert!(!rendered.html.contains("<script"), "{name}: markup in a value survived");
            assert!(rendered.html.contains("&lt;script"), "{name}");
            assert!(
                !rendered.subject.contains(['\r', '\n', '\u{202e}', '\u{2028}']),
                "{name}: {:?}",
                rendered.subject
            );
            let turned = rendered.text.lines().filter(|line| line.contains('\u{202e}')).count();
            assert!(turned <= 12, "{name}: {turned}");
        });
    }

    #[test]
    fn subjects_are_one_line_of_bearable_length() {
        assert_eq!(one_line(" a\r\nBcc: b\u{0}c\u{200b}d \t e "), "a Bcc: b cd e");
        let rendered = render(EmailKind::InvoiceIssued, Locale::De, &values(&"ä".repeat(5_000))).expect("a mail");
        assert_eq!(rendered.subject.chars().count(), LONGEST_SUBJECT);
    }
}
