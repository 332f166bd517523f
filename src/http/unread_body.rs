//! Closes the connection if a handler does not read a request's body to its end.
//!
//! Otherwise the server would read the rest of a chunked body after the response, as long as the client sends: such a
//! body has no declared length. The middleware keeps the body's reader until the response is sent; then the server
//! closes the connection within `server.disconnect_timeout`.

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
struct SharedPayload(Rc<RefCell<PayloadState>>);

struct PayloadState {
    payload: Payload,
    is_read: bool,
}

impl Stream for SharedPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut reading = self.0.borrow_mut();
        let next = Pin::new(&mut reading.payload).poll_next(context);
        reading.is_read |= matches!(next, Poll::Ready(None));
        next
    }
}

/// A response's body that keeps the request's reader.
struct BodyWithPayload {
    body: BoxBody,
    _payload: SharedPayload,
}

impl MessageBody for BodyWithPayload {
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

pub async fn close_after_unread_body(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !request.headers().contains_key(header::TRANSFER_ENCODING) {
        return next.call(request).await;
    }
    let payload = request.take_payload();
    let is_read = matches!(payload, Payload::None);
    let shared = SharedPayload(Rc::new(RefCell::new(PayloadState { payload, is_read })));
    let reader: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(shared.clone());
    request.set_payload(reader.into());
    let response = next.call(request).await?;
    if shared.0.borrow().is_read {
        return Ok(response);
    }
    Ok(response.map_body(|_, body| {
        let body = BodyWithPayload {
            body,
            _payload: shared,
        };
        BoxBody::new(body)
    }))
}
