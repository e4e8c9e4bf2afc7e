//! Outermost: HEAD is answered like GET without the body, and answers that hold tokens are never compressed.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;

/// Middleware (`actix_web::middleware::from_fn`). The server itself leaves out the body of an answer to HEAD.
///
/// # Errors
/// Those of the inner services.
pub async fn unify(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    // Compressing a secret beside text an attacker chooses gives the secret away by the length (BREACH).
    if request.path().starts_with("/v1/auth/") || request.path().ends_with("/sessions") {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    next.call(request).await
}
