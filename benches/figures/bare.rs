//! The ceiling: an actix handler that answers a small JSON object and knows nothing.

use std::net::TcpListener;

use actix_web::{App, HttpResponse, HttpServer, web};

/// Serves until it is killed; prints its address first, as the bridge does.
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
