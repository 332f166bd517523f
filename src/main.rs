//! The command line. Standard output has only a command's result (for `serve`, the address); logs go to standard error.

#[cfg(feature = "dev")]
#[path = "main/dev.rs"]
mod commands;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use openhexa_bridge::app::keys::KeyOrder;
use openhexa_bridge::app::remote::{self, Backfill, Output};
use openhexa_bridge::app::signals::stop_signal;
use openhexa_bridge::app::{self, Databases, Start, StartError, Summary};
use openhexa_bridge::clock::Clock;
use openhexa_bridge::domain::principal::Role;
use openhexa_bridge::http;
use openhexa_bridge::settings::{self, LogFormat, Settings, Sources};
use openhexa_bridge::store::Undecryptable;
use openhexa_bridge::telemetry;

/// Connects Iaso to OpenHEXA: lists pipelines, launches them with validated parameters, and follows each run as a task.
#[derive(Parser)]
#[command(version, about)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the bridge.
    Serve(ConfigArgs),
    /// Check the settings and report errors and warnings, without starting the bridge.
    CheckConfig {
        /// Also connect to the database: check that it can be used, that the encryption keys decrypt the stored data and, if
        /// the address is open to the network, that there is an active API key.
        #[arg(long)]
        database: bool,
        #[command(flatten)]
        given: ConfigArgs,
    },
    /// Print every setting with its default and description, as Markdown.
    Settings,
    /// Create, list and revoke API keys.
    Keys(KeysArgs),
    /// Create or upgrade the database tables, then exit.
    Migrate(ConfigArgs),
    /// Re-encrypt all stored data with `secrets.encryption_key`. The previous keys can be removed afterwards.
    Reencrypt {
        /// Delete the data that no key decrypts, because its key is lost. The configuration must be set again.
        #[arg(long)]
        discard: bool,
        #[command(flatten)]
        given: ConfigArgs,
    },
    /// Copy everything from one database to another, empty one: from SQLite to PostgreSQL or back. Stop the bridge first.
    CopyDatabase {
        #[command(flatten)]
        databases: Databases,
        #[command(flatten)]
        given: ConfigArgs,
    },
    /// Run a flow for the scheduled times of a period in the past, on a running bridge.
    Backfill(Box<Backfill>),
    /// Print the API reference (OpenAPI 3.1, JSON).
    Openapi,
    /// Start the bridge for development: no sign-in, this machine only, with a built-in OpenHEXA emulator.
    #[cfg(feature = "dev")]
    Dev(Box<commands::Dev>),
    /// Start only the OpenHEXA emulator.
    #[cfg(feature = "dev")]
    Emulator(commands::Emulator),
}

#[derive(Args)]
struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Create a key and print it. It is shown only once.
    Create {
        /// viewer, operator or admin. Each role includes the previous ones.
        #[arg(long, value_parser = role)]
        role: Role,
        /// Lifetime of the key, such as 90d or 12h. Default: the key does not expire.
        #[arg(long, value_parser = humantime::parse_duration)]
        expires: Option<Duration>,
        /// If attached to Iaso: the id of the account that the key belongs to. Default: `iaso.config_account`.
        #[arg(long)]
        account: Option<i64>,
        /// A name for the list of keys. No other active key of the account may have it.
        #[arg(long, default_value = "")]
        name: String,
        /// Create the tables, and an SQLite file, if they do not exist yet.
        #[arg(long)]
        create: bool,
        #[command(flatten)]
        given: ConfigArgs,
    },
    /// List the keys, one per line: id, role, state, expiry, last use, creator, account (if attached to Iaso), name.
    List(ConfigArgs),
    /// Revoke a key. It stops working on every replica within 5 seconds.
    Revoke {
        /// The id of the key, as shown by `keys list`.
        id: i64,
        #[command(flatten)]
        given: ConfigArgs,
    },
}

fn role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| "must be viewer, operator or admin".to_owned())
}

#[derive(Args)]
struct ConfigArgs {
    /// A TOML file with settings. It overrides the defaults; environment variables override it.
    #[arg(long)]
    config: Option<PathBuf>,
}

