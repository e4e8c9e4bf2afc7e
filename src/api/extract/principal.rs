//! Who is asking: `principal: Principal` as a parameter of a handler demands a login.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use crate::api::middleware::authentication::Authentication;
use crate::api::problem::Problem;
use crate::domain::access::Principal;
use crate::error::{AppError, AuthFailure};

impl FromRequest for Principal {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Authentication>().cloned();
        let outcome = known.map_or(Err(AuthFailure::Missing), |Authentication(outcome)| outcome);
        ready(outcome.map_err(|failure| AppError::Unauthenticated(failure).into()))
    }
}
