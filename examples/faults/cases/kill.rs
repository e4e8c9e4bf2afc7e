//! `kill -9` of the server at random moments while customers write.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use vertragswerk::db::Backend;

use super::client::{Client, Fault};
use super::commands::{Commands, Kind, Sent, customers, effects};
use super::ground::{Ground, PATIENCE, PROVIDER, events_by_type};
use super::process::Program;

/// Who writes at the same time.
const WRITERS: usize = 6;
/// Customers they share, so that commands also meet on one customer.
const CUSTOMERS: usize = 9;
/// Rounds on one database; what was acknowledged is asked for again at the end of them.
const ROUNDS_AT_ONCE: u32 = 20;
/// A kill comes after a number of answers, so that it meets a slow machine in the middle of its work as well as a fast one, and
/// up to so many microseconds later.
const MICROSECONDS: u64 = 8_000;

/// What the writers of a round and the one who kills know of each other.
#[derive(Default)]
pub struct Scene {
    /// Answers so far.
    pub answers: AtomicU64,
    /// Whether the server's end is near.
    pub killed: AtomicBool,
}

impl Scene {
    /// Waits for a moment that is drawn.
    pub fn wait(&self, random: &mut StdRng, answers: u64) {
        let (answers, later) = (random.random_range(0..=answers), random.random_range(0..=MICROSECONDS));
        let began = Instant::now();
        while self.answers.load(Ordering::SeqCst) < answers && began.elapsed() < PATIENCE {
            thread::sleep(Duration::from_micros(200));
        }
        thread::sleep(Duration::from_micros(later));
        self.killed.store(true, Ordering::SeqCst);
    }
}

/// Kills the server `rounds` times, each after at most `answers` answers, and says how many commands were acknowledged, how many were not.
pub fn under_writes(
    program: &Program,
    backend: Backend,
    rounds: u32,
    seed: u64,
    answers: u64,
) -> Result<String, Fault> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut all = Told::default();
    let mut left = rounds;
    while left > 0 {
        let Some(ground) = Ground::new(program, backend) else {
            return Ok("no such database on this machine".to_owned());
        };
        series(&ground, (left.min(ROUNDS_AT_ONCE), answers), &mut random, &mut all)
            .map_err(|error| format!("with {left} rounds to go: {error}"))?;
        left -= left.min(ROUNDS_AT_ONCE);
    }
    Ok(all.to_string())
}

/// What became of the commands.
#[derive(Default)]
pub struct Told {
    acknowledged: usize,
    refused: usize,
    open: usize,
    /// Unanswered, but done.
    pub happened: usize,
}

impl std::fmt::Display for Told {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            acknowledged,
            refused,
            open,
            happened,
        } = self;
        write!(
            formatter,
            "{acknowledged} commands acknowledged and found again, {refused} refused; {open} unanswered, of which {happened} had \
             happened, each once"
        )
    }
}

fn series(ground: &Ground, (rounds, answers): (u32, u64), random: &mut StdRng, told: &mut Told) -> Result<(), Fault> {
    let mut server = ground.server()?;
    let customers = customers(&mut ground.staff(&server)?, "kill", CUSTOMERS)?;
    let before = events_by_type(&ground.state)?;
    let mut all: Vec<Sent> = Vec::new();
    for round in 0..rounds {
        let scene = Scene::default();
        let streams: Vec<Commands> = (0..WRITERS)
            .map(|writer| Commands::new(random.random(), &format!("r{round}w{writer}"), &customers))
            .collect();
        let address = server.address;
        let token = ground.token(PROVIDER);
        let sent = thread::scope(|scope| {
            let scene = &scene;
            let writers: Vec<_> = streams
                .into_iter()
                .map(|stream| scope.spawn(move || write(address, token, stream, scene)))
                .collect();
            scene.wait(random, answers);
            server.kill()?;
            let mut sent = Vec::new();
            for writer in writers {
                sent.extend(writer.join().map_err(|_| "a writer panicked")??);
            }
            Ok::<_, Fault>(sent)
        })?;
        server = ground.server()?;
        let mut client = ground.staff(&server)?;
        let sent = sent
            .into_iter()
            .map(|one| settle(&mut client, one, told))
            .collect::<Result<Vec<Sent>, Fault>>();
        all.extend(sent.map_err(|error| format!("round {round}: {error}"))?);
        happened_once(ground, &before, &all).map_err(|error| format!("round {round}: {error}"))?;
        ground.is_sound().map_err(|error| format!("round {round}: {error}"))?;
    }
    let mut client = ground.staff(&server)?;
    for one in &all {
        is_replayed(&mut client, one).map_err(|error| format!("after all rounds: {error}"))?;
    }
    Ok(())
}

