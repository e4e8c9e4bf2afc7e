//! What processes have used: processor time and memory.

/// Kernel clock ticks of a second.
const TICKS: u64 = 100;

/// Processor time of a process so far, in milliseconds.
pub fn cpu_ms(pid: u32) -> u64 {
    stat(&pid.to_string()).map_or(0, |stat| stat.own_ms)
}

/// Memory of a process, in megabytes.
pub fn memory_mb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

/// Processor time of all PostgreSQL processes so far, those that have ended included, in milliseconds.
pub fn postgres_cpu_ms() -> u64 {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return 0;
    };
    let stats = entries
        .flatten()
        .filter_map(|entry| stat(entry.file_name().to_str()?))
        .filter(|stat| stat.name == "postgres");
    stats.map(|stat| stat.own_ms + stat.children_ms).sum()
}

struct Stat {
    name: String,
    own_ms: u64,
    children_ms: u64,
}

fn stat(pid: &str) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (name, rest) = text.split_once('(')?.1.rsplit_once(')')?;
    // Fields 14 to 17 of proc(5), of which 3 is the first after the name.
    let fields: Vec<u64> = rest
        .split_whitespace()
        .skip(11)
        .take(4)
        .map_while(|field| field.parse().ok())
        .collect();
    let [user, system, child_user, child_system] = fields[..] else {
        return None;
    };
    Some(Stat {
        name: name.to_owned(),
        own_ms: (user + system) * 1_000 / TICKS,
        children_ms: (child_user + child_system) * 1_000 / TICKS,
    })
}
