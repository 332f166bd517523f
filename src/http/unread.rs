//! A body that no handler has read to its end closes its connection.
//!
//! The server would otherwise read the rest of a chunked body after the response, however long the client goes on
//! sending: a body without a length has no end of its own. The middleware keeps the body's reader until the response
//! is sent, which makes the server close the connection within `server.disconnect_timeout`.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::Error;
use actix_web::HttpMessage as _;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use futures_util::Stream;

/// The reader of a request's body, shared by the handler and the response.
#[derive(Clone)]
struct Shared(Rc<RefCell<Reading>>);

struct Reading {
    payload: Payload,
    is_over: bool,
}

impl Stream for Shared {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut reading = self.0.borrow_mut();
        let next = Pin::new(&mut reading.payload).poll_next(context);
        reading.is_over |= matches!(next, Poll::Ready(None));
        next
    }
}

/// A response's body together with the request's reader.
struct Holding {
    body: BoxBody,
    _unread: Shared,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

pub async fn closes_unread(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !request.headers().contains_key(header::TRANSFER_ENCODING) {
        return next.call(request).await;
    }
    let payload = request.take_payload();
    let is_over = matches!(payload, Payload::None);
    let shared = Shared(Rc::new(RefCell::new(Reading { payload, is_over })));
    let reader: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(shared.clone());
    request.set_payload(reader.into());
    let response = next.call(request).await?;
    if shared.0.borrow().is_over {
        return Ok(response);
    }
    Ok(response.map_body(|_, body| {
        let holding = Holding {
            body,
            _unread: shared,
        };
        BoxBody::new(holding)
    }))
}
