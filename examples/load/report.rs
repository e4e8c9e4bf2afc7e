//! The figures of a run, as a table and as JSON.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use super::billing::{self, Run};
use super::measure::Timing;

/// Operations that are reads: their floor is the first, that of commands the second.
const READS: [&str; 3] = ["read one", "list", "preview"];

/// Everything measured in one run.
pub struct Report {
    /// Over HTTP.
    pub operations: Vec<Timing>,
    /// Reading one contract and concluding one, without a server.
    pub floors: Vec<Timing>,
    /// Memory of the server after the load, in megabytes.
    pub memory_mb: u64,
    /// The billing run.
    pub billing: Option<Run>,
}

impl Report {
    /// The floor's throughput for an operation; a mix has none.
    fn floor_of(&self, name: &str) -> Option<&Timing> {
        match name {
            name if name.starts_with("mix") => None,
            name if READS.contains(&name) => self.floors.first(),
            _ => self.floors.get(1),
        }
    }

    /// Per cent of the floor's throughput that the operation reaches.
    fn per_cent_of_floor(&self, timing: &Timing) -> Option<u64> {
        let floor = self.floor_of(&timing.name)?;
        Some(timing.per_second * 100 / floor.per_second.max(1))
    }

    /// Tables in Markdown.
    pub fn as_table(&self) -> String {
        let mut text = String::from(
            "| operation | p50 ms | p95 ms | p99 ms | per second, 8 at a time | of the floor | CPU µs server | CPU µs database |\n\
             |---|---|---|---|---|---|---|---|\n",
        );
        for timing in self.operations.iter().chain(&self.floors) {
            let share = self
                .per_cent_of_floor(timing)
                .filter(|_| !timing.name.starts_with("floor"));
            let share = share.map_or_else(|| "–".to_owned(), |share| format!("{share} %"));
            // Writing to a text cannot fail.
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {share} | {} | {} |",
                timing.name,
                milliseconds(timing.p50),
                milliseconds(timing.p95),
                milliseconds(timing.p99),
                timing.per_second,
                timing.server_us,
                timing.database_us
            );
        }
        let _ = writeln!(text, "\nMemory of the server after the load: {} MB.", self.memory_mb);
        if let Some(run) = &self.billing {
            let _ = writeln!(
                text,
                "\nBilling run: {} customers with 3 lines each in {} ms, numbering their events {} ms, a turn with nothing due \
                 {} ms; most memory of the process {}.",
                run.customers,
                milliseconds(run.took),
                milliseconds(run.numbering),
                milliseconds(run.idle),
                billing::peak_memory()
            );
        }
        text
    }

    /// The same for programs.
    pub fn as_json(&self) -> String {
        let timing = |timing: &Timing| {
            json!({
                "name": timing.name,
                "p50_us": micros(timing.p50),
                "p95_us": micros(timing.p95),
                "p99_us": micros(timing.p99),
                "per_second": timing.per_second,
                "per_cent_of_floor": self.per_cent_of_floor(timing),
                "server_us": timing.server_us,
                "database_us": timing.database_us,
            })
        };
        let run = |run: &Run| {
            json!({
                "customers": run.customers,
                "took_us": micros(run.took),
                "numbering_us": micros(run.numbering),
                "idle_us": micros(run.idle),
                "most_memory": billing::peak_memory(),
            })
        };
        let told: Value = json!({
            "operations": self.operations.iter().map(timing).collect::<Vec<_>>(),
            "floors": self.floors.iter().map(timing).collect::<Vec<_>>(),
            "memory_mb": self.memory_mb,
            "billing": self.billing.as_ref().map(run),
        });
        format!("{told:#}")
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn milliseconds(duration: Duration) -> String {
    let micros = micros(duration);
    format!("{}.{:02}", micros / 1_000, micros % 1_000 / 10)
}
