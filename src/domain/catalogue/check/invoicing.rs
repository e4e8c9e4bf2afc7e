//! Who issues invoices, and how they are numbered (§ 14 Abs. 4 UStG).

use super::{Faults, texts};
use crate::domain::invoice::{Address, Invoicing, is_number_format, is_vat_id};

/// A year: a longer payment term is a mistake.
const LONGEST_PAYMENT_TERM: u32 = 365;

pub fn check(faults: &mut Faults, invoicing: &Invoicing) {
    let supplier = &invoicing.supplier;
    texts::plain(faults, "/provider/invoicing/supplier/name", &supplier.name, texts::NAME);
    address(faults, "/provider/invoicing/supplier/address", &supplier.address);
    if supplier.tax_number.is_none() && supplier.vat_id.is_none() {
        faults.add(
            "/provider/invoicing/supplier/tax_number",
            "member_missing",
            "Auf Rechnungen gehört die Steuernummer oder die USt-IdNr. (§ 14 Abs. 4 Satz 1 Nr. 2 UStG).",
            "Invoices need the tax number or the VAT identification number (§ 14 Abs. 4 Satz 1 Nr. 2 UStG).",
        );
    }
    if let Some(number) = &supplier.tax_number {
        texts::plain(faults, "/provider/invoicing/supplier/tax_number", number, texts::SHORT);
    }
    if supplier.vat_id.as_deref().is_some_and(|id| !is_vat_id(id)) {
        faults.add(
            "/provider/invoicing/supplier/vat_id",
            "value_invalid",
            "Das ist keine USt-IdNr. dieses Staates: großes Länderkürzel (Griechenland: EL) und die Zeichen, die er vergibt, ohne Leerzeichen, zum Beispiel DE123456789.",
            "This is no VAT identification number of that state: its prefix in capitals (Greece: EL) and the characters it gives, without blanks, such as DE123456789.",
        );
    }
    if invoicing.payment_term_days > LONGEST_PAYMENT_TERM {
        faults.add(
            "/provider/invoicing/payment_term_days",
            "value_invalid",
            "Das Zahlungsziel beträgt höchstens 365 Tage.",
            "The payment term is 365 days at most.",
        );
    }
    formats(faults, invoicing);
}

fn formats(faults: &mut Faults, invoicing: &Invoicing) {
    let formats = [
        ("/provider/invoicing/number_format", &invoicing.number_format),
        (
            "/provider/invoicing/correction_number_format",
            &invoicing.correction_number_format,
        ),
    ];
    for (pointer, format) in formats {
        if !is_number_format(format) {
            faults.add(
                pointer,
                "value_invalid",
                "Ein Nummernformat enthält „{year}“ und „{number}“ je einmal und durch ein Zeichen getrennt, sonst Buchstaben, Ziffern und - / . _, höchstens 30 Zeichen.",
                "A number format contains `{year}` and `{number}` once each with a character between them, otherwise letters, digits and - / . _, 30 characters at most.",
            );
        }
    }
    if invoicing.number_format == invoicing.correction_number_format {
        faults.add(
            "/provider/invoicing/correction_number_format",
            "value_invalid",
            "Rechnungskorrekturen haben einen eigenen Nummernkreis und brauchen ein anderes Format als Rechnungen.",
            "Invoice corrections have a number range of their own and need another format than invoices.",
        );
    }
}

fn address(faults: &mut Faults, at: &str, address: &Address) {
    let lines = [
        ("addition", address.addition.as_ref()),
        ("street", Some(&address.street)),
        ("postal_code", Some(&address.postal_code)),
        ("city", Some(&address.city)),
    ];
    for (member, line) in lines {
        if let Some(line) = line {
            texts::plain(faults, &format!("{at}/{member}"), line, texts::NAME);
        }
    }
    if address.country.len() != 2 || !address.country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        faults.add(
            format!("{at}/country"),
            "value_invalid",
            "Das Land steht als zwei Großbuchstaben nach ISO 3166-1, zum Beispiel DE.",
            "The country is written as two capitals of ISO 3166-1, such as DE.",
        );
    }
}