/// Writes until the server is gone; the last command may be without an answer.
pub fn write(address: SocketAddr, token: &str, mut stream: Commands, scene: &Scene) -> Result<Vec<Sent>, Fault> {
    let mut sent = Vec::new();
    let Ok(mut client) = Client::connect(address, token) else {
        return gone(scene, sent, "the server refuses a connection");
    };
    loop {
        let mut next = stream.draw();
        match next.send(&mut client) {
            Ok(answer) => {
                if !answer.succeeded() && !matches!(answer.status, 409 | 422) {
                    return Err(format!("{} {} {}: {}", next.method, next.path, next.body, answer.told()).into());
                }
                scene.answers.fetch_add(1, Ordering::SeqCst);
                stream.learn(&next, &answer);
                next.answer = Some(answer);
                sent.push(next);
            }
            Err(error) => {
                sent.push(next);
                return gone(scene, sent, &error.to_string());
            }
        }
    }
}

fn gone(scene: &Scene, sent: Vec<Sent>, error: &str) -> Result<Vec<Sent>, Fault> {
    if scene.killed.load(Ordering::SeqCst) {
        Ok(sent)
    } else {
        Err(format!("nobody killed it, but: {error}").into())
    }
}

/// What was acknowledged is there and is answered the same way again; what was not is carried out now, or was already.
pub fn settle(client: &mut Client, mut sent: Sent, told: &mut Told) -> Result<Sent, Fault> {
    if let Some(answer) = &sent.answer {
        told.acknowledged += usize::from(answer.succeeded());
        told.refused += usize::from(!answer.succeeded());
    } else {
        let answer = sent.send(client)?;
        if !answer.succeeded() && !matches!(answer.status, 409 | 422) {
            return Err(format!("repeated {}: {}", sent.path, answer.told()).into());
        }
        told.open += 1;
        told.happened += usize::from(answer.replayed);
        sent.answer = Some(answer);
    }
    is_replayed(client, &sent)?;
    can_be_read(client, &sent)?;
    Ok(sent)
}

/// The same key gets the same answer, byte by byte. Refusals changed nothing and are not stored.
pub fn is_replayed(client: &mut Client, sent: &Sent) -> Result<(), Fault> {
    let Some(first) = sent.answer.as_ref().filter(|answer| answer.succeeded()) else {
        return Ok(());
    };
    let again = sent.send(client)?;
    if again.replayed && (again.status, &again.body, &again.location) == (first.status, &first.body, &first.location) {
        return Ok(());
    }
    let told = (first.told(), again.told());
    Err(format!(
        "{} {} is lost: answered {} and then {}",
        sent.path, sent.key, told.0, told.1
    )
    .into())
}

/// What a command made can be read.
pub fn can_be_read(client: &mut Client, sent: &Sent) -> Result<(), Fault> {
    let Some(answer) = sent.answer.as_ref().filter(|answer| answer.status == 201) else {
        return Ok(());
    };
    let Some(location) = &answer.location else {
        return Ok(());
    };
    let read = client.send("GET", location, None, "")?;
    if read.status != 200 || (sent.kind != Kind::Order && read.json()["id"] != answer.json()["id"]) {
        return Err(format!("{location} was acknowledged and is gone: {}", read.told()).into());
    }
    Ok(())
}

/// Each command that succeeded left its event, and no event came from anywhere else.
pub fn happened_once(ground: &Ground, before: &BTreeMap<String, i64>, sent: &[Sent]) -> Result<(), Fault> {
    let after = events_by_type(&ground.state)?;
    let mut expected = effects(sent);
    // A cart of one contract concludes it.
    let orders = expected.get("order.confirmed").copied().unwrap_or(0);
    *expected.entry("subscription.created").or_default() += orders;
    let of = |events: &BTreeMap<String, i64>, name: &str| events.get(name).copied().unwrap_or(0);
    for (event_type, count) in expected {
        let found = of(&after, event_type) - of(before, event_type);
        if found != count {
            return Err(
                format!("{count} commands succeeded that each leave {event_type}, but there are {found}").into(),
            );
        }
    }
    Ok(())
}
