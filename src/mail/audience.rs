//! To whom and in whose name a mail is written: dates, times and amounts in the customer's language and the provider's zone.

use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

use crate::domain::calendar::{english, german};
use crate::domain::catalogue::ProviderSettings;
use crate::domain::localized::{Locale, LocalizedText};
use crate::domain::money::Money;
use crate::domain::time_zone::TimeZone;

/// Colour of the bar above the text where the provider chose none.
const COLOUR: &str = "#444444";

/// To whom and in whose name a mail is written.
#[derive(Debug, Clone, Copy)]
pub struct Audience<'a> {
    /// Language.
    pub locale: Locale,
    /// Name of the customer.
    pub customer_name: &'a str,
    /// Number of the customer.
    pub customer_number: &'a str,
    /// The provider.
    pub provider: &'a ProviderSettings,
    /// Zone in which dates and times are told.
    pub zone: &'a TimeZone,
}

impl Audience<'_> {
    /// The wording in the customer's language.
    pub fn words<'t>(&self, text: &'t LocalizedText) -> &'t str {
        text.get(self.locale)
    }

    /// A date in words.
    pub fn date(&self, day: Date) -> String {
        match self.locale {
            Locale::De => german(day),
            Locale::En => english(day),
        }
    }

    /// Date and time of day in the provider's zone: what §§ 312k and 356a BGB ask every receipt to tell.
    pub fn date_and_time(&self, at: OffsetDateTime) -> String {
        let date = self.date(self.zone.local_date(at));
        match (self.zone.time_of_day(at), self.locale) {
            (Some((time, offset)), Locale::De) => format!("{date}, {time} Uhr (UTC{offset})"),
            (Some((time, offset)), Locale::En) => format!("{date}, {time} (UTC{offset})"),
            (None, _) => date,
        }
    }

    /// An amount with its currency.
    pub fn money(&self, money: Money) -> String {
        let amount = match self.locale {
            Locale::De => money.german(),
            Locale::En => money.amount(),
        };
        format!("{amount} {}", money.currency.as_str())
    }

    /// The values every mail has; those of its own are added to them.
    pub fn frame(&self) -> Value {
        let provider = self.provider;
        let mail = provider.mail.as_ref();
        let signature = mail
            .and_then(|mail| mail.signature.as_ref())
            .map(|text| self.words(text));
        let greeting = match self.locale {
            Locale::De => "Mit freundlichen Grüßen",
            Locale::En => "Kind regards",
        };
        let signature: Vec<&str> = match signature {
            Some(text) => text.lines().collect(),
            None => vec![greeting, &provider.name],
        };
        json!({
            "provider": {
                "name": provider.name,
                "phone": provider.contact.phone,
                "email": provider.contact.email,
                "postal": provider.contact.postal.lines().collect::<Vec<_>>(),
                "colour": mail.and_then(|mail| mail.colour.as_deref()).unwrap_or(COLOUR),
                "signature": signature,
            },
            "customer": { "name": self.customer_name, "number": self.customer_number },
            "received": null,
            "documents": [],
            "dpa": null,
            "instruction": null,
            "order_button": null,
            "reason": null,
            "refund": null,
        })
    }
}
