//! The signals that end the process in order: SIGTERM, SIGINT, and SIGHUP, which a terminal sends as it closes.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::StartError;

/// Listens from the call on: a signal may come as soon as an address is printed.
pub fn told_to_stop() -> Result<impl Future<Output = ()>, StartError> {
    let listen = |kind: SignalKind| signal(kind).map_err(StartError::Server);
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut hangup = if ignores_hangup() {
        None
    } else {
        Some(listen(SignalKind::hangup())?)
    };
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = hung_up(hangup.as_mut()) => {}
        }
    })
}

async fn hung_up(hangup: Option<&mut Signal>) {
    match hangup {
        Some(hangup) => drop(hangup.recv().await),
        None => std::future::pending().await,
    }
}

/// `nohup` lets its command ignore SIGHUP; to listen for it would undo that. Where the system does not say, it is listened
/// for.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}
