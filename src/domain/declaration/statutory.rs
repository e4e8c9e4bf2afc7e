//! What the law prescribes about the two functions: the words on the buttons, the fields and which of them may be demanded.
//! One description for the reference pages and for front ends that build their own.

use super::DeclarationKind;
use crate::domain::localized::LocalizedText;

/// A button with its prescribed German words. They are shown in every language; the translation stands beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// The words of the law, verbatim.
    pub label: &'static str,
    /// What they mean.
    pub translation: &'static str,
    /// Where the law says so.
    pub source: &'static str,
}

/// What may be entered in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One line of text.
    Text,
    /// Several lines.
    Lines,
    /// An e-mail address.
    Email,
    /// A day.
    Date,
    /// One of several choices.
    Choice,
}

impl FieldKind {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Lines => "lines",
            Self::Email => "email",
            Self::Date => "date",
            Self::Choice => "choice",
        }
    }
}

/// A field of a function.
#[derive(Debug, Clone)]
pub struct Field {
    /// JSON pointer into the request body; without its slashes the name in the page's form.
    pub pointer: &'static str,
    /// Label.
    pub label: LocalizedText,
    /// Help, if the label is not enough.
    pub help: Option<LocalizedText>,
    /// What may be entered.
    pub kind: FieldKind,
    /// Whether it must be filled in.
    pub required: bool,
    /// Where the law asks for it.
    pub source: &'static str,
    /// Most characters.
    pub max_length: u16,
    /// `autocomplete` of HTML.
    pub autocomplete: Option<&'static str>,
    /// The choices, by value.
    pub choices: Vec<(&'static str, LocalizedText)>,
}

/// What a function is called, says and asks.
#[derive(Debug, Clone)]
pub struct Function {
    /// Which one.
    pub kind: DeclarationKind,
    /// The button that leads to it; permanently visible and directly accessible on the provider's site.
    pub entry: Button,
    /// The button that makes the declaration.
    pub confirm: Button,
    /// Title of its page.
    pub title: LocalizedText,
    /// What it is for.
    pub introduction: LocalizedText,
    /// Its fields, in order.
    pub fields: Vec<Field>,
}

impl Function {
    /// The button under the form: it makes the declaration of a cancellation; a withdrawal is entered first and confirmed on the
    /// next page (§ 356a Abs. 2 and 3 BGB).
    pub fn confirm_of_first_page(&self) -> Button {
        match self.kind {
            DeclarationKind::Cancellation => self.confirm.clone(),
            DeclarationKind::Withdrawal => self.entry.clone(),
        }
    }
}

/// The words on the button that makes the declaration.
pub(super) fn confirm_label(kind: DeclarationKind) -> &'static str {
    match kind {
        DeclarationKind::Cancellation => "jetzt kündigen",
        DeclarationKind::Withdrawal => "Widerruf bestätigen",
    }
}

/// The function of this kind.
pub fn function(kind: DeclarationKind) -> Function {
    match kind {
        DeclarationKind::Cancellation => cancellation(),
        DeclarationKind::Withdrawal => withdrawal(),
    }
}

fn cancellation() -> Function {
    Function {
        kind: DeclarationKind::Cancellation,
        entry: Button {
            label: "Verträge hier kündigen",
            translation: "Cancel contracts here",
            source: "§ 312k Abs. 2 Satz 2 BGB",
        },
        confirm: Button {
            label: confirm_label(DeclarationKind::Cancellation),
            translation: "cancel now",
            source: "§ 312k Abs. 2 Satz 3 Nr. 2 BGB",
        },
        title: LocalizedText::new("Vertrag kündigen", "Cancel a contract"),
        introduction: LocalizedText::new(
            "Hier kündigen Sie einen Vertrag. Sie müssen sich nicht anmelden. Den Eingang bestätigen wir sofort per E-Mail mit Datum und Uhrzeit.",
            "Here you cancel a contract. You do not need to log in. We confirm the receipt at once by e-mail, with date and time.",
        ),
        fields: cancellation_fields(),
    }
}

