//! Figures about a running server, in the OpenMetrics text format.

use std::fmt;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds of the duration buckets in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// What a request is counted under. The route is the template (`/v1/subscriptions/{subscription_id}`), never the path, so that
/// the number of series stays small.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

/// Counters and gauges of one process; all handles are shared.
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RequestLabels, Histogram>,
    in_flight: Gauge,
    rate_limited: Counter,
    due_lag_seconds: Gauge,
    due_customers: Counter,
    due_failures: Counter,
    webhook_attempts: Counter,
    webhook_failures: Counter,
    database_connections: Gauge,
    database_connections_idle: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Mutex::new(Registry::with_prefix("vertragswerk")),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            in_flight: Gauge::default(),
            rate_limited: Counter::default(),
            due_lag_seconds: Gauge::default(),
            due_customers: Counter::default(),
            due_failures: Counter::default(),
            webhook_attempts: Counter::default(),
            webhook_failures: Counter::default(),
            database_connections: Gauge::default(),
            database_connections_idle: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Metrics")
    }
}

impl Metrics {
    fn register(&self) {
        let mut registry = self.registry.lock();
        registry.register(
            "http_requests",
            "Requests by route template and status",
            self.requests.clone(),
        );
        let help = "Time from the first byte of the request to the start of the answer";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, self.durations.clone());
        registry.register(
            "http_requests_in_flight",
            "Requests being served",
            self.in_flight.clone(),
        );
        registry.register(
            "rate_limited_requests",
            "Requests refused with 429",
            self.rate_limited.clone(),
        );
        let help = "How long the longest overdue customer has been waiting for the due loop; 0 when none is";
        registry.register_with_unit("due_lag", help, Unit::Seconds, self.due_lag_seconds.clone());
        registry.register(
            "due_customers",
            "Customers whose due facts the loop has applied",
            self.due_customers.clone(),
        );
        registry.register(
            "due_failures",
            "Customers whose due facts could not be applied",
            self.due_failures.clone(),
        );
        registry.register(
            "webhook_attempts",
            "Attempts to deliver a webhook",
            self.webhook_attempts.clone(),
        );
        registry.register(
            "webhook_failures",
            "Attempts to deliver a webhook that were not answered with 2xx",
            self.webhook_failures.clone(),
        );
        registry.register(
            "database_connections",
            "Open database connections",
            self.database_connections.clone(),
        );
        let help = "Open database connections nobody uses";
        registry.register(
            "database_connections_idle",
            help,
            self.database_connections_idle.clone(),
        );
    }

    /// A webhook has been attempted.
    pub fn webhook_attempt(&self, succeeded: bool) {
        self.webhook_attempts.inc();
        if !succeeded {
            self.webhook_failures.inc();
        }
    }

    /// A request has begun.
    pub fn request_started(&self) {
        self.in_flight.inc();
    }

    /// A request has been answered; `route` is the template.
    pub fn request_finished(&self, method: &str, route: &str, status: u16, took: Duration) {
        self.in_flight.dec();
        let labels = RequestLabels {
            method: method.to_owned(),
            route: route.to_owned(),
            status,
        };
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// A request was refused with 429.
    pub fn request_rate_limited(&self) {
        self.rate_limited.inc();
    }

    /// How many seconds the longest overdue customer has been waiting.
    pub fn set_due_lag(&self, seconds: i64) {
        self.due_lag_seconds.set(seconds);
    }

    /// The due loop has finished a batch.
    pub fn due_batch(&self, applied: u64, failed: u64) {
        self.due_customers.inc_by(applied);
        self.due_failures.inc_by(failed);
    }

    /// The state of the connection pool.
    pub fn set_database_connections(&self, open: u32, idle: u32) {
        self.database_connections.set(i64::from(open));
        self.database_connections_idle.set(i64::from(idle));
    }

    /// All figures in the OpenMetrics text format.
    ///
    /// # Errors
    /// When a figure cannot be written as text.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry.lock())?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_template_and_status() {
        let metrics = Metrics::default();
        metrics.request_started();
        metrics.request_finished("GET", "/v1/plans/{plan_id}", 200, Duration::from_millis(3));
        metrics.set_due_lag(7);
        metrics.due_batch(2, 1);
        let text = metrics.text().expect("text");
        for line in [
            "vertragswerk_http_requests_total{method=\"GET\",route=\"/v1/plans/{plan_id}\",status=\"200\"} 1",
            "vertragswerk_http_request_duration_seconds_count{method=\"GET\",route=\"/v1/plans/{plan_id}\",status=\"200\"} 1",
            "vertragswerk_http_requests_in_flight 0",
            "vertragswerk_due_lag_seconds 7",
            "vertragswerk_due_customers_total 2",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
