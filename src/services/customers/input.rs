//! What may be said about a customer, and the checks every way in shares (API, command line, demo).

use std::collections::BTreeMap;

use crate::domain::customer_type::CustomerType;
use crate::domain::holidays::HolidayRegion;
use crate::domain::invoice::{BillingDetails, is_vat_id};
use crate::domain::localized::Locale;
use crate::domain::text::is_plain_line;
use crate::error::{AppError, FieldError};
use crate::mail::is_address;

/// Greatest number of metadata pairs.
const METADATA_PAIRS: usize = 50;
/// Greatest length of a metadata key, in characters.
const METADATA_KEY: usize = 40;
/// Greatest length of a metadata value, in characters.
const METADATA_VALUE: usize = 500;
/// Greatest length of a name, in characters.
const NAME: usize = 200;
/// Greatest length of an e-mail address (RFC 5321 section 4.5.3.1.3).
const EMAIL: usize = 254;
/// Greatest length of a customer number, in characters.
const CUSTOMER_NUMBER: usize = 50;
/// Greatest length of a postal code, in characters.
const POSTAL_CODE: usize = 20;
/// Greatest length of an id in the integrator's system, in characters.
const EXTERNAL_ID: usize = 255;

/// A customer to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCustomer {
    /// The provider's own number; one is made up if it is absent.
    pub customer_number: Option<String>,
    /// Consumer or business.
    pub customer_type: CustomerType,
    /// Name of the person or firm.
    pub name: String,
    /// Where mail goes.
    pub email: String,
    /// Language in which the customer is addressed; the provider's own if absent.
    pub locale: Option<Locale>,
    /// Land whose holidays extend periods.
    pub holiday_region: Option<HolidayRegion>,
    /// Id in the integrator's own system.
    pub external_id: Option<String>,
    /// Free key-value pairs.
    pub metadata: BTreeMap<String, String>,
    /// By what the customer is billed.
    pub billing: BillingDetails,
    /// Test clock of a sandbox provider.
    pub test_clock_id: Option<String>,
}

/// Metadata of a merge patch: a value replaces or adds its pair, `None` removes it.
pub type PatchedMetadata = BTreeMap<String, Option<String>>;

/// What a merge patch changes about an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressPatch {
    /// Department, person or building.
    pub addition: Option<Option<String>>,
    /// Street and number.
    pub street: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// Country, ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

/// What a merge patch (RFC 7396) changes: `None` leaves a member as it is, `Some(None)` removes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerPatch {
    /// Only accepted if it is the number the customer has.
    pub customer_number: Option<Option<String>>,
    /// Only accepted if it is the type the customer has.
    pub customer_type: Option<Option<CustomerType>>,
    /// Name of the person or firm.
    pub name: Option<Option<String>>,
    /// Where mail goes.
    pub email: Option<Option<String>>,
    /// Language in which the customer is addressed.
    pub locale: Option<Option<Locale>>,
    /// Land whose holidays extend periods.
    pub holiday_region: Option<Option<HolidayRegion>>,
    /// Id in the integrator's own system.
    pub external_id: Option<Option<String>>,
    /// Where invoices are addressed to; `Some(None)` removes the address, otherwise only the members named change.
    pub billing_address: Option<Option<AddressPatch>>,
    /// VAT identification number.
    pub vat_id: Option<Option<String>>,
    /// Why no tax is charged.
    pub tax_exemption: Option<Option<String>>,
    /// Free key-value pairs; `Some(None)` removes all.
    pub metadata: Option<Option<PatchedMetadata>>,
}

impl NewCustomer {
    /// Checks everything that needs no database, collecting all faults.
    ///
    /// # Errors
    /// [`AppError::Validation`] with one entry per wrong field.
    pub fn check(&self) -> Result<(), AppError> {
        let mut faults = Faults::default();
        if let Some(number) = &self.customer_number {
            faults.customer_number(number);
        }
        faults.text("/name", &self.name, NAME);
        faults.email(&self.email);
        if let Some(id) = &self.external_id {
            faults.text("/external_id", id, EXTERNAL_ID);
        }
        faults.billing(&self.billing);
        faults.metadata(&self.metadata);
        faults.finish()
    }
}

