//! A story: answers are written down without what differs from run to run, so that two databases can be held against each
//! other.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::helpers::{TestApp, TestDatabase, app};

/// What was answered, in order.
#[derive(Clone, Default)]
pub struct Transcript(Rc<RefCell<Vec<Value>>>);

impl Transcript {
    /// Writes an answer down and hands it back.
    pub fn note(&self, answer: Value) -> Value {
        self.0.borrow_mut().push(answer.clone());
        answer
    }
}

/// Tells a story on both databases and compares the transcripts.
pub fn on_both<F: Future<Output = ()>>(tell: impl Fn(TestApp<'static>, Transcript) -> F) {
    let on_sqlite = transcript(TestDatabase::sqlite_demo(), &tell);
    assert!(!on_sqlite.is_empty());
    if let Some(database) = TestDatabase::postgres_demo() {
        let on_postgres = transcript(database, &tell);
        for (sqlite, postgres) in on_sqlite.iter().zip(&on_postgres) {
            assert_eq!(sqlite, postgres);
        }
        assert_eq!(on_sqlite.len(), on_postgres.len());
    }
}

fn transcript<F: Future<Output = ()>>(
    database: TestDatabase,
    tell: &impl Fn(TestApp<'static>, Transcript) -> F,
) -> Vec<Value> {
    // The story outlives no test: leaking its database handle keeps the types of both stories alike.
    let database: &'static TestDatabase = Box::leak(Box::new(database));
    let transcript = Transcript::default();
    app::run(database, |app| tell(app, transcript.clone()));
    let mut names = HashMap::new();
    transcript
        .0
        .take()
        .into_iter()
        .map(|answer| anonymous(answer, &mut names))
        .collect()
}

/// Ids and secrets become numbered placeholders: the same id the same number.
fn anonymous(value: Value, names: &mut HashMap<String, String>) -> Value {
    const SECRETS: [&str; 6] = [
        "preview_token",
        "contract_number",
        "hash",
        "request_id",
        "created_at",
        "customer_number",
    ];
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, member)| {
                    let hidden = SECRETS.contains(&name.as_str()) && member.is_string();
                    let member = if hidden {
                        json!(format!("[{name}]"))
                    } else {
                        anonymous(member, names)
                    };
                    (name, member)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| anonymous(item, names)).collect()),
        Value::String(text) => Value::String(without_ids(&text, names)),
        other => other,
    }
}

fn without_ids(text: &str, names: &mut HashMap<String, String>) -> String {
    let mut result = String::new();
    for part in text.split_inclusive(|separator: char| !separator.is_ascii_alphanumeric() && separator != '_') {
        let word = part.trim_end_matches(|separator: char| !separator.is_ascii_alphanumeric() && separator != '_');
        let is_id = word.len() == 30 && word.as_bytes()[3] == b'_';
        let is_number = word.len() == 8
            && word
                .chars()
                .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
        if is_id || (is_number && word.chars().any(|letter| letter.is_ascii_alphabetic())) {
            let count = names.len() + 1;
            let name = names.entry(word.to_owned()).or_insert_with(|| format!("<{count}>"));
            result.push_str(name);
            result.push_str(&part[word.len()..]);
        } else {
            result.push_str(part);
        }
    }
    result
}

/// The sum of amounts in minor units; each a decimal string with two decimals.
pub fn sum(amounts: impl IntoIterator<Item = Value>) -> i64 {
    amounts.into_iter().map(|amount| minor(&amount)).sum()
}

/// Minor units of a money object.
pub fn minor(money: &Value) -> i64 {
    let text = money["amount"]
        .as_str()
        .unwrap_or_else(|| panic!("{money} is no amount"));
    text.replace('.', "").parse().expect("an amount with two decimals")
}

/// Consents to the documents with these keys, in the demo's version.
pub fn consents(keys: &[&str]) -> Value {
    keys.iter()
        .map(|key| json!({ "document": key, "version": "2020-01", "accepted": true }))
        .collect()
}
