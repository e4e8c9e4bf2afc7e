//! Good requests and their answers.

use serde_json::{Value, json};

use super::{VECTORS, ask, calculate, cases, example, example_of, operation};
use crate::helpers::{TestDatabase, on_both_databases};

on_both_databases!(
    every_vector_is_answered_exactly,
    the_examples_of_the_document_are_what_the_server_answers,
    reasons_come_in_the_language_of_the_caller,
    what_may_be_left_out_may_be_left_out,
);

fn every_vector_is_answered_exactly(database: &TestDatabase) {
    calculate(database, async |caller| {
        let mut answered = 0;
        for (calculator, file) in VECTORS {
            for case in cases(file) {
                let answer = ask(&caller, calculator, "de", &case["request"]).await.expect(200);
                for (name, expected) in case["response"].as_object().expect("an answer") {
                    assert_eq!(&answer[name], expected, "{} {name}", case["id"]);
                }
                match calculator {
                    "termination-date" => assert!(answer["latest_receipt_on"].is_string(), "{}", case["id"]),
                    "proration" => assert!(answer["arithmetic"].is_string(), "{}", case["id"]),
                    _ => {}
                }
                answered += 1;
            }
        }
        assert_eq!(answered, 385);
    });
}

fn the_examples_of_the_document_are_what_the_server_answers(database: &TestDatabase) {
    calculate(database, async |caller| {
        for (calculator, _) in VECTORS {
            let operation = operation(calculator);
            assert_eq!(operation["security"], json!([]), "{calculator}");
            let answer = ask(&caller, calculator, "de", &example(calculator)).await;
            assert_eq!(
                answer.expect(200),
                example_of(&operation["responses"]["200"]),
                "{calculator}"
            );
        }
    });
}

fn rules(answer: &Value) -> Vec<&str> {
    let steps = answer["because"].as_array().expect("reasons");
    steps
        .iter()
        .map(|step| step["rule"].as_str().expect("a rule"))
        .collect()
}

fn reasons_come_in_the_language_of_the_caller(database: &TestDatabase) {
    calculate(database, async |caller| {
        let request = json!({
            "terms": {"initial_term": "P12M", "renewal": "indefinite", "notice": "P3M", "to": "quarter_end"},
            "started_on": "2024-05-15", "received_at": "2026-11-30T09:00:00Z", "wish_on": "2027-01-01",
            "customer_type": "consumer"
        });
        let answer = ask(&caller, "termination-date", "de", &request).await;
        assert_eq!(answer.header("content-language"), "de");
        let german = answer.expect(200);
        let expected = "notice_period no_weekend_shift minimum_term wish allowed_end consumer_cap";
        assert_eq!(rules(&german).join(" "), expected);
        assert_eq!(german["ends_on"], "2027-01-01");
        assert_eq!(german["latest_receipt_on"], "2026-12-01");
        let text = german["because"][0]["text"].as_str().expect("a text");
        assert!(text.contains("Kündigungsfrist (3 Monate) bis 28.02.2027"), "{text}");
        assert_eq!(german["because"][4]["source"], "Vertragsbedingungen");
        assert_eq!(german["because"][5]["source"], "§ 309 Nr. 9 BGB");

        let answer = ask(&caller, "termination-date", "en-GB", &request).await;
        assert_eq!(answer.header("content-language"), "en");
        let english = answer.expect(200);
        assert_eq!(rules(&english).join(" "), expected);
        let text = english["because"][0]["text"].as_str().expect("a text");
        assert!(
            text.contains("Notice period (3 months) until 28 February 2027"),
            "{text}"
        );
        assert_eq!(english["because"][4]["source"], "contract terms");

        let business = json!({"customer_type": "business", "concluded_at": "2026-11-02T11:00:00Z"});
        let answer = ask(&caller, "withdrawal-period", "en", &business).await.expect(200);
        let only = json!({
            "rule": "consumers_only", "source": "§ 312g Abs. 1, § 13 BGB",
            "text": "Only consumers have a right of withdrawal."
        });
        assert_eq!(answer, json!({"exists": false, "because": [only]}));
        let answer = ask(&caller, "proration", "en", &example("proration")).await.expect(200);
        assert_eq!(answer["arithmetic"], "16/31 days of 3 × 5.90");
    });
}

fn what_may_be_left_out_may_be_left_out(database: &TestDatabase) {
    calculate(database, async |caller| {
        // 23:30 in Berlin is the same day in New York and already the next one in Kolkata.
        for (zone, received_on, ends_at) in [
            (Value::Null, "2026-03-31", "2026-03-31T22:00:00Z"),
            (json!("Europe/Berlin"), "2026-03-31", "2026-03-31T22:00:00Z"),
            (json!("Asia/Kolkata"), "2026-04-01", "2026-04-01T18:30:00Z"),
            (json!("America/New_York"), "2026-03-31", "2026-04-01T04:00:00Z"),
        ] {
            let request = json!({
                "terms": {"notice": "P0D", "to": "any_day"}, "received_at": "2026-03-31T23:30:00.250+02:00",
                "time_zone": zone
            });
            let answer = ask(&caller, "termination-date", "de", &request).await.expect(200);
            assert_eq!(answer["received_on"], received_on, "{zone}");
            assert_eq!(answer["latest_receipt_on"], received_on, "{zone}");
            assert_eq!(answer["ends_at"], ends_at, "{zone}");
        }
        // Instructed on the day of conclusion, with and without the region that keeps the Day of Repentance.
        let mut request = json!({
            "customer_type": "consumer", "concluded_at": "2026-11-04T11:00:00Z", "instructed_at": "2026-11-04T11:00:00Z"
        });
        let answer = ask(&caller, "withdrawal-period", "de", &request).await.expect(200);
        assert_eq!(answer["last_day_on"], "2026-11-18");
        assert!(answer.get("timely").is_none());
        request["holiday_regions"] = json!(["DE-SN"]);
        let answer = ask(&caller, "withdrawal-period", "de", &request).await.expect(200);
        assert_eq!(answer["last_day_on"], "2026-11-19");
    });
}
