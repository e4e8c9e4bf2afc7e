//! The form of VAT identification numbers.

/// Numbers after the prefix, by member state, as the Commission's VAT information exchange system (VIES) publishes them:
/// `9` a digit, `A` a letter, `X` a letter or digit, `S` these, `+` or `*`; a small letter stands for its capital. Greece
/// writes `EL`; `XI` is Northern Ireland.
const FORMS: [(&str, &[&str]); 28] = [
    ("AT", &["u99999999"]),
    ("BE", &["0999999999", "1999999999"]),
    ("BG", &["999999999", "9999999999"]),
    ("CY", &["99999999A"]),
    ("CZ", &["99999999", "999999999", "9999999999"]),
    ("DE", &["999999999"]),
    ("DK", &["99999999"]),
    ("EE", &["999999999"]),
    ("EL", &["999999999"]),
    ("ES", &["A9999999X", "99999999A"]),
    ("FI", &["99999999"]),
    ("FR", &["XX999999999"]),
    ("HR", &["99999999999"]),
    ("HU", &["99999999"]),
    ("IE", &["9S99999A", "9999999AA"]),
    ("IT", &["99999999999"]),
    ("LT", &["999999999", "999999999999"]),
    ("LU", &["99999999"]),
    ("LV", &["99999999999"]),
    ("MT", &["99999999"]),
    ("NL", &["SSSSSSSSSbSS"]),
    ("PL", &["9999999999"]),
    ("PT", &["999999999"]),
    (
        "RO",
        &[
            "99",
            "999",
            "9999",
            "99999",
            "999999",
            "9999999",
            "99999999",
            "999999999",
            "9999999999",
        ],
    ),
    ("SE", &["999999999999"]),
    ("SI", &["99999999"]),
    ("SK", &["9999999999"]),
    ("XI", &["999999999", "999999999999", "gd999", "ha999"]),
];

/// Whether a text has the form of a VAT identification number. Those of the EU and Northern Ireland have the form of their
/// state, because they decide that no tax is charged; whether one was given to anybody only VIES tells. Others, of which
/// nothing follows, are two letters and 2 to 12 letters or digits. `GR` is refused: nobody in Greece has it, and tax would be
/// charged for a slip of the pen.
pub fn is_vat_id(text: &str) -> bool {
    let Some((prefix, number)) = text.split_at_checked(2) else {
        return false;
    };
    match FORMS.iter().find(|(state, _)| *state == prefix) {
        Some((_, forms)) => forms.iter().any(|form| has_form(number, form)),
        None => {
            prefix != "GR"
                && prefix.bytes().all(|byte| byte.is_ascii_uppercase())
                && (2..=12).contains(&number.len())
                && number.bytes().all(is_sign)
        }
    }
}

fn has_form(number: &str, form: &str) -> bool {
    number.len() == form.len()
        && number.bytes().zip(form.bytes()).all(|(byte, place)| match place {
            b'9' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_uppercase(),
            b'X' => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            b'S' => is_sign(byte),
            literal => byte == literal.to_ascii_uppercase(),
        })
}

fn is_sign(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_its_form() {
        for good in [
            "ATU12345678",
            "BE0123456789",
            "BE1012345678",
            "BG123456789",
            "BG1234567890",
            "CY12345678X",
            "CZ12345678",
            "CZ123456789",
            "CZ1234567890",
            "DE123456789",
            "DK12345678",
            "EE123456789",
            "EL123456789",
            "ESX1234567X",
            "ESX12345678",
            "ES12345678X",
            "FI12345678",
            "FR12345678901",
            "FRXX345678901",
            "HR12345678901",
            "HU12345678",
            "IE1S23456L",
            "IE1234567WI",
            "IE1+23456L",
            "IE1234567L",
            "IT12345678901",
            "LT123456789",
            "LT123456789012",
            "LU12345678",
            "LV12345678901",
            "MT12345678",
            "NL123456789B01",
            "NL+23456789B*1",
            "PL1234567890",
            "PT123456789",
            "RO12",
            "RO1234567890",
            "SE123456789012",
            "SI12345678",
            "SK1234567890",
            "XI123456789",
            "XI123456789012",
            "XIGD123",
            "XIHA599",
            "CHE123456789",
            "GB123456789",
        ] {
            assert!(is_vat_id(good), "{good}");
        }
    }

    #[test]
    fn what_has_another_form_is_none() {
        for bad in [
            "",
            "A",
            "DE",
            "ATU1",
            "ATU1234567",
            "ATU123456789",
            "AT123456789",
            "ATX12345678",
            "BE123456789",
            "BE2123456789",
            "BG12345678",
            "CY123456789",
            "CZ1234567",
            "DE12345678",
            "DE1234567890",
            "DE12345678A",
            "DE 123456789",
            "de123456789",
            "DK1234567",
            "ES123456789",
            "ESX123456X8",
            "FR1234567890",
            "FR123456789AB",
            "GR123456789",
            "HR1234567890",
            "IE123456L",
            "IE12345678",
            "IE12345W7I",
            "IT1234567890",
            "LT1234567890",
            "NL123456789A01",
            "NL123456789B1",
            "RO1",
            "RO12345678901",
            "SE1234567890",
            "XI12345",
            "XIGD12",
            "XIGB123",
            "1E123456789",
            "ÄT123456",
            "AÄ1234567",
            "CHE 123456",
            "CHE123456789012",
            "CH1",
            "ATu12345678",
            "NL123456789b01",
            "ATU1234567８",
        ] {
            assert!(!is_vat_id(bad), "{bad}");
        }
    }

    #[test]
    fn no_form_is_written_twice() {
        let states: std::collections::BTreeSet<&str> = FORMS.iter().map(|(state, _)| *state).collect();
        assert_eq!(states.len(), FORMS.len());
        assert!(FORMS.iter().all(|(_, forms)| forms.iter().all(|form| form.len() <= 12)));
    }
}
