//! A client that does not read its response is disconnected.
//!
//! The server asks a body for its next part only once the client has taken most of the one before. Large and endless
//! bodies are handed over in parts; a part that is not taken within `server.write_timeout` means that nobody reads,
//! and the connection is shut down, which frees the response.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, rt};

use super::edge::Edge;

/// Bytes of a part; smaller responses are not watched.
const PART: usize = 65_536;
const SMALL: u64 = PART as u64;

/// The other handle of a connection, which shuts it down while the server still writes to it.
#[derive(Clone)]
struct Socket(Arc<TcpStream>);

/// The responses that are being read.
#[derive(Default)]
pub struct Readers {
    open: Mutex<HashMap<u64, Arc<Reader>>>,
    last: AtomicU64,
}

struct Reader {
    socket: Socket,
    /// When the part that is being written was handed over; none while there is none.
    since: Mutex<Option<Instant>>,
}

impl Readers {
    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Reader>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Disconnects the clients that have taken nothing for so long; how many they were.
    pub fn disconnect_idle(&self, timeout: Duration) -> usize {
        let open = self.open();
        let idle = open.values().filter(|reader| reader.is_idle(timeout));
        idle.filter(|reader| reader.socket.0.shutdown(Shutdown::Both).is_ok())
            .count()
    }
}

impl Reader {
    fn since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_idle(&self, timeout: Duration) -> bool {
        self.since().is_some_and(|since| since.elapsed() > timeout)
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "a duration is measured, no time is told"
    )]
    fn handed_over(&self) {
        *self.since() = Some(Instant::now());
    }
}

/// Keeps another handle of each connection.
pub fn on_connect(connection: &rt::net::TcpStream, extensions: &mut Extensions) {
    if let Ok(handle) = connection.as_fd().try_clone_to_owned() {
        extensions.insert(Socket(Arc::new(handle.into())));
    }
}

/// Watches the client of a large or endless response.
pub async fn watches_reader(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let socket = request.conn_data::<Socket>().cloned();
    let edge = request.app_data::<Data<Edge>>().cloned();
    let response = next.call(request).await?;
    let is_small = matches!(
        response.response().body().size(),
        BodySize::None | BodySize::Sized(0..=SMALL)
    );
    match (socket, edge) {
        (Some(socket), Some(edge)) if !is_small => Ok(response
            .map_body(|_, body| BoxBody::new(Watched::new(body, socket, edge.readers.clone())))),
        (_, _) => Ok(response),
    }
}

/// A body that is handed over in parts.
struct Watched {
    body: BoxBody,
    rest: Bytes,
    reader: Arc<Reader>,
    readers: Arc<Readers>,
    id: u64,
}

impl Watched {
    fn new(body: BoxBody, socket: Socket, readers: Arc<Readers>) -> Self {
        let reader = Arc::new(Reader {
            socket,
            since: Mutex::new(None),
        });
        let id = readers.last.fetch_add(1, Ordering::Relaxed);
        readers.open().insert(id, reader.clone());
        Self {
            body,
            rest: Bytes::new(),
            reader,
            readers,
            id,
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.readers.open().remove(&self.id);
    }
}

impl MessageBody for Watched {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        *self.reader.since() = None;
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(context)) {
                Some(Ok(bytes)) => self.rest = bytes,
                other => return Poll::Ready(other),
            }
        }
        let length = self.rest.len().min(PART);
        let part = self.rest.split_to(length);
        self.reader.handed_over();
        Poll::Ready(Some(Ok(part)))
    }
}
