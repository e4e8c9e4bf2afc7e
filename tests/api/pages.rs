//! The reference pages in a real browser, with scripts off: by keyboard, on a narrow screen, as a screen reader hears them.

use serde_json::json;

use crate::declarations::{consumer_contract, plus_contract, text};
use crate::helpers::chromium::{Chromium, chromium};
use crate::helpers::{TestApp, over_http};

over_http!(
    a_contract_is_cancelled_by_keyboard,
    without_a_match_the_page_says_the_same,
    a_withdrawal_is_confirmed_on_its_second_page,
    a_withdrawal_without_a_match_is_told_the_same,
    mistakes_are_named_and_linked,
);

/// The text of a confirmation without reference and hash, which are others each time.
const WITHOUT_WHAT_DIFFERS: &str = "[...document.querySelectorAll('main dd')].forEach(one => { if (/^[0-9a-f]{64}$|^.{5}-.{5}$/.test(one.innerText)) \
     one.innerText = '…'; }), document.querySelector('main').innerText";

/// Everything is there at once, fits a narrow screen, and the button is in sight without scrolling.
fn check_layout(browser: &mut Chromium, button: &str) {
    for (width, height) in [(320, 568), (1280, 800)] {
        browser.resize(width, height);
        let overflow = browser.ask("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(overflow, json!(0), "nothing sticks out at {width} pixels");
        let in_sight = browser.ask(
            "(() => { const box = document.querySelector('button').getBoundingClientRect(); \
             return box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth; })()",
        );
        assert_eq!(in_sight, json!(true), "the button is visible at once at {width} pixels");
        let small = browser.ask(
            "[...document.querySelectorAll('button, input:not([type=hidden]), textarea')].filter(one => \
             one.getBoundingClientRect().height < 20).length",
        );
        assert_eq!(small, json!(0), "everything can be hit with a finger");
    }
    assert_eq!(
        browser.ask("document.querySelector('button').textContent"),
        json!(button)
    );
    assert_eq!(browser.ask("document.querySelectorAll('button').length"), json!(1));
    assert_eq!(browser.ask("document.scripts.length"), json!(0));
}

/// Every control has a name, and what helps or warns belongs to it.
fn check_spoken(browser: &mut Chromium) {
    let unnamed: Vec<(String, String)> = browser
        .spoken()
        .into_iter()
        .filter(|(role, name)| {
            let control = ["textbox", "radio", "button", "link", "Date", "radiogroup", "group"];
            control.contains(&role.as_str()) && name.is_empty()
        })
        .collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    let lost = browser.ask(
        "[...document.querySelectorAll('[aria-describedby], [aria-labelledby]')].flatMap(one => \
         ((one.getAttribute('aria-describedby') || '') + ' ' + (one.getAttribute('aria-labelledby') || '')).split(' ')) \
         .filter(id => id && !document.getElementById(id)).length",
    );
    assert_eq!(lost, json!(0), "every description is on the page");
    let labels = browser.ask(
        "[...document.querySelectorAll('input:not([type=hidden]), textarea')].filter(one => one.labels.length !== 1).length",
    );
    assert_eq!(labels, json!(0), "every field has one label");
    let headings = browser.ask("document.querySelectorAll('h1').length");
    assert_eq!(headings, json!(1));
}

/// Moves on by keyboard until the field with this name has the focus.
fn tab_to(browser: &mut Chromium, name: &str) {
    for _ in 0..30 {
        browser.press("Tab");
        let focused = browser.ask("document.activeElement.name || document.activeElement.type");
        if focused == name {
            let hidden = browser.ask(
                "(() => { const box = document.activeElement.getBoundingClientRect(); const bar = \
                 document.querySelector('.actions').getBoundingClientRect(); \
                 return document.activeElement.type !== 'submit' && box.top > bar.top; })()",
            );
            assert_eq!(hidden, json!(false), "the field with the focus is not behind the bar");
            return;
        }
    }
    panic!("{name} cannot be reached by keyboard");
}

fn fill(browser: &mut Chromium, fields: &[(&str, &str)]) {
    for (name, text) in fields {
        tab_to(browser, name);
        browser.write(text);
    }
}

/// The address of a page that is there. The browser blocks this thread, on which the server begins: one request before it lets
/// the server start.
async fn address(app: &TestApp<'_>, path: &str) -> String {
    let request = app
        .anonymous
        .request(reqwest::Method::GET, path)
        .build()
        .expect("a request");
    assert_eq!(app.anonymous.get(path).await.status, 200);
    request.url().to_string()
}

async fn a_contract_is_cancelled_by_keyboard(app: TestApp<'_>) {
    let Some(mut browser) = chromium() else { return };
    let (_, customer, contract) = plus_contract(&app).await;
    browser.open(&address(&app, "/p/sprechfenster/kuendigen?lang=de").await);
    assert_eq!(browser.ask("document.documentElement.lang"), json!("de"));
    assert_eq!(browser.ask("document.title"), json!("Vertrag kündigen – Sprechfenster"));
    check_layout(&mut browser, "jetzt kündigen");
    check_spoken(&mut browser);
    browser.resize(320, 568);
    browser.picture("kuendigen-320");
    browser.resize(1280, 1400);
    browser.picture("kuendigen-1280");
    browser.resize(320, 568);

    tab_to(&mut browser, "kind");
    let number = text(&contract, "contract_number");
    fill(
        &mut browser,
        &[
            ("identity_name", "Erika Mustermann"),
            ("contract", number),
            ("confirmation_email", "erika@example.com"),
        ],
    );
    tab_to(&mut browser, "submit");
    browser.press_and_load("Enter");
    let said = browser.ask("document.querySelector('main').innerText");
    let said = said.as_str().expect("a text");
    for part in [
        "Bestätigung Ihrer Kündigung",
        "16.03.2026 um 11:00:00 Uhr",
        number,
        "jetzt kündigen",
        "Erika Mustermann",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    assert!(!said.contains("30.06.2026"), "the end goes to the address on file");
    check_spoken(&mut browser);
    browser.picture("bestaetigung-320");
    browser.resize(1280, 900);
    browser.picture("bestaetigung-1280");
    let download = browser.ask("document.querySelector('.store a').getAttribute('href')");
    let file = app.anonymous.get(download.as_str().expect("a link")).await;
    assert!(file.text.contains(number) && file.header("content-disposition").starts_with("attachment"));
    let after = customer
        .get(&format!("/v1/subscriptions/{}", text(&contract, "id")))
        .await
        .expect(200);
    assert_eq!(after["ends_on"], "2026-06-30");
}

async fn without_a_match_the_page_says_the_same(app: TestApp<'_>) {
    let Some(mut browser) = chromium() else { return };
    let (_, _, contract) = plus_contract(&app).await;
    let number = text(&contract, "contract_number").to_owned();
    let unknown: String = number.chars().rev().collect();
    let mut said = Vec::new();
    for contract in [&number, &unknown] {
        browser.open(&address(&app, "/p/sprechfenster/kuendigen?lang=en").await);
        assert_eq!(browser.ask("document.documentElement.lang"), json!("en"));
        let button = browser.ask(
            "(() => { const one = document.querySelector('button'); return one.lang + ': ' + one.textContent + ' = ' + \
             document.getElementById(one.getAttribute('aria-describedby')).textContent; })()",
        );
        assert_eq!(button, json!("de: jetzt kündigen = cancel now"));
        fill(
            &mut browser,
            &[
                ("identity_name", "Erika Mustermann"),
                ("contract", contract),
                ("confirmation_email", "erika@example.com"),
            ],
        );
        tab_to(&mut browser, "submit");
        browser.press_and_load("Enter");
        let page = browser.ask(WITHOUT_WHAT_DIFFERS);
        said.push(page.as_str().expect("a text").replace(contract.as_str(), "…"));
    }
    assert!(
        said[0].contains("Confirmation of your cancellation") && said[0].len() > 300,
        "{}",
        said[0]
    );
    assert_eq!(said[0], said[1]);
    let listed = app.staff("sprechfenster").get("/v1/declarations").await.expect(200);
    assert_eq!(
        (&listed["data"][0]["status"], &listed["data"][1]["status"]),
        (&json!("received"), &json!("executed"))
    );
}

async fn a_withdrawal_is_confirmed_on_its_second_page(app: TestApp<'_>) {
    let Some(mut browser) = chromium() else { return };
    let (_, _, contract) = consumer_contract(&app).await;
    browser.open(&address(&app, "/p/kontaktkiste/widerrufen?lang=de").await);
    check_layout(&mut browser, "Vertrag widerrufen");
    check_spoken(&mut browser);
    browser.resize(320, 568);
    browser.picture("widerrufen-320");
    fill(
        &mut browser,
        &[
            ("name", "Erika Mustermann"),
            ("contract", text(&contract, "contract_number")),
            ("confirmation_email", "erika@example.com"),
        ],
    );
    tab_to(&mut browser, "submit");
    browser.press_and_load("Enter");
    check_layout(&mut browser, "Widerruf bestätigen");
    check_spoken(&mut browser);
    browser.resize(320, 568);
    browser.picture("widerruf-pruefen-320");
    let shown = browser.ask("document.querySelector('main').innerText").to_string();
    assert!(shown.contains(text(&contract, "contract_number")) && shown.contains("erika@example.com"));
    assert_eq!(
        browser.ask("document.querySelectorAll('main input, main textarea, main a').length"),
        json!(0)
    );
    let staff = app.staff("kontaktkiste");
    assert_eq!(staff.get("/v1/declarations").await.expect(200)["data"], json!([]));

    let second_page = browser.ask("location.href");
    tab_to(&mut browser, "submit");
    browser.press_and_load("Enter");
    let first = browser.ask("document.querySelector('main').innerText");
    assert!(first.to_string().contains("Bestätigung Ihres Widerrufs"), "{first}");
    // Whoever goes back is shown what was declared; nothing is declared twice.
    browser.open(second_page.as_str().expect("an address"));
    assert_eq!(browser.ask("document.querySelector('main').innerText"), first);
    let listed = staff.get("/v1/declarations").await.expect(200);
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    // It proved its contract, so it had its effect at once; the page does not say so.
    assert_eq!(
        (&listed["data"][0]["status"], &listed["data"][0]["automatic"]),
        (&json!("executed"), &json!(true))
    );
    let after = staff
        .get(&format!("/v1/subscriptions/{}", text(&contract, "id")))
        .await
        .expect(200);
    assert_eq!(after["status"], "withdrawn");
    assert!(!first.to_string().contains("Erstattung"), "{first}");
}

async fn a_withdrawal_without_a_match_is_told_the_same(app: TestApp<'_>) {
    let Some(mut browser) = chromium() else { return };
    let (_, _, contract) = consumer_contract(&app).await;
    let number = text(&contract, "contract_number").to_owned();
    let unknown: String = number.chars().rev().collect();
    let mut said = Vec::new();
    for contract in [&number, &unknown] {
        browser.open(&address(&app, "/p/kontaktkiste/widerrufen?lang=en").await);
        fill(
            &mut browser,
            &[
                ("name", "Erika Mustermann"),
                ("contract", contract),
                ("confirmation_email", "erika@example.com"),
            ],
        );
        tab_to(&mut browser, "submit");
        browser.press_and_load("Enter");
        tab_to(&mut browser, "submit");
        browser.press_and_load("Enter");
        let page = browser.ask(WITHOUT_WHAT_DIFFERS);
        said.push(page.as_str().expect("a text").replace(contract.as_str(), "…"));
    }
    assert!(
        said[0].contains("Confirmation of your withdrawal") && said[0].len() > 300,
        "{}",
        said[0]
    );
    assert_eq!(said[0], said[1]);
    let listed = app.staff("kontaktkiste").get("/v1/declarations").await.expect(200);
    assert_eq!(
        (&listed["data"][0]["status"], &listed["data"][1]["status"]),
        (&json!("received"), &json!("executed"))
    );
}

async fn mistakes_are_named_and_linked(app: TestApp<'_>) {
    let Some(mut browser) = chromium() else { return };
    browser.open(&address(&app, "/p/sprechfenster/kuendigen?lang=de").await);
    tab_to(&mut browser, "kind");
    browser.press("ArrowDown");
    fill(
        &mut browser,
        &[("identity_name", "Erika Mustermann"), ("confirmation_email", "erika")],
    );
    tab_to(&mut browser, "submit");
    browser.press_and_load("Enter");
    assert!(
        browser
            .ask("document.title")
            .as_str()
            .expect("a title")
            .starts_with("Fehler: ")
    );
    assert_eq!(
        browser.ask("document.activeElement.getAttribute('role')"),
        json!("alert"),
        "the summary has the focus"
    );
    let links =
        browser.ask("[...document.querySelectorAll('.summary a')].map(one => one.getAttribute('href')).join(' ')");
    assert_eq!(links, json!("#f-reason #f-contract #f-confirmation-email"));
    let lost = browser
        .ask("[...document.querySelectorAll('.summary a')].filter(one => !document.querySelector(one.hash)).length");
    assert_eq!(lost, json!(0));
    let kept = browser.ask(
        "[document.querySelector('[name=identity_name]').value, document.querySelector('[name=kind]:checked').value].join(' ')",
    );
    assert_eq!(
        kept,
        json!("Erika Mustermann extraordinary"),
        "nothing has to be entered twice"
    );
    let wrong = browser.ask(
        "[...document.querySelectorAll('[aria-invalid=true]')].map(one => one.name + (one.getAttribute('aria-describedby') \
         .includes(one.id + '-error') ? '' : ' without its text')).join(' ')",
    );
    assert_eq!(wrong, json!("reason contract confirmation_email"));
    let optional = |field: &str| format!("document.querySelectorAll('label[for={field}] .optional').length");
    assert_eq!(browser.ask(&optional("f-wish-on")), json!(1));
    assert_eq!(
        browser.ask(&optional("f-reason")),
        json!(0),
        "a reason that is missing is not optional"
    );
    check_layout(&mut browser, "jetzt kündigen");
    check_spoken(&mut browser);
    browser.resize(320, 568);
    browser.picture("fehler-320");
    browser.press("Tab");
    browser.press("Enter");
    assert_eq!(
        browser.ask("location.hash"),
        json!("#f-reason"),
        "the link leads to the field"
    );
}
