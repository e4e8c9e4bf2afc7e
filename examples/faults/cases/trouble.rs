//! Customers who write on while their database is in trouble: whoever is not served is told to come back, and when the trouble is
//! over the same server serves again, with nothing lost that it had acknowledged.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Client, Fault};
use super::commands::{Commands, Sent, customers};
use super::ground::{Ground, PROVIDER, events_by_type, wait_until};
use super::kill::{Told, happened_once, settle};
use super::process::Server;

/// Who writes at the same time.
const WRITERS: u64 = 4;

/// A trouble: how it begins, how long it lasts, how it ends.
pub struct Trouble<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Brings it about.
    pub begin: &'a dyn Fn() -> Result<(), Fault>,
    /// How long it lasts at least.
    pub lasts: Duration,
    /// Whether it must be noticed: it goes on until somebody was told to come back.
    pub noticed: bool,
    /// Ends it.
    pub end: &'a dyn Fn() -> Result<(), Fault>,
    /// How soon after that the server must serve again.
    pub within: Duration,
}

/// What was seen.
#[derive(Default)]
pub struct Seen {
    /// Commands.
    pub told: Told,
    /// How often somebody was told to come back.
    pub turned_away: u64,
    /// The longest time from the end of a trouble to the next success.
    pub slowest: Duration,
}

impl std::fmt::Display for Seen {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (told, turned_away) = (&self.told, self.turned_away);
        let slowest = self.slowest.as_millis();
        write!(
            formatter,
            "{told}; {turned_away} × 503 with Retry-After; served again after {slowest} ms at most"
        )
    }
}

/// What the writers and the one who makes trouble know of each other.
#[derive(Default)]
struct Stage {
    over: AtomicBool,
    answers: AtomicU64,
    turned_away: AtomicU64,
}

/// Lets customers write through a trouble. `seed` must never repeat on a database.
pub fn endure(
    ground: &Ground,
    server: &Server,
    seed: u64,
    trouble: &Trouble<'_>,
    seen: &mut Seen,
) -> Result<(), Fault> {
    let customers = customers(&mut ground.staff(server)?, &format!("{}-{seed}", trouble.name), 4)?;
    let before = events_by_type(&ground.state)?;
    let stage = Stage::default();
    let (address, token) = (server.address, ground.token(PROVIDER));
    let sent = thread::scope(|scope| {
        let stage = &stage;
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let prefix = format!("{}-{seed}-{writer}", trouble.name);
                let stream = Commands::new(seed.wrapping_add(writer), &prefix, &customers);
                scope.spawn(move || {
                    let sent = write(address, token, stream, stage);
                    // Whoever cannot go on ends it for all.
                    stage
                        .over
                        .store(sent.is_err() || stage.over.load(Ordering::SeqCst), Ordering::SeqCst);
                    sent
                })
            })
            .collect();
        let played = play(ground, server, trouble, stage, seen);
        stage.over.store(true, Ordering::SeqCst);
        let mut sent = Vec::new();
        for writer in writers {
            sent.extend(writer.join().map_err(|_| "a writer panicked")??);
        }
        played.map(|()| sent)
    })
    .map_err(|error| format!("{}: {error}", trouble.name))?;
    seen.turned_away += stage.turned_away.load(Ordering::SeqCst);
    let mut client = ground.staff(server)?;
    let sent = sent
        .into_iter()
        .map(|one| settle(&mut client, one, &mut seen.told))
        .collect::<Result<Vec<Sent>, Fault>>()
        .map_err(|error| format!("{}: {error}", trouble.name))?;
    happened_once(ground, &before, &sent).map_err(|error| format!("{}: {error}", trouble.name))?;
    ground.is_sound()
}

fn play(ground: &Ground, server: &Server, trouble: &Trouble<'_>, stage: &Stage, seen: &mut Seen) -> Result<(), Fault> {
    let of = |count: &AtomicU64| count.load(Ordering::SeqCst);
    let over = || stage.over.load(Ordering::SeqCst);
    wait_until("the first answers", || Ok(of(&stage.answers) >= 8 || over()))?;
    (trouble.begin)()?;
    let began = Instant::now();
    let waited = wait_until("being turned away", || {
        let noticed = of(&stage.turned_away) > 0 || !trouble.noticed;
        Ok((noticed && began.elapsed() >= trouble.lasts) || over())
    });
    (trouble.end)()?;
    waited?;
    let back = Instant::now();
    while !serves(ground, server) {
        if back.elapsed() > trouble.within {
            return Err(format!("not served again within {:?}", trouble.within).into());
        }
        thread::sleep(Duration::from_millis(20));
    }
    seen.slowest = seen.slowest.max(back.elapsed());
    let so_far = of(&stage.answers);
    wait_until("answers afterwards", || Ok(of(&stage.answers) > so_far + 4 || over()))?;
    Ok(())
}

/// Whether the server is ready and carries out a command.
fn serves(ground: &Ground, server: &Server) -> bool {
    let tried = || -> Result<bool, Fault> {
        let mut client = ground.staff(server)?;
        let body = r#"{"customer_type":"business","name":"Wieder da","email":"post@example.com"}"#;
        Ok(client.send("GET", "/readyz", None, "")?.status == 200
            && client.send("POST", "/v1/customers", None, body)?.status == 201)
    };
    tried().unwrap_or(false)
}

/// Writes until it is over. Every request is answered: carried out, refused, or put off with a problem and `Retry-After`.
fn write(address: SocketAddr, token: &str, mut stream: Commands, stage: &Stage) -> Result<Vec<Sent>, Fault> {
    let mut sent = Vec::new();
    let mut client = Client::connect(address, token)?;
    while !stage.over.load(Ordering::SeqCst) {
        let mut next = stream.draw();
        let answer = next.send(&mut client)?;
        if answer.closes {
            client = Client::connect(address, token)?;
        }
        match answer.status {
            200..300 | 409 | 422 => {
                stage.answers.fetch_add(1, Ordering::SeqCst);
                stream.learn(&next, &answer);
                next.answer = Some(answer);
            }
            503 if answer.retry_after.is_some()
                && answer.content_type.as_deref() == Some("application/problem+json") =>
            {
                stage.turned_away.fetch_add(1, Ordering::SeqCst);
            }
            _ => return Err(format!("{} {}: {}", next.method, next.path, answer.told()).into()),
        }
        sent.push(next);
    }
    Ok(sent)
}
