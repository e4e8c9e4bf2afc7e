//! Timing one operation: alone for the latency, eight at a time for the throughput.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::client::Fault;

/// How many work at a time for the throughput.
pub const CROWD: usize = 8;

/// What an operation took.
#[derive(Debug, Clone)]
pub struct Timing {
    /// What was done.
    pub name: String,
    /// Half of all operations took no longer, one at a time.
    pub p50: Duration,
    /// 95 of 100 took no longer.
    pub p95: Duration,
    /// 99 of 100 took no longer.
    pub p99: Duration,
    /// Operations per second, eight at a time.
    pub per_second: u64,
    /// Microseconds of processor time of the server per operation.
    pub server_us: u64,
    /// Microseconds of processor time of PostgreSQL per operation.
    pub database_us: u64,
}

/// Milliseconds of processor time used so far by server and database.
pub type ProcessorTime<'a> = &'a (dyn Fn() -> (u64, u64) + Sync);

/// Runs `count` operations one after the other and then as many in a crowd. `worker` makes what one worker needs; `operate` gets
/// it and a number that no other operation gets.
pub fn measure<W>(
    name: &str,
    count: usize,
    used: ProcessorTime<'_>,
    worker: impl Fn() -> Result<W, Fault> + Sync,
    operate: impl Fn(&mut W, usize) -> Result<(), Fault> + Sync,
) -> Result<Timing, Fault> {
    let next = AtomicUsize::new(0);
    let mut alone = worker()?;
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        operate(&mut alone, number)?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    let limit = next.load(Ordering::Relaxed) + count;
    let before = used();
    let began = Instant::now();
    thread::scope(|scope| {
        let crowd: Vec<_> = (0..CROWD)
            .map(|_| {
                scope.spawn(|| -> Result<(), Fault> {
                    let mut one = worker()?;
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= limit {
                            return Ok(());
                        }
                        operate(&mut one, number)?;
                    }
                })
            })
            .collect();
        for one in crowd {
            one.join().map_err(|_| "a worker panicked")??;
        }
        Ok::<_, Fault>(())
    })?;
    let elapsed = began.elapsed();
    let after = used();
    let done = count as u64;
    let of_hundred = |percent: usize| {
        took.get(count * percent / 100)
            .or(took.last())
            .copied()
            .unwrap_or_default()
    };
    Ok(Timing {
        name: name.to_owned(),
        p50: of_hundred(50),
        p95: of_hundred(95),
        p99: of_hundred(99),
        per_second: u64::try_from(u128::from(done) * 1_000_000 / elapsed.as_micros().max(1))?,
        server_us: (after.0 - before.0) * 1_000 / done.max(1),
        database_us: (after.1 - before.1) * 1_000 / done.max(1),
    })
}