/// Wrong fields, collected.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<FieldError>);

impl Faults {
    pub(super) fn push(&mut self, fault: FieldError) {
        self.0.push(fault);
    }

    pub(super) fn finish(self) -> Result<(), AppError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(AppError::Validation(self.0))
        }
    }

    pub(super) fn name(&mut self, name: &str) {
        self.text("/name", name, NAME);
    }

    pub(super) fn external_id(&mut self, id: &str) {
        self.text("/external_id", id, EXTERNAL_ID);
    }

    /// What stands on invoices; the form of a VAT identification number is checked, not whether it was given to anyone.
    pub(super) fn billing(&mut self, billing: &BillingDetails) {
        if let Some(address) = &billing.address {
            if let Some(addition) = &address.addition {
                self.text("/billing_address/addition", addition, NAME);
            }
            self.text("/billing_address/street", &address.street, NAME);
            self.text("/billing_address/postal_code", &address.postal_code, POSTAL_CODE);
            self.text("/billing_address/city", &address.city, NAME);
            if address.country.len() != 2 || !address.country.bytes().all(|byte| byte.is_ascii_uppercase()) {
                self.push(FieldError::body(
                    "/billing_address/country",
                    "invalid_format",
                    "Zwei Großbuchstaben nach ISO 3166-1, zum Beispiel DE.",
                    "Two capitals of ISO 3166-1, such as DE.",
                ));
            }
        }
        if billing.vat_id.as_deref().is_some_and(|id| !is_vat_id(id)) {
            self.push(FieldError::body(
                "/vat_id",
                "invalid_format",
                "Das ist keine USt-IdNr. dieses Staates: großes Länderkürzel (Griechenland: EL) und die Zeichen, die er vergibt, ohne Leerzeichen, zum Beispiel ATU12345678.",
                "This is no VAT identification number of that state: its prefix in capitals (Greece: EL) and the characters it gives, without blanks, such as ATU12345678.",
            ));
        }
        if let Some(reason) = &billing.tax_exemption {
            self.text("/tax_exemption", reason, NAME);
        }
    }

    /// 1 to `longest` characters, not only blanks, and what [`is_plain_line`] admits.
    fn text(&mut self, pointer: &str, text: &str, longest: usize) {
        if text.trim().is_empty() {
            self.push(FieldError::body(
                pointer,
                "required",
                "Bitte angeben.",
                "Must not be empty.",
            ));
        } else if text.chars().count() > longest {
            self.push(too_long(pointer, longest));
        } else if !is_plain_line(text) {
            self.push(FieldError::body(
                pointer,
                "invalid_characters",
                "Steuerzeichen und Zeichen, die die Schreibrichtung umkehren oder unsichtbar sind, sind nicht erlaubt.",
                "Control characters and characters that turn the direction of writing or are invisible are not allowed.",
            ));
        }
    }

    fn customer_number(&mut self, number: &str) {
        let admitted = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'/' | b'-');
        if number.is_empty() || !number.bytes().all(admitted) {
            self.push(FieldError::body(
                "/customer_number",
                "invalid_format",
                "Erlaubt sind Buchstaben ohne Umlaute, Ziffern und . _ / -.",
                "Letters A to Z, digits and . _ / - are allowed.",
            ));
        } else if number.len() > CUSTOMER_NUMBER {
            self.push(too_long("/customer_number", CUSTOMER_NUMBER));
        }
    }

    /// An address mail can be sent to, in whatever script. Whether it arrives only sending tells.
    pub(super) fn email(&mut self, email: &str) {
        if email.chars().count() > EMAIL {
            self.push(too_long("/email", EMAIL));
        } else if !is_address(email) {
            self.push(FieldError::body(
                "/email",
                "invalid_format",
                "Das ist keine E-Mail-Adresse.",
                "This is not an e-mail address.",
            ));
        }
    }

    pub(super) fn metadata(&mut self, metadata: &BTreeMap<String, String>) {
        if metadata.len() > METADATA_PAIRS {
            let fault = FieldError::body(
                "/metadata",
                "too_many",
                format!("Höchstens {METADATA_PAIRS} Einträge."),
                format!("At most {METADATA_PAIRS} entries."),
            );
            self.push(fault.with("max", METADATA_PAIRS));
        }
        for (key, value) in metadata {
            let pointer = format!("/metadata/{}", key.replace('~', "~0").replace('/', "~1"));
            self.text(&pointer, key, METADATA_KEY);
            if value.chars().count() > METADATA_VALUE {
                self.push(too_long(&pointer, METADATA_VALUE));
            } else if value.contains('\0') {
                self.push(FieldError::body(
                    &pointer,
                    "invalid_characters",
                    "Das Zeichen U+0000 ist nicht erlaubt.",
                    "The character U+0000 is not allowed.",
                ));
            }
        }
    }
}

