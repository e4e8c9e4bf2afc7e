//! Requests no HTTP client would send, written to the socket byte by byte.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::state;
use crate::helpers::TestDatabase;
use crate::helpers::server::serve;

/// Sends `request` and reads what comes until the server closes the connection or stays silent.
fn talk(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a server");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&answer).contains("\"code\"") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// [`talk`], away from the thread that runs the server.
async fn exchange(port: u16, request: String) -> String {
    actix_web::rt::task::spawn_blocking(move || talk(port, &request))
        .await
        .expect("an answer")
}

fn login(headers: &str, body: &str) -> String {
    format!(
        "POST /v1/auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n{headers}\r\n\r\n{body}"
    )
}

#[test]
fn a_body_that_never_comes_and_one_that_is_garbled_are_problems() {
    let state = state(&TestDatabase::sqlite(), |config| config.client_timeout_seconds = 1);
    serve(state, |caller| async move {
        let url = caller
            .request(reqwest::Method::GET, "/")
            .build()
            .expect("a request")
            .url()
            .clone();
        let port = url.port().expect("a port");
        let slow = exchange(port, login("Content-Length: 10", "grant")).await;
        assert!(slow.starts_with("HTTP/1.1 408 "), "{slow}");
        assert!(slow.contains("\"code\":\"request_timeout\""), "{slow}");
        let garbled = exchange(port, login("Transfer-Encoding: chunked", "zz\r\nx\r\n0\r\n\r\n")).await;
        assert!(garbled.starts_with("HTTP/1.1 400 "), "{garbled}");
        assert!(garbled.contains("\"code\":\"malformed_request\""), "{garbled}");
    });
}
