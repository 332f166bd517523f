//! The commands `dev` and `emulator`, for pipeline authors and developers.

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
    #[arg(long, default_value = emulator::DEFAULT_TOKEN)]
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
    /// A folder with real pipelines (*/pipeline.py), or the folder of one pipeline. They are run with the Python package
    /// openhexa.sdk, and read again when they change.
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
    let bridge = format!("http://{}", dev.running.address);
    eprintln!("Open {bridge}/ in a browser. Ctrl-C stops it.");
    println!("bridge: {bridge}");
    println!("openhexa: {}", dev.openhexa);
    dev.emulator.iter().for_each(print_files_and_notices);
    tokio::select! {
        () = print_example_commands(&dev) => stop.await,
        () = &mut stop => {}
    }
    dev.stop().await;
    Ok(())
}

async fn print_example_commands(dev: &dev::Dev) {
    for line in dev.example_commands().await {
        eprintln!("{line}");
    }
}

/// Prints where the files of runs are, and the messages of the start, after the addresses.
fn print_files_and_notices(emulator: &emulator::Emulator) {
    let files = emulator.files().display();
    eprintln!("Files of the workspace, with the outputs of runs: {files}");
    emulator.print_notices();
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
    print_files_and_notices(&emulator);
    stop.await;
    emulator.stop().await;
    Ok(())
}