fn main() -> ExitCode {
    let line = CommandLine::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(2)
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(line.command)),
        Err(error) => Err(StartError::Server(error)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("openhexa-bridge: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), StartError> {
    match command {
        Command::Serve(given) => serve(read(given.config)?).await,
        Command::CheckConfig { database, given } => check(&read(given.config)?, database).await,
        Command::Settings => put(&settings::page()),
        Command::Keys(line) => keys(line.command).await,
        Command::Openapi => openapi(),
        Command::Migrate(given) => migrate(&read(given.config)?).await,
        Command::Reencrypt { discard, given } => reencrypt(&read(given.config)?, discard).await,
        Command::CopyDatabase { databases, given } => {
            app::copy_database(&read(given.config)?, databases, |line| eprintln!("{line}")).await
        }
        Command::Backfill(line) => backfill(*line).await,
        #[cfg(feature = "dev")]
        Command::Dev(dev) => commands::dev(*dev, read_quietly()?).await,
        #[cfg(feature = "dev")]
        Command::Emulator(emulator) => commands::emulator(emulator, &read_quietly()?).await,
    }
}

fn read(file: Option<PathBuf>) -> Result<Settings, StartError> {
    let sources = Sources {
        file: file.as_deref(),
        environment: Sources::environment(),
    };
    let settings = sources.read()?;
    log(&settings, &settings.log.filter);
    Ok(settings)
}

/// For `dev` and `emulator`: of libraries, only warnings are logged, unless `log.filter` is set.
#[cfg(feature = "dev")]
fn read_quietly() -> Result<Settings, StartError> {
    const QUIET: &str = "warn,openhexa_bridge=info,openhexa_emulator=info";
    let sources = Sources {
        file: None,
        environment: Sources::environment(),
    };
    let settings = sources.read()?;
    let is_set = settings.log.filter != Sources::default().read()?.log.filter;
    let filter = if is_set { &settings.log.filter } else { QUIET };
    log(&settings, filter);
    Ok(settings)
}

fn log(settings: &Settings, filter: &str) {
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let format = match settings.log.format {
        LogFormat::Text => telemetry::Format::Text { colours },
        LogFormat::Json => telemetry::Format::Json,
    };
    telemetry::install(format, filter, std::io::stderr);
    telemetry::log_panics();
}

fn openapi() -> Result<(), StartError> {
    let text = http::openapi::text(http::Language::default());
    let text = text.map_err(|error| StartError::Other(error.to_string()))?;
    put(&format!("{text}\n"))
}

/// Prints a text. It is no error if the reader closes the pipe early, as `head` does.
fn put(text: &str) -> Result<(), StartError> {
    use std::io::{ErrorKind, Write as _};
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(StartError::Other(format!(
            "cannot write to standard output: {error}"
        ))),
        Ok(()) | Err(_) => Ok(()),
    }
}

async fn reencrypt(settings: &Settings, discard: bool) -> Result<(), StartError> {
    let undecryptable = if discard {
        Undecryptable::Discard
    } else {
        Undecryptable::Keep
    };
    let summary = app::reencrypt::reencrypt(settings, undecryptable).await?;
    eprintln!("Database: {}", app::database_name(settings));
    eprintln!("{summary}");
    Ok(())
}

async fn migrate(settings: &Settings) -> Result<(), StartError> {
    app::open_store(settings).await?;
    eprintln!(
        "The tables are up to date in the database: {}",
        app::database_name(settings)
    );
    Ok(())
}

/// It is no error if an output is closed: the backfill goes on.
async fn backfill(line: Backfill) -> Result<(), StartError> {
    use std::io::Write as _;
    let output = Output {
        result: &|text| {
            let _ = writeln!(std::io::stdout().lock(), "{text}");
        },
        note: &|text| {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        },
    };
    remote::backfill(line, output).await
}

async fn serve(settings: Settings) -> Result<(), StartError> {
    app::check::log_misnamed_variables();
    let listener = app::listen(&settings)?;
    let summary = Summary::of(&settings);
    let start = Start {
        settings,
        listener,
        clock: Clock::System,
        local: false,
        reconciles: true,
    };
    let running = app::start(start).await?;
    let stop = stop_signal()?;
    summary.listening_on(running.address).log_start();
    println!("bridge: http://{}", running.address);
    stop.await;
    running.stop().await;
    Ok(())
}

/// Returns an error if the bridge cannot start with these settings.
async fn check(settings: &Settings, database: bool) -> Result<(), StartError> {
    let (lines, can_start) = app::check::check(settings, database).await;
    put(&(lines.join("\n") + "\n"))?;
    if can_start {
        return Ok(());
    }
    Err(StartError::Other(
        "the bridge cannot start with this configuration".to_owned(),
    ))
}

async fn keys(command: KeysCommand) -> Result<(), StartError> {
    match command {
        KeysCommand::Create {
            role,
            expires,
            account,
            name,
            create,
            given,
        } => {
            let settings = read(given.config)?;
            let order = KeyOrder {
                account,
                role,
                name,
                expires,
                creates_tables: create,
            };
            let (id, key) = app::keys::create(&settings, order).await?;
            eprintln!(
                "Key {id} created in the database: {}. It is shown only once:",
                app::database_name(&settings)
            );
            println!("{key}");
        }
        KeysCommand::List(given) => {
            let settings = read(given.config)?;
            let lines = app::keys::list(&settings).await?;
            eprintln!("Keys in the database: {}", app::database_name(&settings));
            let list: Vec<String> = lines.iter().map(|line| line.clone() + "\n").collect();
            put(&list.concat())?;
        }
        KeysCommand::Revoke { id, given } => {
            let settings = read(given.config)?;
            app::keys::revoke(&settings, id).await?;
            let database = app::database_name(&settings);
            eprintln!(
                "Key {id} revoked in the database: {database}. It stops working within 5 seconds."
            );
        }
    }
    Ok(())
}
