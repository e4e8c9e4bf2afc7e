//! Every problem code the API can answer: the single source of its status, titles, explanation and documentation page.

use actix_web::http::StatusCode;

use crate::domain::localized::{Locale, LocalizedText};

/// Declares the codes once; `variant = "code", status, (title de, title en), (explanation de, explanation en)`.
macro_rules! problem_codes {
    ($($variant:ident = $code:literal, $status:ident, ($title_de:literal, $title_en:literal), ($de:literal, $en:literal);)+) => {
        /// Stable, machine-readable name of a problem. New codes may join; existing ones keep their meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ProblemCode {
            $(#[doc = $en] $variant,)+
        }

        impl ProblemCode {
            /// Every code, in the order of the statuses.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as it stands in the problem document.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The HTTP status it is sent with.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)+ }
            }

            /// Short title in one language; the same for every occurrence.
            pub fn title(self, locale: Locale) -> &'static str {
                match (self, locale) {
                    $((Self::$variant, Locale::De) => $title_de, (Self::$variant, Locale::En) => $title_en,)+
                }
            }

            /// What happened and what the caller can do, in one language; also the detail when nothing more is known.
            pub fn explanation(self, locale: Locale) -> &'static str {
                match (self, locale) {
                    $((Self::$variant, Locale::De) => $de, (Self::$variant, Locale::En) => $en,)+
                }
            }
        }
    };
}

