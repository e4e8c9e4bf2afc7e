//! SIGTERM under load: what is under way is answered, then the process ends.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::RwLock;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use vertragswerk::db::Backend;

use super::client::{Client, Fault};
use super::commands::{Commands, Sent, customers};
use super::ground::{Ground, PATIENCE, PROVIDER};
use super::kill::{Told, settle};
use super::process::Program;

/// Who writes at the same time.
const WRITERS: usize = 6;
/// How long the process may take to end.
const LONGEST: Duration = Duration::from_secs(10);

/// Stops a server `rounds` times while customers write; in every fifth round `with_idlers` adds a client that never finishes its
/// request and must not hold up the end.
pub fn under_load(
    program: &Program,
    backend: Backend,
    rounds: u32,
    seed: u64,
    with_idlers: bool,
) -> Result<String, Fault> {
    let Some(ground) = Ground::new(program, backend) else {
        return Ok("no such database on this machine".to_owned());
    };
    let mut random = StdRng::seed_from_u64(seed);
    let mut server = ground.server()?;
    let customers = customers(&mut ground.staff(&server)?, "stop", 6)?;
    let (mut told, mut slowest) = (Told::default(), Duration::ZERO);
    for round in 0..rounds {
        let (asked, answers) = (RwLock::new(false), AtomicU64::new(0));
        let least = random.random_range(10..=30);
        let streams: Vec<Commands> = (0..WRITERS)
            .map(|writer| Commands::new(random.random(), &format!("stop{round}w{writer}"), &customers))
            .collect();
        let (address, token) = (server.address, ground.token(PROVIDER));
        // Kept open until the server has ended.
        let _idler = match with_idlers && round % 5 == 0 {
            true => Some(idler(address)?),
            false => None,
        };
        let sent = thread::scope(|scope| {
            let (asked, answers) = (&asked, &answers);
            let writers: Vec<_> = streams
                .into_iter()
                .map(|stream| scope.spawn(move || write(Client::connect(address, token)?, stream, (asked, answers))))
                .collect();
            let began = Instant::now();
            while answers.load(Ordering::SeqCst) < least && began.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(1));
            }
            *asked.write() = true;
            server.ask_to_stop()?;
            let (status, took) = server.ended(PATIENCE)?;
            slowest = slowest.max(took);
            if !status.success() || took > LONGEST {
                return Err(format!("ended with {status} after {took:?}").into());
            }
            let mut sent = Vec::new();
            for writer in writers {
                sent.extend(writer.join().map_err(|_| "a writer panicked")??);
            }
            Ok::<_, Fault>(sent)
        });
        let sent = sent.map_err(|error| format!("round {round}: {error}"))?;
        server = ground.server()?;
        let mut client = ground.staff(&server)?;
        for one in sent {
            settle(&mut client, one, &mut told).map_err(|error| format!("round {round}: {error}"))?;
        }
        ground.is_sound()?;
        if told.happened > 0 {
            return Err(format!("round {round}: a command was carried out and not answered").into());
        }
    }
    Ok(format!("{told}; ended after {} ms at most", slowest.as_millis()))
}

/// A client that begins a request and never finishes it.
fn idler(address: SocketAddr) -> Result<TcpStream, Fault> {
    let mut idler = TcpStream::connect(address)?;
    idler.write_all(b"POST /v1/customers HTTP/1.1\r\nHost: x\r\n")?;
    Ok(idler)
}

/// Writes until the server says that it closes the connection, or has closed it. Who asks it to stop waits for the requests that
/// are being sent, so whatever was sent before is under way then and must be answered; what is sent later may meet a closed
/// connection, and has then not happened.
fn write(
    mut client: Client,
    mut stream: Commands,
    (asked, answers): (&RwLock<bool>, &AtomicU64),
) -> Result<Vec<Sent>, Fault> {
    let mut sent = Vec::new();
    loop {
        let mut next = stream.draw();
        let (under_way, asking) = {
            let asked = asked.read();
            (
                !*asked,
                client.ask(next.method, &next.path, Some(&next.key), &next.body),
            )
        };
        match asking.and_then(|()| client.answer()) {
            Ok(answer) if answer.succeeded() || matches!(answer.status, 409 | 422) => {
                answers.fetch_add(1, Ordering::SeqCst);
                stream.learn(&next, &answer);
                let closes = answer.closes;
                next.answer = Some(answer);
                sent.push(next);
                if closes {
                    return Ok(sent);
                }
            }
            Ok(answer) => return Err(format!("{} {}: {}", next.method, next.path, answer.told()).into()),
            Err(error) if under_way => return Err(format!("under way and not answered: {error}").into()),
            Err(_) => {
                sent.push(next);
                return Ok(sent);
            }
        }
    }
}
