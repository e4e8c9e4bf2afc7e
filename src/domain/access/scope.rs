//! Scopes: single permissions, and sets of them.

use std::collections::BTreeSet;

/// A permission, named `resource:action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// List, create and revoke API keys.
    ApiKeysWrite,
    /// Accept or reject extraordinary cancellations.
    CancellationsDecide,
    /// Read the published catalogue.
    CatalogueRead,
    /// Read charges.
    ChargesRead,
    /// Hand a customer's own data over.
    CustomersExport,
    /// Read customers.
    CustomersRead,
    /// Create and change customers.
    CustomersWrite,
    /// Match, execute and reject declarations made without login.
    DeclarationsDecide,
    /// Read declarations made without login.
    DeclarationsRead,
    /// Read the history of e-mails.
    EmailsRead,
    /// Send e-mails again.
    EmailsWrite,
    /// Read the event stream of the provider.
    EventsRead,
    /// Read invoices and their corrections.
    InvoicesRead,
    /// Read payments.
    PaymentsRead,
    /// Record payments.
    PaymentsWrite,
    /// Process data that are kept only because the law demands it (Art. 18 GDPR, § 35 Abs. 3 BDSG).
    RestrictedDataProcess,
    /// Open a session for a customer.
    SessionsWrite,
    /// Read subscriptions, options, plan changes and cancellations.
    SubscriptionsRead,
    /// Conclude, change and cancel subscriptions, and take pending changes back.
    SubscriptionsWrite,
    /// Create, read and advance test clocks.
    TestClocksWrite,
    /// Report usage.
    UsageWrite,
    /// Read webhook endpoints and their deliveries.
    WebhooksRead,
    /// Create and change webhook endpoints, which are told of every event of the provider.
    WebhooksWrite,
}

impl Scope {
    /// Every scope, in alphabetical order.
    pub const ALL: [Self; 23] = [
        Self::ApiKeysWrite,
        Self::CancellationsDecide,
        Self::CatalogueRead,
        Self::ChargesRead,
        Self::CustomersExport,
        Self::CustomersRead,
        Self::CustomersWrite,
        Self::DeclarationsDecide,
        Self::DeclarationsRead,
        Self::EmailsRead,
        Self::EmailsWrite,
        Self::EventsRead,
        Self::InvoicesRead,
        Self::PaymentsRead,
        Self::PaymentsWrite,
        Self::RestrictedDataProcess,
        Self::SessionsWrite,
        Self::SubscriptionsRead,
        Self::SubscriptionsWrite,
        Self::TestClocksWrite,
        Self::UsageWrite,
        Self::WebhooksRead,
        Self::WebhooksWrite,
    ];

    /// The scope as it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKeysWrite => "api_keys:write",
            Self::CancellationsDecide => "cancellations:decide",
            Self::CatalogueRead => "catalogue:read",
            Self::ChargesRead => "charges:read",
            Self::CustomersExport => "customers:export",
            Self::CustomersRead => "customers:read",
            Self::CustomersWrite => "customers:write",
            Self::DeclarationsDecide => "declarations:decide",
            Self::DeclarationsRead => "declarations:read",
            Self::EmailsRead => "emails:read",
            Self::EmailsWrite => "emails:write",
            Self::EventsRead => "events:read",
            Self::InvoicesRead => "invoices:read",
            Self::PaymentsRead => "payments:read",
            Self::PaymentsWrite => "payments:write",
            Self::RestrictedDataProcess => "restricted_data:process",
            Self::SessionsWrite => "sessions:write",
            Self::SubscriptionsRead => "subscriptions:read",
            Self::SubscriptionsWrite => "subscriptions:write",
            Self::TestClocksWrite => "test_clocks:write",
            Self::WebhooksRead => "webhooks:read",
            Self::WebhooksWrite => "webhooks:write",
            Self::UsageWrite => "usage:write",
        }
    }

    /// What the scope allows, in one English sentence part for the API's document.
    pub fn description(self) -> &'static str {
        match self {
            Self::ApiKeysWrite => "List, create and revoke API keys",
            Self::CancellationsDecide => "Accept or reject extraordinary cancellations",
            Self::CatalogueRead => "Read the published catalogue",
            Self::ChargesRead => "Read charges",
            Self::CustomersExport => "Export a customer's data",
            Self::CustomersRead => "Read customers",
            Self::CustomersWrite => "Create and change customers",
            Self::DeclarationsDecide => "Match, execute and reject declarations made without login",
            Self::DeclarationsRead => "Read declarations made without login",
            Self::EmailsRead => "Read the history of e-mails",
            Self::EmailsWrite => "Send e-mails again",
            Self::EventsRead => "Read the events of the provider",
            Self::InvoicesRead => "Read invoices and their corrections",
            Self::PaymentsRead => "Read payments",
            Self::PaymentsWrite => "Record payments",
            Self::RestrictedDataProcess => "Process data that are kept only because the law demands it",
            Self::SessionsWrite => "Open sessions for customers",
            Self::SubscriptionsRead => "Read subscriptions, options, plan changes and cancellations",
            Self::SubscriptionsWrite => "Conclude, change and cancel subscriptions, and revoke pending changes",
            Self::TestClocksWrite => "Create, read and advance test clocks",
            Self::WebhooksRead => "Read webhook endpoints and their deliveries",
            Self::WebhooksWrite => "Create and change webhook endpoints, which are told of every event",
            Self::UsageWrite => "Report usage",
        }
    }

    /// Parses a stored or sent scope.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// A set of scopes; as text separated by single spaces (RFC 6749 section 3.3), in alphabetical order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Parses scopes separated by spaces; the first unknown one is given back.
    ///
    /// # Errors
    /// The unknown word.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| Scope::parse(word).ok_or_else(|| word.to_owned()))
            .collect::<Result<BTreeSet<_>, _>>()
            .map(Self)
    }

    /// Whether `scope` is among them.
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// The scopes that are in both sets.
    #[must_use]
    pub fn within(&self, most: &Self) -> Self {
        Self(self.0.intersection(&most.0).copied().collect())
    }

    /// The scopes that `held` does not contain.
    pub fn missing_from(&self, held: &Self) -> Vec<Scope> {
        self.0.difference(&held.0).copied().collect()
    }

    /// The scopes in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            formatter.write_str(scope.as_str())?;
        }
        Ok(())
    }
}
