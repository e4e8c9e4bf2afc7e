//! What is confirmed says that an early start was asked for: for a withdrawal, use until then may have to be paid (§ 357a Abs. 2 BGB).

use serde_json::{Value, json};

use super::settlement::told;
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(an_express_request_to_begin_early_is_confirmed);

const CRM: &str = "kontaktkiste";

const SENTENCES: [(&str, &str); 2] = [
    (
        "de",
        "Sie haben ausdrücklich verlangt, dass die Leistung schon vor Ablauf der Widerrufsfrist beginnt. Widerrufen Sie, so kann \
         die Nutzung bis dahin zu bezahlen sein, soweit der Tarif das vorsieht (§ 357a Abs. 2 BGB).",
    ),
    (
        "en",
        "You have expressly requested that the service begin before the end of the withdrawal period. If you withdraw, the use \
         until then may have to be paid for where the plan says so (§ 357a para. 2 BGB).",
    ),
];

async fn an_express_request_to_begin_early_is_confirmed(app: TestApp<'_>) {
    for (locale, sentence) in SENTENCES {
        for early in [true, false] {
            let members = json!({ "customer_type": "consumer", "locale": locale });
            let (id, customer) = app.customer_with(CRM, members).await;
            let ordered = |mut order: Value| {
                order["consents"] = consents(&["terms", "dpa", "privacy", "withdrawal_instruction"]);
                order["order_button_text"] = json!("zahlungspflichtig bestellen");
                if early {
                    order["early_start_requested"] = json!(true);
                }
                order
            };
            let contract = customer
                .post("/v1/subscriptions", ordered(json!({ "plan": "crm_basic" })))
                .await;
            let path = format!(
                "/v1/subscriptions/{}",
                contract.expect(201)["id"].as_str().expect("an id")
            );
            let upgrade = ordered(json!({ "plan": "crm_monthly" }));
            customer
                .post(&format!("{path}/plan-changes"), upgrade)
                .await
                .expect(201);
            let booked = ordered(json!({ "add_on": "extra_users", "quantity": 1 }));
            customer.post(&format!("{path}/add-ons"), booked).await.expect(201);
            for kind in ["contract_concluded", "plan_change_received", "add_on_booked"] {
                let mails = told(&app.staff(CRM), &id, kind).await;
                assert_eq!(mails.len(), 1, "{kind}");
                let path = format!("/v1/emails/{}", mails[0]["id"].as_str().expect("an id"));
                let mail = customer.get(&path).await.expect(200);
                for form in ["text", "html"] {
                    let says = mail[form].as_str().expect("a text").contains(sentence);
                    assert_eq!(says, early, "{kind} {locale} {form}: {}", mail[form]);
                }
            }
        }
    }
}