fn too_long(pointer: &str, longest: usize) -> FieldError {
    FieldError::body(
        pointer,
        "too_long",
        format!("Höchstens {longest} Zeichen."),
        format!("At most {longest} characters."),
    )
    .with("max_length", longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(change: impl FnOnce(&mut NewCustomer)) -> Vec<String> {
        let mut customer = NewCustomer {
            customer_number: Some("K-1/2".to_owned()),
            customer_type: CustomerType::Business,
            name: "Müller & Söhne".to_owned(),
            email: "post@mueller.example".to_owned(),
            locale: None,
            holiday_region: None,
            external_id: Some("crm 4711".to_owned()),
            metadata: BTreeMap::from([("source".to_owned(), String::new())]),
            billing: BillingDetails::default(),
            test_clock_id: None,
        };
        change(&mut customer);
        match customer.check() {
            Ok(()) => Vec::new(),
            Err(AppError::Validation(faults)) => faults
                .iter()
                .map(|fault| format!("{:?} {}", fault.place, fault.code))
                .collect(),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_proper_customer_has_no_fault() {
        assert_eq!(faults_of(|_| ()), Vec::<String>::new());
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let faults = faults_of(|customer| {
            customer.customer_number = Some("K 1".to_owned());
            customer.name = " ".to_owned();
            customer.email = "a@b@c".to_owned();
            customer.external_id = Some("\0".to_owned());
            customer.metadata.insert("k".repeat(41), "v".to_owned());
        });
        assert_eq!(faults.len(), 5, "{faults:?}");
        assert!(
            faults_of(|customer| customer.name = "x".repeat(201))
                .concat()
                .contains("too_long")
        );
        assert!(faults_of(|customer| customer.name = "ü".repeat(200)).is_empty());
        let never = [
            "<a@b.de>",
            "a@b,de",
            "a..b@c.de",
            "a@b..de",
            "a:b@c.de",
            "a(b)@c.de",
            "a\\b@c.de",
        ];
        for wrong in ["", "a", "@b", "a@", "a@.b", "a b@c", "a@b\n"].into_iter().chain(never) {
            assert_eq!(
                faults_of(|customer| customer.email = wrong.to_owned()).len(),
                1,
                "{wrong:?}"
            );
        }
        for right in ["jürgen@müller.example", "用户@例子.example", "o'neill+abo@mail.example"] {
            assert!(
                faults_of(|customer| customer.email = right.to_owned()).is_empty(),
                "{right}"
            );
        }
        let many = (0..51).map(|index| (format!("k{index}"), String::new())).collect();
        assert_eq!(faults_of(|customer| customer.metadata = many).len(), 1);
    }
}
