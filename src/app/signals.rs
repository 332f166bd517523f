//! The signals that stop the process gracefully: SIGTERM, SIGINT, and SIGHUP, which a terminal sends when it closes.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::StartError;

/// Listens from the call on: a signal can arrive as soon as the address is printed.
pub fn stop_signal() -> Result<impl Future<Output = ()>, StartError> {
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
            () = hangup_received(hangup.as_mut()) => {}
        }
    })
}

async fn hangup_received(hangup: Option<&mut Signal>) {
    match hangup {
        Some(hangup) => drop(hangup.recv().await),
        None => std::future::pending().await,
    }
}

/// `nohup` makes its command ignore SIGHUP; listening for it would undo that. If the system does not tell whether it is
/// ignored, the bridge listens for it.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}
