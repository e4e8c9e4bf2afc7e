//! What every case stands on: a database of its own, the program to be started on it, and the question whether it is sound.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use vertragswerk::clock::Clock;
use vertragswerk::db::schema::events;
use vertragswerk::db::{self, Backend, Database, DbConnection, DbError};
use vertragswerk::error::AppError;
use vertragswerk::services::verification;
use vertragswerk::state::AppState;

use super::client::{Client, Fault};
use super::process::{Program, Server};
use crate::helpers::TestDatabase;
use crate::helpers::demo::{self, ApiKeys};

/// The provider that most cases trade with: its businesses may do everything, withdraw included.
pub const PROVIDER: &str = "kontaktkiste";

/// How long is waited for anything that must happen at all.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The program as an operator would start it, with secrets of its own; it logs errors into a file of `folder`.
pub fn program(executable: PathBuf, folder: &Path) -> Result<Program, Fault> {
    let key = SigningKey::from_bytes(&[7; 32]).to_pkcs8_pem(LineEnding::LF);
    let key = key.map_err(|error| error.to_string())?.to_string();
    Ok(Program {
        executable,
        arguments: ["--log", "error"].map(str::to_owned).to_vec(),
        environment: vec![
            ("SIGNING_KEY".to_owned(), key),
            (
                "PREVIEW_SECRET".to_owned(),
                "of a server that is going to be killed".to_owned(),
            ),
        ],
        survives_file_size_limit: true,
        log: Some(folder.join("servers.log")),
    })
}

/// A database with the demo providers, nothing else using it, and the program to be run on it.
pub struct Ground {
    /// It as this process sees it, on the machine's clock.
    pub state: AppState,
    url: String,
    api_keys: ApiKeys,
    program: Program,
    /// Removed when dropped.
    _database: Option<TestDatabase>,
}

impl Ground {
    /// A fresh one; `None` where this machine has no such database.
    pub fn new(program: &Program, backend: Backend) -> Option<Self> {
        let database = match backend {
            Backend::Sqlite => Some(TestDatabase::sqlite_demo()),
            Backend::Postgres => TestDatabase::postgres_demo(),
        };
        database.map(|database| Self::on(program, database))
    }

    /// One on this database.
    pub fn on(program: &Program, database: TestDatabase) -> Self {
        Self {
            state: state_on(database.open(2), Clock::System),
            url: database.url().to_owned(),
            api_keys: database.api_keys().clone(),
            program: program.clone(),
            _database: Some(database),
        }
    }

    /// An empty database at this URL, to be filled.
    pub fn at(program: &Program, url: &str) -> Result<Self, Fault> {
        let database = Database::connect(url, 2)?;
        db::migrate(&database)?;
        Ok(Self {
            api_keys: demo::fill(database.clone()),
            state: state_on(database, Clock::System),
            url: url.to_owned(),
            program: program.clone(),
            _database: None,
        })
    }

    /// The API key of a provider.
    pub fn token(&self, provider: &str) -> &str {
        self.api_keys.get(provider).map_or("", String::as_str)
    }

    /// Starts the program and waits for nothing.
    pub fn spawn(&self) -> Result<Child, Fault> {
        self.program.spawn(&self.url)
    }

    /// Starts the program and waits until it listens.
    pub fn server(&self) -> Result<Server, Fault> {
        self.program.start(&self.url)
    }

    /// A program of the provider.
    pub fn staff(&self, server: &Server) -> Result<Client, Fault> {
        Client::connect(server.address, self.token(PROVIDER))
    }

    /// Every invariant of `vertragswerk verify` holds.
    pub fn is_sound(&self) -> Result<(), Fault> {
        is_sound(&self.state)
    }
}

/// What a process on this database shares.
pub fn state_on(database: Database, clock: Clock) -> AppState {
    let mut state = demo::state(database);
    state.clock = clock;
    state
}

/// Every invariant of `vertragswerk verify` holds.
pub fn is_sound(state: &AppState) -> Result<(), Fault> {
    let findings = verification::verify(state).map_err(told)?;
    match findings.offences() {
        [] => Ok(()),
        offences => Err(format!(
            "verify finds {} offences: {:#?}",
            offences.len(),
            &offences[..offences.len().min(5)]
        )
        .into()),
    }
}

/// How many events of each type there are.
pub fn events_by_type(state: &AppState) -> Result<BTreeMap<String, i64>, Fault> {
    let counted: Vec<(String, i64)> = state
        .db
        .read(|conn: &mut DbConnection| {
            Ok::<_, DbError>(
                events::table
                    .group_by(events::event_type)
                    .select((events::event_type, diesel::dsl::count_star()))
                    .load(conn)?,
            )
        })
        .map_err(|error| error.to_string())?;
    Ok(counted.into_iter().collect())
}

/// Waits until `done` says so.
pub fn wait_until(what: &str, mut done: impl FnMut() -> Result<bool, Fault>) -> Result<Duration, Fault> {
    let began = Instant::now();
    while !done()? {
        if began.elapsed() > PATIENCE {
            return Err(format!("{what}: not after {PATIENCE:?}").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(began.elapsed())
}

/// An error of a service, for the terminal.
pub fn told(error: AppError) -> Fault {
    format!("{error:?}").into()
}