problem_codes! {
    MalformedJson = "malformed_json", BAD_REQUEST, ("Kein gültiges JSON", "Malformed JSON"),
        ("Der Rumpf ist kein gültiges JSON, nennt einen Schlüssel doppelt oder ist zu tief geschachtelt.", "The body is not valid JSON, repeats a key or is nested too deeply.");
    MalformedRequest = "malformed_request", BAD_REQUEST, ("Anfrage nicht lesbar", "Malformed request"),
        ("Die Anfrage konnte nicht gelesen werden.", "The request could not be read.");
    UnknownParameter = "unknown_parameter", BAD_REQUEST, ("Unbekannter Parameter", "Unknown query parameter"),
        ("Ein Parameter der Adresse ist hier nicht vorgesehen; „errors“ nennt ihn.", "A query parameter is not known here; “errors” names it.");
    InvalidParameter = "invalid_parameter", BAD_REQUEST, ("Ungültiger Parameter", "Invalid query parameter"),
        ("Ein Parameter der Adresse hat keinen zulässigen Wert; „errors“ nennt ihn.", "A query parameter has no allowed value; “errors” names it.");
    InvalidCursor = "invalid_cursor", BAD_REQUEST, ("Ungültiger Cursor", "Invalid cursor"),
        ("Der Cursor stammt nicht von dieser Liste. Beginnen Sie ohne Cursor von vorn.", "The cursor was not issued by this list. Start again without one.");
    CursorMismatch = "cursor_mismatch", BAD_REQUEST, ("Cursor gehört zu anderen Filtern", "Cursor belongs to other filters"),
        ("Der Cursor wurde mit anderen Filtern ausgestellt. Behalten Sie beim Blättern die Filter bei.", "The cursor was issued for other filters. Keep the filters while paging.");
    InvalidIdempotencyKey = "invalid_idempotency_key", BAD_REQUEST, ("Ungültiger Idempotency-Key", "Invalid Idempotency-Key"),
        ("Idempotency-Key muss 1 bis 255 Zeichen aus A-Z a-z 0-9 . _ : - haben, mit oder ohne Anführungszeichen.", "Idempotency-Key must be 1 to 255 characters of A-Z a-z 0-9 . _ : -, quoted or bare.");
    InvalidHeader = "invalid_header", BAD_REQUEST, ("Ungültiger Header", "Invalid header"),
        ("Ein Header hat keinen zulässigen Wert; „errors“ nennt ihn.", "A header has no allowed value; “errors” names it.");
    InvalidRequest = "invalid_request", BAD_REQUEST, ("Unvollständige Token-Anfrage", "Invalid token request"),
        ("Der Token-Anfrage fehlt ein Parameter, oder einer ist doppelt oder falsch (RFC 6749).", "The token request lacks a parameter, repeats one or has a wrong one (RFC 6749).");
    InvalidGrant = "invalid_grant", BAD_REQUEST, ("Anmeldung nicht möglich", "Invalid grant"),
        ("Benutzername und Passwort stimmen nicht, oder das Refresh-Token gilt nicht mehr.", "User name and password do not match, or the refresh token is no longer valid.");
    InvalidScope = "invalid_scope", BAD_REQUEST, ("Unzulässiger Scope", "Invalid scope"),
        ("Ein verlangter Scope ist unbekannt oder steht dem Benutzer nicht zu.", "A requested scope is unknown or not granted to this user.");
    UnsupportedGrantType = "unsupported_grant_type", BAD_REQUEST, ("Grant-Typ nicht unterstützt", "Unsupported grant type"),
        ("Unterstützt werden „password“ und „refresh_token“.", "Supported are “password” and “refresh_token”.");
    InvalidClient = "invalid_client", UNAUTHORIZED, ("Unbekannter Anbieter", "Unknown client"),
        ("client_id nennt keinen Anbieter.", "client_id names no provider.");
    Unauthenticated = "unauthenticated", UNAUTHORIZED, ("Nicht angemeldet", "Not logged in"),
        ("Senden Sie ein Token: Authorization: Bearer …", "Send a token: Authorization: Bearer …");
    InvalidToken = "invalid_token", UNAUTHORIZED, ("Ungültiges Token", "Invalid token"),
        ("Das Token ist unbekannt, widerrufen oder falsch unterschrieben.", "The token is unknown, revoked or wrongly signed.");
    TokenExpired = "token_expired", UNAUTHORIZED, ("Token abgelaufen", "Token expired"),
        ("Das Token ist abgelaufen. Holen Sie mit dem Refresh-Token ein neues.", "The token has expired. Get a new one with the refresh token.");
    InsufficientScope = "insufficient_scope", FORBIDDEN, ("Berechtigung fehlt", "Insufficient scope"),
        ("Ihre Rolle oder Ihre Scopes erlauben das nicht; „required_scopes“ nennt, was fehlt.", "Your role or scopes do not allow this; “required_scopes” names what is missing.");
    NotFound = "not_found", NOT_FOUND, ("Nicht gefunden", "Not found"),
        ("Das gibt es nicht, oder Sie dürfen es nicht sehen.", "It does not exist, or you may not see it.");
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, ("Methode nicht erlaubt", "Method not allowed"),
        ("Diese Adresse kennt die Methode nicht; „Allow“ nennt die erlaubten.", "This path does not know the method; “Allow” lists those it does.");
    NotAcceptable = "not_acceptable", NOT_ACCEPTABLE, ("Format nicht lieferbar", "Not acceptable"),
        ("Die Antworten sind application/json; „Accept“ schließt das aus.", "Answers are application/json, which “Accept” excludes.");
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, ("Anfrage zu langsam", "Request timeout"),
        ("Der Rumpf der Anfrage kam nicht rechtzeitig an.", "The body of the request did not arrive in time.");
    PreviewStale = "preview_stale", CONFLICT, ("Vorschau überholt", "Preview stale"),
        ("Die bestätigte Vorschau gilt nicht mehr. „preview“ ist die neue; es ist nichts geschehen.", "The confirmed preview no longer holds. “preview” is the new one; nothing has happened.");
    PlanChangePending = "plan_change_pending", CONFLICT, ("Vertragswechsel bereits vorgemerkt", "Plan change pending"),
        ("Es ist schon ein Vertragswechsel vorgemerkt. Nennen Sie ihn in „supersedes“, um ihn zu ersetzen.", "A plan change is already scheduled. Name it in “supersedes” to replace it.");
    ChangeNotPending = "change_not_pending", CONFLICT, ("Änderung nicht mehr offen", "Change not pending"),
        ("Die Änderung ist nicht mehr vorgemerkt.", "The change is no longer scheduled.");
    AlreadyRevoked = "already_revoked", CONFLICT, ("Bereits zurückgenommen", "Already revoked"),
        ("Das wurde bereits zurückgenommen.", "This has already been revoked.");
    AlreadyApplied = "already_applied", CONFLICT, ("Bereits wirksam", "Already applied"),
        ("Das ist bereits wirksam geworden und kann nicht mehr zurückgenommen werden.", "This has already taken effect and can no longer be revoked.");
    AlreadyEnded = "already_ended", CONFLICT, ("Bereits beendet", "Already ended"),
        ("Das ist bereits beendet.", "This has already ended.");
    SubscriptionEnded = "subscription_ended", CONFLICT, ("Vertrag beendet", "Subscription ended"),
        ("Der Vertrag ist beendet.", "The contract has ended.");
    SubscriptionNotActive = "subscription_not_active", CONFLICT, ("Vertrag nicht aktiv", "Subscription not active"),
        ("Das geht nur bei einem aktiven Vertrag.", "This needs an active contract.");
    LastContract = "last_contract", CONFLICT, ("Letzter Vertrag", "Last contract"),
        ("Der letzte Vertrag kann nicht online gekündigt werden; „contact“ nennt, wie es geht.", "The last contract cannot be cancelled online; “contact” says how it can.");
    TestClockAdvancing = "test_clock_advancing", CONFLICT, ("Testuhr läuft", "Test clock advancing"),
        ("Die Testuhr wird gerade vorgestellt. Versuchen Sie es gleich noch einmal.", "The test clock is being advanced. Try again in a moment.");
    CustomerNumberTaken = "customer_number_taken", CONFLICT, ("Kundennummer vergeben", "Customer number taken"),
        ("Diese Kundennummer ist schon vergeben.", "This customer number is already in use.");
    ExternalIdTaken = "external_id_taken", CONFLICT, ("Externe Kennung vergeben", "External id taken"),
        ("Ein anderer Kunde hat diese externe Kennung schon.", "Another customer has this external id already.");
    CatalogueNotPublished = "catalogue_not_published", CONFLICT, ("Kein Katalog veröffentlicht", "No catalogue published"),
        ("Der Anbieter hat noch keinen Katalog veröffentlicht.", "The provider has not published a catalogue yet.");
    UsernameTaken = "username_taken", CONFLICT, ("Benutzername vergeben", "User name taken"),
        ("Dieser Benutzername ist schon vergeben.", "This user name is already in use.");
    ExtraordinaryAlreadyDecided = "extraordinary_already_decided", CONFLICT, ("Bereits entschieden", "Already decided"),
        ("Über die außerordentliche Kündigung ist bereits entschieden.", "The extraordinary cancellation has already been decided.");
    CancellationInEffect = "cancellation_in_effect", CONFLICT, ("Vertrag ist gekündigt", "Cancellation in effect"),
        ("Der Vertrag ist gekündigt. Nehmen Sie zuerst die Kündigung zurück.", "The contract is cancelled. Revoke the cancellation first.");
    AlreadyCancelled = "already_cancelled", CONFLICT, ("Bereits gekündigt", "Already cancelled"),
        ("Der Vertrag ist bereits gekündigt; die Kündigung kann zurückgenommen werden, solange er läuft.", "The contract is already cancelled; the cancellation can be revoked while the contract runs.");
    ChangeSuperseded = "change_superseded", CONFLICT, ("Änderung ersetzt", "Change superseded"),
        ("Die Änderung wurde durch eine spätere ersetzt.", "The change has been replaced by a later one.");
    NothingToCancel = "nothing_to_cancel", CONFLICT, ("Nichts zu kündigen", "Nothing to cancel"),
        ("Es läuft kein Vertrag, der gekündigt werden könnte.", "No contract is running that could be cancelled.");
    AddOnIncluded = "add_on_included", CONFLICT, ("Bereits enthalten", "Add-on included"),
        ("Der Tarif enthält diese Option schon.", "The plan already contains this add-on.");
    AddOnNotAllowed = "add_on_not_allowed", CONFLICT, ("Zu diesem Tarif nicht buchbar", "Add-on not allowed"),
        ("Diese Option gibt es zu dem Tarif des Vertrags nicht.", "This add-on is not available on the plan of the contract.");
    AddOnLimitReached = "add_on_limit_reached", CONFLICT, ("Höchstmenge gebucht", "Add-on limit reached"),
        ("Mehr als „maximum“ sind nicht möglich; „booked“ sind gebucht.", "More than “maximum” are not possible; “booked” are booked.");
    OneOffNotCancellable = "one_off_not_cancellable", CONFLICT, ("Einmalige Leistung", "One-off not cancellable"),
        ("Eine einmalige Leistung kann nicht gekündigt werden; solange sie nicht erbracht ist, kann sie widerrufen werden, wo ein Widerrufsrecht besteht.", "A service that is performed once cannot be cancelled; until it is performed it can be withdrawn from where there is a right of withdrawal.");
    NotAOneOffService = "not_a_one_off_service", CONFLICT, ("Keine einmalige Leistung", "Not a one-off service"),
        ("Nur einmalige Leistungen werden als erbracht gemeldet.", "Only services that are performed once are reported as performed.");
    QuantityNotChangeable = "quantity_not_changeable", CONFLICT, ("Menge fest", "Quantity not changeable"),
        ("Die Menge dieser Leistung ist fest.", "The quantity of this service is fixed.");
    PauseNotOffered = "pause_not_offered", CONFLICT, ("Pause nicht vorgesehen", "Pause not offered"),
        ("Eine Pause ist nicht vorgesehen; „cancel“ und „rebook“ nennen den Weg.", "A pause is not offered; “cancel” and “rebook” say what is.");
    SlotsFull = "slots_full", CONFLICT, ("Kein Platz frei", "Slots full"),
        ("Es ist kein Platz mehr frei; „capacity“ nennt, wie viele es gibt. Lässt eine vorgemerkte Änderung keinen übrig, nennt „plan_change_id“ sie und „free_through_on“ den letzten Tag davor.", "There is no free slot left; “capacity” says how many there are. Where a pending change leaves none, “plan_change_id” names it and “free_through_on” the last day before.");
    SlotsOccupied = "slots_occupied", CONFLICT, ("Zu viele Plätze belegt", "Slots occupied"),
        ("Es sind mehr Plätze belegt, als danach zur Verfügung stehen; „slots“ nennt, welche frei werden müssen.", "More slots are occupied than there will be; “slots” names those that must go.");
    SlotKindNotOffered = "slot_kind_not_offered", CONFLICT, ("Keine solchen Plätze", "Slot kind not offered"),
        ("Der Vertrag hat keine Plätze dieser Art.", "The contract has no slots of this kind.");
    RevocationNotOffered = "revocation_not_offered", CONFLICT, ("Rücknahme nicht vorgesehen", "Revocation not offered"),
        ("Der Anbieter sieht die Rücknahme nicht vor.", "The provider does not offer to take this back.");
    EmailNotSettled = "email_not_settled", CONFLICT, ("E-Mail noch unterwegs", "E-mail not settled"),
        ("Die E-Mail ist noch unterwegs; erst danach kann sie noch einmal gesendet werden.", "The e-mail is still on its way; it can be sent again after that.");
    WebhookEndpointDisabled = "webhook_endpoint_disabled", CONFLICT, ("Webhook-Endpunkt abgeschaltet", "Webhook endpoint disabled"),
        ("Der Endpunkt ist abgeschaltet. Schalten Sie ihn zuerst mit „enabled“ wieder ein.", "The endpoint is disabled. Enable it first with “enabled”.");
    UsageReferenceTaken = "usage_reference_taken", CONFLICT, ("Referenz vergeben", "Reference taken"),
        ("Unter dieser Referenz ist schon andere Nutzung gemeldet.", "Other usage is already recorded under this reference.");
    UsageOutsideContract = "usage_outside_contract", CONFLICT, ("Nutzung außerhalb des Vertrags", "Usage outside the contract"),
        ("An diesem Tag läuft der Vertrag nicht; Nutzung wird nicht berechnet.", "The contract does not run on that day; the usage is not charged.");
    DeclarationDecided = "declaration_decided", CONFLICT, ("Erklärung schon erledigt", "Declaration decided"),
        ("Über die Erklärung ist bereits entschieden.", "The declaration has been decided already.");
    DeclarationNotMatched = "declaration_not_matched", CONFLICT, ("Erklärung nicht zugeordnet", "Declaration not matched"),
        ("Die Erklärung ist noch keinem Vertrag zugeordnet.", "The declaration is not matched to a contract yet.");
    WithdrawalTooLate = "withdrawal_too_late", CONFLICT, ("Widerruf zu spät", "Withdrawal too late"),
        ("Die Widerrufsfrist ist abgelaufen; „last_day_on“ nennt ihren letzten Tag.", "The withdrawal period is over; “last_day_on” is its last day.");
    AlreadyWithdrawn = "already_withdrawn", CONFLICT, ("Bereits widerrufen", "Already withdrawn"),
        ("Der Widerruf ist bereits erklärt.", "The withdrawal has already been declared.");
    NoRightOfWithdrawal = "no_right_of_withdrawal", CONFLICT, ("Kein Widerrufsrecht", "No right of withdrawal"),
        ("Ein Widerrufsrecht haben Verbraucher; Unternehmen nur, wo der Anbieter es einräumt (§ 312g BGB).", "Consumers have a right of withdrawal; businesses only where the provider grants it (§ 312g BGB).");
    ServicePerformed = "service_performed", CONFLICT, ("Leistung bereits erbracht", "Service performed"),
        ("Die Leistung ist vollständig erbracht; das Widerrufsrecht ist erloschen (§ 356 Abs. 5 BGB).", "The service is fully performed; the right of withdrawal has expired (§ 356 para. 5 BGB).");
    StateConflict = "state_conflict", CONFLICT, ("Stand erlaubt das nicht", "State conflict"),
        ("Der gegenwärtige Stand erlaubt das nicht.", "The present state does not allow this.");
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, ("Inzwischen geändert", "Precondition failed"),
        ("Das Objekt wurde inzwischen geändert; „current_etag“ ist sein jetziger Stand.", "The object has changed since; “current_etag” is its present tag.");
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, ("Rumpf zu groß", "Body too large"),
        ("Der Rumpf der Anfrage ist zu groß.", "The body of the request is too large.");
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, ("Medientyp nicht unterstützt", "Unsupported media type"),
        ("Dieser Content-Type wird hier nicht angenommen.", "This Content-Type is not accepted here.");
    ValidationFailed = "validation_failed", UNPROCESSABLE_ENTITY, ("Eingabe unvollständig oder falsch", "Validation failed"),
        ("Felder fehlen oder sind falsch; „errors“ nennt sie alle.", "Fields are missing or wrong; “errors” lists them.");
    SlotKindUnknown = "slot_kind_unknown", UNPROCESSABLE_ENTITY, ("Art von Plätzen unbekannt", "Slot kind unknown"),
        ("Diese Art von Plätzen gibt es nicht; GET /v1/slot-kinds nennt sie.", "There is no such kind of slot; GET /v1/slot-kinds lists them.");
    SlotTargetUnknown = "slot_target_unknown", UNPROCESSABLE_ENTITY, ("Ziel unbekannt", "Slot target unknown"),
        ("Dieses Ziel gibt es nicht; GET /v1/slot-kinds nennt sie.", "There is no such target; GET /v1/slot-kinds lists them.");
    AbsorptionNotOffered = "absorption_not_offered", UNPROCESSABLE_ENTITY, ("Übernahme nicht vorgesehen", "Absorption not offered"),
        ("Ein Vertrag kann nur übernommen werden, wenn das Paket sofort gilt und sein Tarif sofort dorthin gewechselt werden kann.", "A contract can only be taken in where the package applies at once and its plan can be changed into it at once.");
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, ("Idempotency-Key schon benutzt", "Idempotency-Key reused"),
        ("Dieser Idempotency-Key gehört zu einer anderen Anfrage.", "This Idempotency-Key belongs to another request.");
    ConsentRequired = "consent_required", UNPROCESSABLE_ENTITY, ("Zustimmung fehlt", "Consent required"),
        ("Eine nötige Zustimmung fehlt; die Vorschau nennt die Dokumente.", "A required consent is missing; the preview names the documents.");
    ConsentOutdated = "consent_outdated", UNPROCESSABLE_ENTITY, ("Zustimmung zu alter Fassung", "Consent outdated"),
        ("Zugestimmt wurde einer überholten Fassung; die Vorschau nennt die geltende.", "The consent is to an outdated version; the preview names the current one.");
    UnknownDocument = "unknown_document", UNPROCESSABLE_ENTITY, ("Dokument unbekannt", "Unknown document"),
        ("Zugestimmt wurde einem Dokument, das es nicht gibt oder das noch nicht gilt; GET /v1/legal-documents nennt sie.", "The consent is to a document that does not exist or is not in force yet; GET /v1/legal-documents lists them.");
    OrderButtonRequired = "order_button_required", UNPROCESSABLE_ENTITY, ("Bestellschaltfläche fehlt", "Order button required"),
        ("Zahlungspflichtige Bestellungen von Verbrauchern brauchen „order_button_text“ wie in der Vorschau (§ 312j BGB).", "Paid orders of consumers need “order_button_text” as given by the preview (§ 312j BGB).");
    TransitionNotAllowed = "transition_not_allowed", UNPROCESSABLE_ENTITY, ("Wechsel nicht vorgesehen", "Transition not allowed"),
        ("Dieser Wechsel ist nicht vorgesehen; die Optionen nennen die möglichen.", "This change is not offered; the options list those that are.");
    QuantityOutOfRange = "quantity_out_of_range", UNPROCESSABLE_ENTITY, ("Menge nicht möglich", "Quantity out of range"),
        ("Die Menge liegt außerhalb dessen, was der Tarif erlaubt.", "The quantity is outside what the plan allows.");
    PlanNotAvailable = "plan_not_available", UNPROCESSABLE_ENTITY, ("Tarif nicht erhältlich", "Plan not available"),
        ("Diesen Tarif gibt es nicht (mehr).", "This plan does not exist or is no longer sold.");
    NotForCustomerType = "not_for_customer_type", UNPROCESSABLE_ENTITY, ("Nicht für diese Kundenart", "Not for this customer type"),
        ("Der Tarif wird an diese Kundenart (Verbraucher oder Unternehmen) nicht verkauft.", "The plan is not sold to this kind of customer (consumer or business).");
    DateOutOfRange = "date_out_of_range", UNPROCESSABLE_ENTITY, ("Datum nicht möglich", "Date out of range"),
        ("Das Datum liegt außerhalb des Möglichen.", "The date is outside what is possible.");
    AmountNotPositive = "amount_not_positive", UNPROCESSABLE_ENTITY, ("Betrag nicht größer als null", "Amount not positive"),
        ("Der Betrag muss größer als 0,00 sein.", "The amount must be more than 0.00.");
    CurrencyMismatch = "currency_mismatch", UNPROCESSABLE_ENTITY, ("Andere Währung", "Currency mismatch"),
        ("Der Betrag lautet auf eine andere Währung als die Rechnungen des Anbieters.", "The amount is in another currency than the provider's invoices.");
    UsageNotPriced = "usage_not_priced", UNPROCESSABLE_ENTITY, ("Kein Preis nach Nutzung", "Usage not priced"),
        ("Der Tarif hat dafür keinen Preis nach Nutzung.", "The plan has no price by use for this.");
    NothingToChange = "nothing_to_change", UNPROCESSABLE_ENTITY, ("Nichts zu ändern", "Nothing to change"),
        ("Die Anfrage würde nichts ändern.", "The request would change nothing.");
    ReasonRequired = "reason_required", UNPROCESSABLE_ENTITY, ("Grund fehlt", "Reason required"),
        ("Dafür muss ein Grund angegeben werden.", "A reason must be given for this.");
    NoTestMode = "no_test_mode", UNPROCESSABLE_ENTITY, ("Kein Testbetrieb", "No test mode"),
        ("Testuhren gibt es nur bei Sandbox-Anbietern.", "Test clocks exist only for sandbox providers.");
    ClockNotForward = "clock_not_forward", UNPROCESSABLE_ENTITY, ("Uhr geht nur vorwärts", "Clock only goes forward"),
        ("Eine Testuhr lässt sich nur vorstellen.", "A test clock can only be moved forward.");
    InstantOutOfRange = "instant_out_of_range", UNPROCESSABLE_ENTITY, ("Zeitpunkt nicht möglich", "Instant out of range"),
        ("Der Zeitpunkt liegt außerhalb des Möglichen.", "The instant is outside what is possible.");
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, ("Zu viele Anfragen", "Too many requests"),
        ("Zu viele Anfragen; „Retry-After“ nennt die Sekunden bis zum nächsten Versuch.", "Too many requests; “Retry-After” gives the seconds until the next attempt.");
    InternalError = "internal_error", INTERNAL_SERVER_ERROR, ("Fehler des Servers", "Internal error"),
        ("Ein Fehler des Servers; es ist nichts geschehen. Nennen Sie bei Rückfragen die request_id.", "A fault of the server; nothing has happened. Quote the request_id when asking about it.");
    ServiceUnavailable = "service_unavailable", SERVICE_UNAVAILABLE, ("Gerade nicht verfügbar", "Service unavailable"),
        ("Der Dienst ist gerade nicht verfügbar. Versuchen Sie es gleich noch einmal, am besten mit Idempotency-Key.", "The service is not available right now. Try again shortly, best with an Idempotency-Key.");
}

