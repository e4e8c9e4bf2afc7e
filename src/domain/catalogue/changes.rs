//! What a new catalogue changes against the published one, and what it must not change.

use super::{Catalogue, Fault, fault::Faults, plan_content_hash};

/// The plans that differ between two catalogues, by key, in catalogue order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Plans that are new.
    pub added: Vec<String>,
    /// Plans that need a new version. Contracts keep the version under which they were concluded.
    pub changed: Vec<String>,
    /// Plans that are gone. Contracts about them go on.
    pub removed: Vec<String>,
}

/// Which plans differ between the published catalogue and a new one.
pub fn changes_between(old: &Catalogue, new: &Catalogue) -> Changes {
    let mut changes = Changes::default();
    for plan in &new.plans {
        match old.plan(&plan.key) {
            None => changes.added.push(plan.key.clone()),
            Some(before) if plan_content_hash(before) != plan_content_hash(plan) => {
                changes.changed.push(plan.key.clone())
            }
            Some(_) => {}
        }
    }
    changes.removed = old
        .plans
        .iter()
        .filter(|plan| new.plan(&plan.key).is_none())
        .map(|plan| plan.key.clone())
        .collect();
    changes
}

/// What a new catalogue must not change: the provider's slug, and the wording of a legal document without a new version,
/// because consents name the version.
pub fn check_succession(old: &Catalogue, new: &Catalogue) -> Vec<Fault> {
    let mut faults = Faults::default();
    if old.provider.slug != new.provider.slug {
        faults.add(
            "/provider/slug",
            "slug_changed",
            format!(
                "Der Kurzname „{}“ kann nach der Veröffentlichung nicht mehr geändert werden.",
                old.provider.slug
            ),
            format!("The slug `{}` cannot be changed once published.", old.provider.slug),
        );
    }
    for (index, document) in new.legal_documents.iter().enumerate() {
        let rewritten = old.legal_documents.iter().any(|before| {
            (&before.key, &before.version, before.language) == (&document.key, &document.version, document.language)
                && ((&before.text, &before.pdf) != (&document.text, &document.pdf)
                    || before.title != document.title
                    || before.kind != document.kind)
        });
        if rewritten {
            faults.add(
                format!("/legal_documents/{index}/version"),
                "document_version_reused",
                format!(
                    "Der Wortlaut ist geändert, die Version „{}“ aber schon veröffentlicht.",
                    document.version
                ),
                format!(
                    "The wording has changed, but version `{}` is already published.",
                    document.version
                ),
            );
        }
    }
    faults.into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalogue::parse::example;

    #[test]
    fn names_plans_that_are_new_changed_or_gone() {
        let old = example();
        assert_eq!(changes_between(&old, &old), Changes::default());
        let mut new = old.clone();
        new.plans[0].position += 1;
        new.plans[1].key = "fresh".to_owned();
        let changes = changes_between(&old, &new);
        assert_eq!(changes.added, ["fresh"]);
        assert_eq!(changes.changed, [old.plans[0].key.clone()]);
        assert_eq!(changes.removed, [old.plans[1].key.clone()]);
    }

    #[test]
    fn wording_changes_only_with_the_version() {
        let old = example();
        assert_eq!(check_succession(&old, &old), []);
        let mut new = old.clone();
        new.legal_documents[0].text.push('!');
        new.provider.slug = "other".to_owned();
        let found: Vec<_> = check_succession(&old, &new)
            .into_iter()
            .map(|fault| (fault.pointer, fault.code))
            .collect();
        assert_eq!(
            found,
            [
                ("/provider/slug".to_owned(), "slug_changed"),
                ("/legal_documents/0/version".to_owned(), "document_version_reused")
            ]
        );
        new.provider.slug = old.provider.slug.clone();
        new.legal_documents[0].version = "2".to_owned();
        assert_eq!(check_succession(&old, &new), []);
    }
}
