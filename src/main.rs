//! The command line. Standard output has only a command's result (for `serve`, the address); logs go to standard error.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
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
        Command::Migrate(given) => app::open_store(&read(given.config)?).await.map(|_| ()),
        Command::Reencrypt { discard, given } => reencrypt(&read(given.config)?, discard).await,
        Command::CopyDatabase { databases, given } => {
            app::copy_database(&read(given.config)?, databases, |line| eprintln!("{line}")).await
        }
        #[cfg(feature = "dev")]
        Command::Dev(dev) => commands::dev(*dev, read(None)?).await,
        #[cfg(feature = "dev")]
        Command::Emulator(emulator) => commands::emulator(emulator, &read(None)?).await,
    }
}

fn read(file: Option<PathBuf>) -> Result<Settings, StartError> {
    let sources = Sources {
        file: file.as_deref(),
        environment: Sources::environment(),
    };
    let settings = sources.read()?;
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let format = match settings.log.format {
        LogFormat::Text => telemetry::Format::Text { colours },
        LogFormat::Json => telemetry::Format::Json,
    };
    telemetry::install(format, &settings.log.filter, std::io::stderr);
    telemetry::log_panics();
    Ok(settings)
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
    eprintln!("{summary}");
    Ok(())
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
            given,
        } => {
            let (id, key) =
                app::keys::create(&read(given.config)?, account, role, name, expires).await?;
            eprintln!("Key {id} created. It is shown only once:");
            println!("{key}");
        }
        KeysCommand::List(given) => {
            let lines = app::keys::list(&read(given.config)?).await?;
            let list: Vec<String> = lines.iter().map(|line| line.clone() + "\n").collect();
            put(&list.concat())?;
        }
        KeysCommand::Revoke { id, given } => {
            app::keys::revoke(&read(given.config)?, id).await?;
            eprintln!("Key {id} revoked. It stops working within 5 seconds.");
        }
    }
    Ok(())
}

#[cfg(feature = "dev")]
mod commands {
    //! The commands for developers and tests.

    use std::pin::pin;

    use super::{Args, PathBuf, Settings, StartError, app, stop_signal};
    use openhexa_bridge::app::dev::{self, DevOptions, OpenHexaSource};
    use openhexa_emulator::{self as emulator, Iaso};
    use secrecy::SecretString;

    #[derive(Args)]
    pub struct Dev {
        /// The port of the bridge; 0 picks a free one.
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// The port of the emulator; 0 picks a free one.
        #[arg(long, default_value_t = 8081)]
        openhexa_port: u16,
        /// The folder for all data.
        #[arg(long, default_value = "data")]
        data: PathBuf,
        #[command(flatten)]
        content: Content,
        /// The GraphQL URL of your own OpenHEXA, instead of the emulator.
        #[arg(long, requires_all = ["openhexa_token", "workspace"], conflicts_with_all = ["catalogue", "pipelines"])]
        openhexa_url: Option<String>,
        /// A token for your own OpenHEXA.
        #[arg(long, requires = "openhexa_url")]
        openhexa_token: Option<SecretString>,
        /// The slug of the workspace in your own OpenHEXA.
        #[arg(long, requires = "openhexa_url")]
        workspace: Option<String>,
    }

    #[derive(Args)]
    pub struct Emulator {
        /// The port to listen on; 0 picks a free one.
        #[arg(long, default_value_t = 8081)]
        port: u16,
        /// The only token that the emulator accepts.
        #[arg(long, default_value = "emulator")]
        token: SecretString,
        /// The folder for all data.
        #[arg(long, default_value = "data")]
        data: PathBuf,
        #[command(flatten)]
        content: Content,
        /// The URL of the bridge, for the workspace connection `iaso-pipeline`.
        #[arg(long, requires = "iaso_token")]
        iaso_url: Option<String>,
        /// The token in that connection.
        #[arg(long, requires = "iaso_url")]
        iaso_token: Option<SecretString>,
    }

    /// Which pipelines there are.
    #[derive(Args)]
    struct Content {
        /// A JSON file with pipelines, instead of the built-in samples.
        #[arg(long)]
        catalogue: Option<PathBuf>,
        /// A folder with real pipelines (*/pipeline.py). They are run with the Python package openhexa.sdk.
        #[arg(long)]
        pipelines: Option<PathBuf>,
        /// The Python interpreter in which openhexa.sdk is installed.
        #[arg(long, default_value = "python3")]
        python: PathBuf,
    }

    pub async fn dev(line: Dev, settings: Settings) -> Result<(), StartError> {
        let own = line
            .openhexa_url
            .zip(line.openhexa_token)
            .zip(line.workspace);
        let openhexa = match own {
            Some(((url, token), workspace)) => OpenHexaSource::Own {
                url,
                token,
                workspace,
            },
            None => OpenHexaSource::BuiltIn {
                port: line.openhexa_port,
                catalogue: line.content.catalogue,
                pipelines: line.content.pipelines,
                python: line.content.python,
            },
        };
        let options = DevOptions {
            settings,
            port: line.port,
            data: line.data,
            openhexa,
        };
        let dev = dev::run(options).await?;
        let mut stop = pin!(stop_signal()?);
        println!("bridge: http://{}", dev.running.address);
        println!("openhexa: {}", dev.openhexa);
        tokio::select! {
            () = invite(&dev) => stop.await,
            () = &mut stop => {}
        }
        dev.stop().await;
        Ok(())
    }

    async fn invite(dev: &dev::Dev) {
        for line in dev.example_commands().await {
            eprintln!("{line}");
        }
    }

    pub async fn emulator(line: Emulator, _: &Settings) -> Result<(), StartError> {
        let iaso = line
            .iaso_url
            .zip(line.iaso_token)
            .map(|(url, token)| Iaso { url, token });
        let options = emulator::Options {
            port: line.port,
            token: line.token,
            data: line.data,
            catalogue: line.content.catalogue,
            pipelines: line.content.pipelines,
            python: line.content.python,
            iaso,
        };
        let _folder = app::folder::lock(&options.data)?;
        let started = emulator::Emulator::start(options).await;
        let emulator = started.map_err(|error| StartError::Other(error.to_string()))?;
        let stop = stop_signal()?;
        println!("openhexa: {}", emulator.url());
        stop.await;
        emulator.stop().await;
        Ok(())
    }
}