impl ProblemCode {
    /// The code named `text`, if there is one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }

    /// The explanation in both languages.
    pub fn explanation_text(self) -> LocalizedText {
        LocalizedText::new(self.explanation(Locale::De), self.explanation(Locale::En))
    }

    /// Address of the documentation page, the `type` of the problem; relative to the server.
    pub fn type_uri(self) -> String {
        format!("/problems/{}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_snake_case_and_have_error_statuses() {
        let mut seen = HashSet::new();
        for code in ProblemCode::ALL {
            let text = code.as_str();
            assert!(seen.insert(text), "{text} twice");
            assert!(
                text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{text}"
            );
            assert!(code.status().as_u16() >= 400, "{text}");
            assert_eq!(ProblemCode::parse(text), Some(*code));
            assert_ne!(
                code.title(Locale::De),
                code.title(Locale::En),
                "{text} is not translated"
            );
        }
        assert_eq!(ProblemCode::parse("no_such_code"), None);
    }

    /// Every `Violation::conflict("code"` and `Violation::invalid("code"` in the rules and use cases.
    fn violations() -> Vec<(String, bool)> {
        fn collect(folder: &std::path::Path, found: &mut Vec<(String, bool)>) {
            for entry in std::fs::read_dir(folder).expect("a folder of the sources") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    collect(&path, found);
                    continue;
                }
                let text = std::fs::read_to_string(&path).expect("a source file");
                for (call, conflicts) in [("Violation::conflict(", true), ("Violation::invalid(", false)] {
                    for (start, _) in text.match_indices(call) {
                        let argument = text[start + call.len()..].trim_start();
                        let code = argument.strip_prefix('"').and_then(|rest| rest.split('"').next());
                        found.extend(code.map(|code| (code.to_owned(), conflicts)));
                    }
                }
            }
        }
        let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = Vec::new();
        for floor in ["domain", "services"] {
            collect(&source.join(floor), &mut found);
        }
        found
    }

    #[test]
    fn every_violation_is_a_problem_code_of_its_kind() {
        let violations = violations();
        assert!(violations.len() > 30, "the search finds too little: {violations:?}");
        for (text, conflicts) in violations {
            let code = ProblemCode::parse(&text).unwrap_or_else(|| panic!("{text} is no problem code"));
            let fits = match code.status() {
                StatusCode::NOT_FOUND | StatusCode::CONFLICT => conflicts,
                StatusCode::UNPROCESSABLE_ENTITY => !conflicts,
                _ => false,
            };
            assert!(fits, "{text} has the status {}", code.status());
        }
    }
}
