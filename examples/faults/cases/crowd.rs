//! 64 equal commands at once, for each command of the API: under one key there is one effect and one answer; under keys of their
//! own what can happen only once happens once.

use std::sync::Barrier;
use std::thread;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::Value;
use vertragswerk::api::openapi::document;
use vertragswerk::db::{Backend, DbConnection, DbError};

use super::client::{Answer, Client, Fault};
use super::ground::{Ground, events_by_type};
use super::process::Program;
use super::scenes::{SCENES, Scene};
use super::world::World;

/// How many there are at once.
const CROWD: usize = 64;

/// What tells how often a command happened.
#[derive(Debug, Clone, Copy)]
pub enum Effect {
    /// Events of a type.
    Event(&'static str),
    /// Rows of a table.
    Row(&'static str),
    /// Nothing that could be counted: done twice it is the same.
    Uncounted,
}

/// What comes of 64 commands with keys of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// One happens; the others are refused, or told of the one.
    Once,
    /// Each happens.
    Each,
    /// None can happen.
    Never,
}

/// A command, ready to be sent.
pub struct Prepared {
    /// Who sends it: an API key, or nothing for what needs no login.
    pub token: String,
    /// HTTP method.
    pub method: &'static str,
    /// Path.
    pub path: String,
    /// Body; `null` for none.
    pub body: Value,
}

/// Sends crowds of every command, in an order that is drawn, `rounds` times; `at_most` limits how many commands are tried.
pub fn of_each_command(
    program: &Program,
    backend: Backend,
    rounds: u32,
    seed: u64,
    at_most: usize,
) -> Result<String, Fault> {
    is_complete()?;
    let mut random = StdRng::seed_from_u64(seed);
    let (mut crowds, mut commands, mut wrong) = (0, 0, Vec::new());
    for _ in 0..rounds {
        let Some(ground) = Ground::new(program, backend) else {
            return Ok("no such database on this machine".to_owned());
        };
        let server = ground.server()?;
        let mut world = World::new(&ground, server.address);
        let mut order: Vec<&Scene> = SCENES.iter().collect();
        order.shuffle(&mut random);
        for scene in order.into_iter().take(at_most) {
            let ways: &[bool] = if scene.keyed { &[true, false] } else { &[false] };
            for same_key in ways {
                let way = if *same_key {
                    "with one key"
                } else {
                    "with keys of their own"
                };
                let outcome =
                    (scene.prepare)(&mut world).and_then(|prepared| one(&ground, &world, scene, &prepared, *same_key));
                if let Err(error) = outcome {
                    wrong.push(format!("{CROWD} × {} {way}: {error}", scene.operation));
                }
                crowds += 1;
            }
            commands += 1;
        }
        ground.is_sound()?;
    }
    Ok(format!(
        "{commands} commands, {crowds} crowds of {CROWD}: one effect and equal answers under one key"
    ))
}

/// Every operation that takes a key has its scene.
fn is_complete() -> Result<(), Fault> {
    let paths = document()["paths"].as_object().ok_or("no paths")?;
    let operations = paths
        .values()
        .filter_map(Value::as_object)
        .flat_map(|item| item.values());
    for operation in operations.filter(|one| one["parameters"].to_string().contains("Idempotency-Key")) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        if !SCENES.iter().any(|scene| scene.operation == id) {
            return Err(format!("{id} takes a key, but nobody tries a crowd of it").into());
        }
    }
    Ok(())
}

fn one(ground: &Ground, world: &World, scene: &Scene, prepared: &Prepared, same_key: bool) -> Result<(), Fault> {
    let before = count(ground, scene.effect)?;
    let answers = crowd(world, scene, prepared, same_key)?;
    let happened = count(ground, scene.effect)? - before;
    if let Some(wrong) = answers
        .iter()
        .find(|one| !one.succeeded() && !matches!(one.status, 404 | 409 | 422))
    {
        return Err(wrong.told().into());
    }
    let done: Vec<&Answer> = answers.iter().filter(|answer| answer.succeeded()).collect();
    let first = done.first();
    let equal = |other: &&Answer| first.is_some_and(|first| first.status == other.status && first.body == other.body);
    let expected: i64 = match scene.times {
        Times::Never => 0,
        Times::Each if !same_key => i64::try_from(CROWD)?,
        Times::Once | Times::Each => 1,
    };
    let told = || {
        format!(
            "{} succeeded, {happened} effects; the first: {}",
            done.len(),
            answers[0].told()
        )
    };
    if !matches!(scene.effect, Effect::Uncounted) && happened != expected {
        return Err(told().into());
    }
    let right = match scene.times {
        Times::Never => done.is_empty(),
        _ if same_key => {
            done.len() == CROWD && done.iter().all(equal) && done.iter().filter(|one| one.replayed).count() == CROWD - 1
        }
        Times::Each => done.len() == CROWD && done.iter().all(|answer| !answer.replayed),
        // Who is told of the one that happened is told of the same one.
        Times::Once => !done.is_empty() && done.iter().all(|one| one.json()["id"] == done[0].json()["id"]),
    };
    if right { Ok(()) } else { Err(told().into()) }
}

fn crowd(world: &World, scene: &Scene, prepared: &Prepared, same_key: bool) -> Result<Vec<Answer>, Fault> {
    let start = Barrier::new(CROWD);
    let body = if prepared.body.is_null() {
        String::new()
    } else {
        prepared.body.to_string()
    };
    let (start, body, number) = (&start, body.as_str(), world.number());
    thread::scope(|scope| {
        let all: Vec<_> = (0..CROWD)
            .map(|place| {
                scope.spawn(move || {
                    let client = Client::connect(world.address, &prepared.token);
                    start.wait();
                    let own = if same_key { 0 } else { place };
                    let key = format!("crowd-{number}-{own}");
                    let key = scene.keyed.then_some(key.as_str());
                    client?.send(prepared.method, &prepared.path, key, body)
                })
            })
            .collect();
        let answers = all.into_iter().map(|one| one.join().map_err(|_| "a client panicked")?);
        answers.collect()
    })
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(ground: &Ground, effect: Effect) -> Result<i64, Fault> {
    match effect {
        Effect::Uncounted => Ok(0),
        Effect::Event(name) => Ok(events_by_type(&ground.state)?.get(name).copied().unwrap_or(0)),
        Effect::Row(table) => {
            let counted = ground.state.db.read(|conn: &mut DbConnection| {
                let query = diesel::sql_query(format!("SELECT COUNT(*) AS count FROM {table}"));
                Ok::<_, DbError>(query.get_result::<Counted>(conn)?)
            });
            Ok(counted.map_err(|error| error.to_string())?.count)
        }
    }
}
