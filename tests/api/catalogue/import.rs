//! Importing a catalogue: versions, stable ids, immutability.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;
use vertragswerk::db::{Database, DbConnection};
use vertragswerk::demo::CATALOGUES;
use vertragswerk::domain::ids::IdKind;
use vertragswerk::error::{AppError, FieldPlace};
use vertragswerk::services::catalogue::{CatalogueCache, Imported, PublishedCatalogue, import};
use vertragswerk::services::providers::{self, Provider, ProviderMode};

use crate::helpers::{TestDatabase, on_both_databases};

on_both_databases!(
    the_same_content_changes_nothing,
    only_changed_plans_get_a_new_version,
    what_a_consent_refers_to_never_changes,
    faults_are_named_and_nothing_is_published,
    imports_at_the_same_time_run_one_after_the_other,
    plan_versions_are_found_by_id,
);

const NOW: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);

fn video() -> Value {
    serde_json::from_str(CATALOGUES[1].1).expect("the demo catalogue is JSON")
}

fn provider(database: &Database) -> Provider {
    let create =
        |conn: &mut DbConnection| providers::create(conn, "sprechfenster", "Sprechfenster", ProviderMode::Sandbox, NOW);
    database.write(create).expect("a provider")
}

fn publish(database: &Database, provider: &Provider, catalogue: &Value) -> Result<Imported, AppError> {
    let text = serde_json::to_string_pretty(catalogue).expect("JSON");
    database.write(|conn| import(conn, &provider.id, &provider.slug, &text, NOW))
}

fn current(database: &Database, provider: &Provider) -> PublishedCatalogue {
    let cache = CatalogueCache::default();
    let published = database
        .read(|conn| cache.current(conn, &provider.id))
        .expect("a published catalogue");
    PublishedCatalogue::clone(&published)
}

