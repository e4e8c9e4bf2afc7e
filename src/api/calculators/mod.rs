//! `/v1/calculators`: the rules as stateless functions. They need no login, read no database and keep nothing.
//!
//! Each file holds one calculator: its request, its answer and the handler that hands one to a rule of [`crate::domain`].

mod billing_period;
mod fields;
mod proration;
mod tax;
mod termination_date;
mod withdrawal_period;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the calculators below `/v1`.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(termination_date::calculate_termination_date)
        .service(withdrawal_period::calculate_withdrawal_period)
        .service(billing_period::calculate_billing_period)
        .service(proration::calculate_proration)
        .service(tax::calculate_tax);
}
