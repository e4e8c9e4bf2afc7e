//! What a contract's page says while something is pending, and which mails may still be sent.

use time::macros::date;

use super::fixture::World;
use crate::domain::email::{EmailKind, SkipReason, still_holds};
use crate::domain::localized::Locale;
use crate::domain::notices::notices;

fn told(world: &World, id: &str, locale: Locale) -> Vec<(String, &'static str)> {
    notices(world.subscription(id), &world.catalogue, world.today)
        .into_iter()
        .map(|notice| (notice.text.get(locale).to_owned(), notice.code))
        .collect()
}

/// Seed 001's banner, word for word but for the names.
#[test]
fn a_pending_plan_change_is_announced_with_its_dates() {
    let mut world = World::demo("video_consultation", date!(2021 - 03 - 15));
    let id = world.conclude_with("plus", 3);
    assert_eq!(told(&world, &id, Locale::De), []);
    let (change_id, _) = world.change(&id, "basis");
    assert_eq!(
        told(&world, &id, Locale::De),
        [(
            "Ihr aktueller Vertrag Sprechfenster plus wird zum 30.06.2021 gekündigt. Bis dahin können Sie Ihre bisherigen \
             Funktionen in vollem Umfang nutzen. Ab dem 01.07.2021 verwenden Sie Sprechfenster basis mit nur einem Benutzer."
                .to_owned(),
            "plan_change_pending"
        )]
    );
    let english = told(&world, &id, Locale::En);
    assert!(
        english[0].0.contains("30 June 2021") && english[0].0.contains("From 1 July 2021"),
        "{english:?}"
    );
    let notice = &notices(world.subscription(&id), &world.catalogue, world.today)[0];
    assert_eq!(
        (notice.change_id.as_deref(), notice.through_on),
        (Some(change_id.as_str()), date!(2021 - 06 - 30))
    );
    let codes: Vec<&str> = notice.consequences.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(
        codes,
        ["features_until_end", "extra_users_deleted", "appointments_void"]
    );
    let mut revoked = world.clone();
    revoked.revoke(&id, &change_id);
    assert_eq!(told(&revoked, &id, Locale::De), []);
    world.on(date!(2021 - 07 - 01));
    assert_eq!(told(&world, &id, Locale::De), []);
}

#[test]
fn a_cancellation_outdoes_the_plan_change_and_is_announced_until_the_end() {
    let mut world = World::demo("video_consultation", date!(2021 - 03 - 15));
    let id = world.conclude_with("plus", 3);
    world.change(&id, "basis");
    world.cancel(&id);
    let told_then = told(&world, &id, Locale::De);
    assert_eq!(told_then.len(), 1, "{told_then:?}");
    assert_eq!(told_then[0].1, "cancellation_pending");
    for part in [
        "Sprechfenster plus ist zum 30.06.2021 gekündigt",
        "Bis zum Ablauf des 30.06.2021 können Sie",
    ] {
        assert!(told_then[0].0.contains(part), "{part} is missing in {told_then:?}");
    }
    world.on(date!(2021 - 07 - 01));
    assert_eq!(told(&world, &id, Locale::De), []);
}

#[test]
fn a_notice_is_sent_only_while_it_is_true() {
    let mut world = World::demo("video_consultation", date!(2021 - 03 - 15));
    let id = world.conclude_with("plus", 3);
    let (change_id, _) = world.change(&id, "basis");
    let holds =
        |world: &World, kind, change: &str| still_holds(kind, Some(world.subscription(&id)), Some(change), world.today);
    let not_in_force = Err(SkipReason::PlanChangeNotInForce);
    assert_eq!(holds(&world, EmailKind::PlanChangeApplied, &change_id), not_in_force);
    assert_eq!(holds(&world, EmailKind::PlanChangeReceived, &change_id), Ok(()));
    world.on(date!(2021 - 07 - 01));
    assert_eq!(holds(&world, EmailKind::PlanChangeApplied, &change_id), Ok(()));
    assert_eq!(
        holds(&world, EmailKind::PlanChangeApplied, "pch_other"),
        Err(SkipReason::ObjectGone)
    );

    let cancellation = world.cancel(&id).change_id;
    let not_in_effect = Err(SkipReason::CancellationNotInEffect);
    assert_eq!(
        holds(&world, EmailKind::CancellationEffective, &cancellation),
        not_in_effect
    );
    let end = world.subscription(&id).ends_on.expect("an end");
    world.on(end);
    assert_eq!(
        holds(&world, EmailKind::CancellationEffective, &cancellation),
        not_in_effect
    );
    world.on(crate::domain::calendar::next_day(end));
    assert_eq!(holds(&world, EmailKind::CancellationEffective, &cancellation), Ok(()));
    assert_eq!(
        holds(&world, EmailKind::PlanChangeApplied, &change_id),
        not_in_force,
        "the contract has ended"
    );
}