fn faults(outcome: Result<Imported, AppError>) -> Vec<(String, &'static str)> {
    match outcome {
        Err(AppError::Validation(faults)) => faults
            .into_iter()
            .map(|fault| match fault.place {
                FieldPlace::Pointer(pointer) => (pointer, fault.code),
                other => panic!("{other:?}"),
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn the_same_content_changes_nothing(test: &TestDatabase) {
    let database = test.open(4);
    let provider = provider(&database);
    let first = publish(&database, &provider, &video()).expect("published");
    assert_eq!((first.number, first.changed), (1, true));
    let again = publish(&database, &provider, &video()).expect("published");
    assert_eq!(
        again,
        Imported {
            changed: false,
            ..first.clone()
        }
    );
    let published = current(&database, &provider);
    assert_eq!(published.id, first.catalogue_id);
    assert_eq!(published.plans.len(), 2);
    assert!(
        published
            .plans
            .values()
            .all(|plan| plan.number == 1 && IdKind::PlanVersion.matches(&plan.plan_version_id))
    );
    assert!(
        published
            .document("terms", vertragswerk::domain::localized::Locale::En)
            .is_some()
    );
}

fn only_changed_plans_get_a_new_version(test: &TestDatabase) {
    let database = test.open(4);
    let provider = provider(&database);
    publish(&database, &provider, &video()).expect("published");
    let before = current(&database, &provider);

    let mut dearer = video();
    dearer["plans"][1]["prices"][0]["amount"]["amount"] = json!("21.00");
    assert_eq!(publish(&database, &provider, &dearer).expect("published").number, 2);
    let after = current(&database, &provider);
    assert_eq!(
        after.plans["basis"], before.plans["basis"],
        "untouched plans keep their version"
    );
    assert_eq!(after.plans["plus"].plan_id, before.plans["plus"].plan_id);
    assert_eq!(after.plans["plus"].number, 2);
    assert_eq!(after.documents, before.documents);

    assert_eq!(publish(&database, &provider, &video()).expect("published").number, 3);
    assert_eq!(
        current(&database, &provider).plans,
        before.plans,
        "earlier content is the earlier version"
    );
    let cache = CatalogueCache::default();
    let second = database.read(|conn| cache.by_id(conn, &after.id)).expect("kept");
    assert_eq!(
        second.plans, after.plans,
        "a replaced catalogue still knows its versions"
    );
}

fn what_a_consent_refers_to_never_changes(test: &TestDatabase) {
    let database = test.open(4);
    let provider = provider(&database);
    publish(&database, &provider, &video()).expect("published");
    let mut rewritten = video();
    let text = rewritten["legal_documents"][0]["text"]
        .as_str()
        .expect("text")
        .to_owned();
    rewritten["legal_documents"][0]["text"] = json!(format!("{text} And more."));
    let found = faults(publish(&database, &provider, &rewritten));
    assert_eq!(
        found,
        [("/legal_documents/0/version".to_owned(), "document_version_reused")]
    );

    for document in rewritten["legal_documents"].as_array_mut().expect("documents") {
        if document["key"] == "terms" {
            document["version"] = json!("2027-01");
        }
    }
    publish(&database, &provider, &rewritten).expect("a new version may say something new");
    // Not only the catalogue before: whatever was published once keeps its wording.
    let mut third = video();
    third["legal_documents"][0]["text"] = json!("Something else.");
    assert_eq!(faults(publish(&database, &provider, &third)).len(), 1);
}

fn faults_are_named_and_nothing_is_published(test: &TestDatabase) {
    let database = test.open(4);
    let provider = provider(&database);
    let mut broken = video();
    broken["plans"][0]["product"] = json!("unknown");
    broken["plans"][1]["prices"][0]["amount"]["amount"] = json!("-1.00");
    let found = faults(publish(&database, &provider, &broken));
    assert!(
        found.iter().any(|(pointer, _)| pointer == "/plans/0/product"),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|(pointer, _)| pointer.starts_with("/plans/1/prices/0")),
        "{found:?}"
    );
    let mut foreign = video();
    foreign["provider"]["slug"] = json!("somebody-else");
    assert_eq!(
        faults(publish(&database, &provider, &foreign)),
        [("/provider/slug".to_owned(), "slug_mismatch")]
    );

    let cache = CatalogueCache::default();
    assert!(
        database
            .read(|conn| cache.find_current(conn, &provider.id))
            .expect("readable")
            .is_none()
    );
    let refused = database.read(|conn| cache.current(conn, &provider.id));
    assert!(matches!(refused, Err(AppError::Refused(violation)) if violation.code == "catalogue_not_published"));
}

fn imports_at_the_same_time_run_one_after_the_other(test: &TestDatabase) {
    let database = test.open(4);
    let provider = provider(&database);
    let numbers: Vec<i64> = std::thread::scope(|scope| {
        let imports: Vec<_> = (0..6)
            .map(|index| {
                let (database, provider) = (database.clone(), provider.clone());
                scope.spawn(move || {
                    let mut catalogue = video();
                    catalogue["plans"][1]["prices"][0]["amount"]["amount"] = json!(format!("2{index}.00"));
                    publish(&database, &provider, &catalogue).expect("published").number
                })
            })
            .collect();
        imports
            .into_iter()
            .map(|import| import.join().expect("no panic"))
            .collect()
    });
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [1, 2, 3, 4, 5, 6]);
}

fn plan_versions_are_found_by_id(test: &TestDatabase) {
    let database = test.open(4);
    let provider = provider(&database);
    publish(&database, &provider, &video()).expect("published");
    let published = current(&database, &provider);
    let ids: Vec<&str> = published
        .plans
        .values()
        .map(|plan| plan.plan_version_id.as_str())
        .collect();
    let cache = CatalogueCache::default();
    let asked = [ids[0], ids[1], ids[0]];
    for _ in 0..2 {
        let versions = database.read(|conn| cache.plan_versions(conn, &asked)).expect("found");
        assert_eq!(versions.len(), 2);
    }
    let plus = &published.plans["plus"];
    let version = database
        .read(|conn| cache.plan_version(conn, &plus.plan_version_id))
        .expect("found");
    assert_eq!(
        (&version.plan_id, version.number, version.plan.key.as_str()),
        (&plus.plan_id, 1, "plus")
    );
    let unknown = IdKind::PlanVersion.generate();
    let missing = database.read(|conn| cache.plan_version(conn, &unknown));
    assert!(matches!(missing, Err(AppError::Internal(_))));
}
