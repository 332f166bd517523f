//! The upper limit for comparison: an actix handler that returns a small constant JSON object.

use std::net::TcpListener;

use actix_web::{App, HttpResponse, HttpServer, web};

/// Prints the address, like the bridge, and serves until the process is killed.
pub fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!(
        "bare: http://{}",
        listener.local_addr().expect("its address")
    );
    let served = actix_web::rt::System::new().block_on(async {
        HttpServer::new(|| App::new().default_service(web::to(answer)))
            .workers(2)
            .listen(listener)
            .expect("the port is ours")
            .run()
            .await
    });
    served.expect("served until the end");
}

async fn answer() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({"configured": true, "config": {}}))
}