fn cancellation_fields() -> Vec<Field> {
    vec![
        Field {
            choices: vec![
                (
                    "ordinary",
                    LocalizedText::new(
                        "ordentlich, mit der vereinbarten Frist",
                        "ordinary, with the agreed notice",
                    ),
                ),
                (
                    "extraordinary",
                    LocalizedText::new("außerordentlich, aus wichtigem Grund", "extraordinary, for good cause"),
                ),
            ],
            ..field(
                "/kind",
                "§ 312k Abs. 2 Satz 3 Nr. 1 lit. a BGB",
                FieldKind::Choice,
                20,
                ("Art der Kündigung", "Kind of cancellation"),
            )
        },
        Field {
            required: false,
            help: Some(LocalizedText::new(
                "Bei einer außerordentlichen Kündigung nötig.",
                "Needed for an extraordinary cancellation.",
            )),
            ..field(
                "/reason",
                "§ 312k Abs. 2 Satz 3 Nr. 1 lit. a BGB",
                FieldKind::Lines,
                2_000,
                ("Grund der Kündigung", "Reason for the cancellation"),
            )
        },
        Field {
            autocomplete: Some("name"),
            ..field(
                "/identity/name",
                "§ 312k Abs. 2 Satz 3 Nr. 1 lit. b BGB",
                FieldKind::Text,
                200,
                ("Ihr Name", "Your name"),
            )
        },
        Field {
            required: false,
            ..field(
                "/identity/customer_number",
                "§ 312k Abs. 2 Satz 3 Nr. 1 lit. b BGB",
                FieldKind::Text,
                50,
                ("Kundennummer", "Customer number"),
            )
        },
        Field {
            required: false,
            autocomplete: Some("street-address"),
            ..field(
                "/identity/address",
                "§ 312k Abs. 2 Satz 3 Nr. 1 lit. b BGB",
                FieldKind::Lines,
                500,
                ("Anschrift", "Address"),
            )
        },
        Field {
            required: false,
            help: Some(LocalizedText::new(
                "Falls wir Sie unter einer anderen Adresse kennen als der für die Bestätigung.",
                "If we know you by another address than the one for the confirmation.",
            )),
            ..field(
                "/identity/email",
                "§ 312k Abs. 2 Satz 3 Nr. 1 lit. b BGB",
                FieldKind::Email,
                254,
                ("Bei uns hinterlegte E-Mail-Adresse", "E-mail address on file with us"),
            )
        },
        Field {
            help: Some(LocalizedText::new(
                "Am besten die Vertragsnummer aus der Vertragsbestätigung; sonst beschreiben Sie den Vertrag.",
                "Best the contract number from your confirmation; otherwise describe the contract.",
            )),
            ..field(
                "/contract",
                "§ 312k Abs. 2 Satz 3 Nr. 1 lit. c BGB",
                FieldKind::Lines,
                500,
                ("Welcher Vertrag?", "Which contract?"),
            )
        },
        Field {
            required: false,
            help: Some(LocalizedText::new(
                "Ohne Angabe zum frühestmöglichen Zeitpunkt.",
                "If left empty, as soon as possible.",
            )),
            ..field(
                "/wish_on",
                "§ 312k Abs. 2 Satz 3 Nr. 1 lit. d, Abs. 5 BGB",
                FieldKind::Date,
                10,
                ("Wann soll der Vertrag enden?", "When shall the contract end?"),
            )
        },
        Field {
            autocomplete: Some("email"),
            help: Some(LocalizedText::new(
                "Dorthin geht sofort die Bestätigung des Eingangs.",
                "The confirmation of receipt goes there at once.",
            )),
            ..field(
                "/confirmation_email",
                "§ 312k Abs. 2 Satz 3 Nr. 1 lit. e BGB",
                FieldKind::Email,
                254,
                (
                    "E-Mail-Adresse für die Bestätigung",
                    "E-mail address for the confirmation",
                ),
            )
        },
    ]
}

fn withdrawal() -> Function {
    Function {
        kind: DeclarationKind::Withdrawal,
        entry: Button {
            label: "Vertrag widerrufen",
            translation: "Withdraw from a contract",
            source: "§ 356a Abs. 1 BGB",
        },
        confirm: Button {
            label: confirm_label(DeclarationKind::Withdrawal),
            translation: "confirm the withdrawal",
            source: "§ 356a Abs. 3 BGB",
        },
        title: LocalizedText::new("Vertrag widerrufen", "Withdraw from a contract"),
        introduction: LocalizedText::new(
            "Hier widerrufen Sie einen Vertrag ganz oder zum Teil. Sie müssen sich nicht anmelden und keinen Grund nennen. Den Eingang bestätigen wir sofort per E-Mail mit Datum und Uhrzeit.",
            "Here you withdraw from a contract or a part of it. You do not need to log in or give a reason. We confirm the receipt at once by e-mail, with date and time.",
        ),
        fields: withdrawal_fields(),
    }
}

fn withdrawal_fields() -> Vec<Field> {
    vec![
        Field {
            autocomplete: Some("name"),
            ..field(
                "/name",
                "§ 356a Abs. 2 Nr. 1 BGB",
                FieldKind::Text,
                200,
                ("Ihr Name", "Your name"),
            )
        },
        Field {
            help: Some(LocalizedText::new(
                "Am besten die Vertragsnummer aus der Vertragsbestätigung; sonst beschreiben Sie den Vertrag.",
                "Best the contract number from your confirmation; otherwise describe the contract.",
            )),
            ..field(
                "/contract",
                "§ 356a Abs. 2 Nr. 2 BGB",
                FieldKind::Lines,
                500,
                ("Welcher Vertrag?", "Which contract?"),
            )
        },
        Field {
            required: false,
            help: Some(LocalizedText::new(
                "Nur wenn Sie nicht den ganzen Vertrag widerrufen.",
                "Only if you do not withdraw from the whole contract.",
            )),
            ..field(
                "/part",
                "§ 356a Abs. 2 Nr. 2 BGB",
                FieldKind::Lines,
                500,
                ("Welcher Teil des Vertrags?", "Which part of the contract?"),
            )
        },
        Field {
            autocomplete: Some("email"),
            help: Some(LocalizedText::new(
                "Dorthin geht sofort die Bestätigung des Eingangs.",
                "The confirmation of receipt goes there at once.",
            )),
            ..field(
                "/confirmation_email",
                "§ 356a Abs. 2 Nr. 3 BGB",
                FieldKind::Email,
                254,
                (
                    "E-Mail-Adresse für die Bestätigung",
                    "E-mail address for the confirmation",
                ),
            )
        },
    ]
}

fn field(
    pointer: &'static str,
    source: &'static str,
    kind: FieldKind,
    max_length: u16,
    (de, en): (&str, &str),
) -> Field {
    Field {
        pointer,
        label: LocalizedText::new(de, en),
        help: None,
        kind,
        required: true,
        source,
        max_length,
        autocomplete: None,
        choices: Vec::new(),
    }
}
