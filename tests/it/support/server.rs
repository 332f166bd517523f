//! A server of a test, on a free port of this machine.

use std::net::TcpListener;

use actix_web::dev::ServerHandle;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};

/// Its address, and a handle to stop it before its test ends.
pub fn open(
    configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> (String, ServerHandle) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = move || App::new().configure(configure.clone());
    let server = HttpServer::new(app).workers(1).disable_signals();
    let server = server.listen(listener).unwrap().run();
    let handle = server.handle();
    tokio::spawn(server);
    (url, handle)
}
