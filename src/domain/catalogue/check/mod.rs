//! Checking what a catalogue means: every fault is named, none hides another.

mod documents;
mod invoicing;
mod offers;
mod prices;
mod references;
mod slot_kinds;
mod terms;
mod texts;

use std::collections::HashSet;

use super::{
    Catalogue, Fault, MailSettings, SCHEMA_VERSION,
    fault::{Faults, escape},
};
use crate::domain::time_zone::TimeZone;

/// More entries than this in one list are a mistake, not a catalogue.
const LONGEST_LIST: usize = 2_000;

/// All faults of a catalogue that can be read; empty when it may be published.
pub fn check(catalogue: &Catalogue) -> Vec<Fault> {
    let mut faults = Faults::default();
    if catalogue.schema_version != SCHEMA_VERSION {
        faults.add(
            "/schema_version",
            "schema_version_unsupported",
            format!("Unterstützt wird nur das Format {SCHEMA_VERSION}."),
            format!("Only format {SCHEMA_VERSION} is supported."),
        );
    }
    lengths(&mut faults, catalogue);
    provider(&mut faults, catalogue);
    documents::check(&mut faults, catalogue);
    products(&mut faults, catalogue);
    offers::plans(&mut faults, catalogue);
    offers::add_ons(&mut faults, catalogue);
    references::transitions(&mut faults, catalogue);
    slot_kinds::check(&mut faults, catalogue);
    faults.into_vec()
}

fn lengths(faults: &mut Faults, catalogue: &Catalogue) {
    let lists = [
        ("/legal_documents", catalogue.legal_documents.len()),
        ("/products", catalogue.products.len()),
        ("/plans", catalogue.plans.len()),
        ("/add_ons", catalogue.add_ons.len()),
        ("/transitions", catalogue.transitions.len()),
        ("/slot_kinds", catalogue.slot_kinds.len()),
    ];
    for (pointer, length) in lists {
        if length > LONGEST_LIST {
            faults.add(
                pointer,
                "list_too_long",
                format!("Höchstens {LONGEST_LIST} Einträge sind zulässig."),
                format!("At most {LONGEST_LIST} entries are allowed."),
            );
        }
    }
}

fn provider(faults: &mut Faults, catalogue: &Catalogue) {
    let provider = &catalogue.provider;
    texts::slug(faults, "/provider/slug", &provider.slug);
    texts::plain(faults, "/provider/name", &provider.name, texts::NAME);
    if TimeZone::parse(&provider.time_zone).is_err() {
        faults.add(
            "/provider/time_zone",
            "time_zone_unknown",
            "Diese Zeitzone gibt es in der IANA-Datenbank nicht, zum Beispiel „Europe/Berlin“.",
            "There is no such time zone in the IANA database; an example is `Europe/Berlin`.",
        );
    }
    unique(
        faults,
        "/provider/holiday_regions",
        "entry_duplicate",
        &provider.holiday_regions,
    );
    texts::localized(
        faults,
        "/provider/contact/text",
        &provider.contact.text,
        texts::PARAGRAPH,
    );
    texts::plain(faults, "/provider/contact/phone", &provider.contact.phone, texts::SHORT);
    texts::email(faults, "/provider/contact/email", &provider.contact.email);
    texts::plain(
        faults,
        "/provider/contact/postal",
        &provider.contact.postal,
        texts::PARAGRAPH,
    );
    if let Some(invoicing) = &provider.invoicing {
        invoicing::check(faults, invoicing);
    }
    if let Some(mail) = &provider.mail {
        mail_settings(faults, mail);
    }
}

fn mail_settings(faults: &mut Faults, mail: &MailSettings) {
    if let Some(name) = &mail.from_name {
        texts::plain(faults, "/provider/mail/from_name", name, texts::NAME);
    }
    if let Some(address) = &mail.reply_to {
        texts::email(faults, "/provider/mail/reply_to", address);
    }
    if let Some(address) = &mail.notices_to {
        texts::email(faults, "/provider/mail/notices_to", address);
    }
    if let Some(signature) = &mail.signature {
        texts::localized(faults, "/provider/mail/signature", signature, texts::PARAGRAPH);
    }
    let is_colour = |colour: &str| {
        let digits = colour.strip_prefix('#').unwrap_or_default();
        digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if mail.colour.as_deref().is_some_and(|colour| !is_colour(colour)) {
        faults.add(
            "/provider/mail/colour",
            "colour_invalid",
            "Eine Farbe ist „#“ mit sechs hexadezimalen Ziffern, zum Beispiel „#1a5f7a“.",
            "A colour is `#` and six hexadecimal digits, for example `#1a5f7a`.",
        );
    }
}

fn products(faults: &mut Faults, catalogue: &Catalogue) {
    keys(
        faults,
        "/products",
        "key",
        catalogue.products.iter().map(|product| product.key.as_str()),
        texts::key,
    );
    for (index, product) in catalogue.products.iter().enumerate() {
        texts::localized(faults, &format!("/products/{index}/name"), &product.name, texts::NAME);
        texts::localized(
            faults,
            &format!("/products/{index}/description"),
            &product.description,
            texts::PARAGRAPH,
        );
    }
}

/// Checks the keys of a list of objects, which stand in `member`: their syntax, and that none stands twice.
fn keys<'a>(
    faults: &mut Faults,
    list: &str,
    member: &str,
    keys: impl Iterator<Item = &'a str>,
    syntax: impl Fn(&mut Faults, &str, &str),
) {
    let mut seen = HashSet::new();
    for (index, key) in keys.enumerate() {
        let pointer = format!("{list}/{index}/{member}");
        syntax(faults, &pointer, key);
        if !seen.insert(key) {
            faults.add(
                pointer,
                "key_duplicate",
                format!("Der Schlüssel „{key}“ kommt in dieser Liste schon vor."),
                format!("The key `{key}` already stands in this list."),
            );
        }
    }
}

/// Checks that no entry of a list stands twice.
fn unique<T: std::hash::Hash + Eq>(faults: &mut Faults, list: &str, code: &'static str, entries: &[T]) {
    let mut seen = HashSet::new();
    for (index, entry) in entries.iter().enumerate() {
        if !seen.insert(entry) {
            faults.add(
                format!("{list}/{index}"),
                code,
                "Dieser Eintrag kommt in der Liste schon vor.",
                "This entry already stands in the list.",
            );
        }
    }
}

/// Notes that a key leads nowhere.
fn unknown_reference(faults: &mut Faults, pointer: impl Into<String>, section: &str, key: &str) {
    faults.add(
        pointer,
        "reference_unknown",
        format!("Unter /{} gibt es keinen Eintrag „{key}“.", escape(section)),
        format!("There is no entry `{key}` under /{}.", escape(section)),
    );
}

#[cfg(test)]
mod tests;
