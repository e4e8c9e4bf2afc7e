//! Who is asking and what they may do: roles, scopes and the principal every use case is given.
//!
//! What a principal may not *see* is not found; what it sees but its role or scopes never allow is forbidden.

mod scope;

use super::ids::IdKind;
pub use scope::{Scope, Scopes};

/// How the caller proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    /// A person who logged in with a password.
    User,
    /// A program of the provider, with an API key.
    ApiKey,
    /// A customer whom the provider's own portal logged in; a short-lived session for exactly this customer.
    Session,
}

impl PrincipalKind {
    /// The kind as the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ApiKey => "api_key",
            Self::Session => "session",
        }
    }

    /// The kind that an id stands for: `usr_` a user, `key_` an API key, `cus_` a session of that customer.
    pub fn of_id(id: &str) -> Option<Self> {
        [
            (IdKind::User, Self::User),
            (IdKind::ApiKey, Self::ApiKey),
            (IdKind::Customer, Self::Session),
        ]
        .into_iter()
        .find_map(|(kind, principal)| kind.matches(id).then_some(principal))
    }
}

/// What a user is to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Staff with every scope. API keys act in this role too, within the scopes of the key.
    Admin,
    /// Staff who serve customers, but do not manage keys, sessions or test clocks.
    Support,
    /// A customer's own login: sees and does only what concerns this customer.
    Customer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Support, Self::Customer];

    /// The role as it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Support => "support",
            Self::Customer => "customer",
        }
    }

    /// Parses a stored or sent role.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// The most a principal of this role may ever do.
    pub fn scopes(self) -> Scopes {
        match self {
            Self::Admin => Scope::ALL.into_iter().collect(),
            Self::Support => [
                Scope::CancellationsDecide,
                Scope::CatalogueRead,
                Scope::ChargesRead,
                Scope::CustomersExport,
                Scope::CustomersRead,
                Scope::CustomersWrite,
                Scope::DeclarationsDecide,
                Scope::DeclarationsRead,
                Scope::EmailsRead,
                Scope::EmailsWrite,
                Scope::EventsRead,
                Scope::InvoicesRead,
                Scope::PaymentsRead,
                Scope::PaymentsWrite,
                Scope::SubscriptionsRead,
                Scope::SubscriptionsWrite,
                Scope::WebhooksRead,
            ]
            .into_iter()
            .collect(),
            Self::Customer => [
                Scope::CatalogueRead,
                Scope::ChargesRead,
                Scope::CustomersExport,
                Scope::CustomersRead,
                Scope::EmailsRead,
                Scope::InvoicesRead,
                Scope::SubscriptionsRead,
                Scope::SubscriptionsWrite,
            ]
            .into_iter()
            .collect(),
        }
    }
}

/// The scope a principal would need for what it asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingScope(pub Scope);

/// Who is asking, as far as use cases need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// How it logged in.
    pub kind: PrincipalKind,
    /// `usr_…`, `key_…`, or for a session the `cus_…` it was opened for.
    pub id: String,
    /// The provider to which everything it sees belongs.
    pub provider_id: String,
    /// If set, it may only ever see this customer.
    pub customer_id: Option<String>,
    /// What it is to the provider.
    pub role: Role,
    /// What it may do: never more than its role.
    pub scopes: Scopes,
    /// For a session: the user or API key that opened it. Kept so that acting as a customer leaves a trace.
    pub opened_by: Option<String>,
}

impl Principal {
    /// Demands a scope.
    ///
    /// # Errors
    /// [`MissingScope`] if the principal does not hold it.
    pub fn require(&self, scope: Scope) -> Result<(), MissingScope> {
        if self.scopes.contains(scope) {
            Ok(())
        } else {
            Err(MissingScope(scope))
        }
    }

    /// Whether it belongs to the provider rather than to one customer.
    pub fn is_staff(&self) -> bool {
        self.customer_id.is_none()
    }

    /// The only customer it may see; `None` means every customer of its provider.
    pub fn customer_filter(&self) -> Option<&str> {
        self.customer_id.as_deref()
    }

    /// Whether it may process data that are kept only because the law demands it (Art. 18 Abs. 2 GDPR, § 35 Abs. 3 BDSG). Customers
    /// keep the access to their own (Art. 15 GDPR).
    pub fn may_process_restricted(&self) -> bool {
        !self.is_staff() || self.scopes.contains(Scope::RestrictedDataProcess)
    }

    /// Whether it may see this customer of its provider. The provider itself must be checked by the query.
    pub fn may_see_customer(&self, customer_id: &str) -> bool {
        self.customer_filter().is_none_or(|own| own == customer_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer_login() -> Principal {
        Principal {
            kind: PrincipalKind::User,
            id: IdKind::User.generate(),
            provider_id: IdKind::Provider.generate(),
            customer_id: Some("cus_a".to_owned()),
            role: Role::Customer,
            scopes: Role::Customer.scopes(),
            opened_by: None,
        }
    }

    #[test]
    fn scopes_and_roles_survive_the_way_to_text_and_back() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!(Scopes::parse(&role.scopes().to_string()), Ok(role.scopes()));
        }
        assert_eq!(Scopes::parse("customers:read all"), Err("all".to_owned()));
        assert!(Scopes::parse("  ").is_ok_and(|scopes| scopes.is_empty()));
        let mut texts = Scope::ALL.map(Scope::as_str);
        texts.sort_unstable();
        assert_eq!(
            texts,
            Scope::ALL.map(Scope::as_str),
            "declared in alphabetical order, so that lists are sorted"
        );
    }

    #[test]
    fn no_role_exceeds_the_administrator_and_customers_decide_nothing() {
        for role in Role::ALL {
            assert!(role.scopes().missing_from(&Role::Admin.scopes()).is_empty());
        }
        assert!(!Role::Customer.scopes().contains(Scope::CancellationsDecide));
        assert!(!Role::Support.scopes().contains(Scope::ApiKeysWrite));
        assert!(!Role::Support.scopes().contains(Scope::SessionsWrite));
    }

    #[test]
    fn narrowing_never_adds() {
        let asked = Scopes::parse("customers:read api_keys:write").expect("known scopes");
        let narrowed = asked.within(&Role::Customer.scopes());
        assert_eq!(narrowed.to_string(), "customers:read");
        assert_eq!(asked.missing_from(&narrowed), [Scope::ApiKeysWrite]);
    }

    #[test]
    fn a_customer_sees_only_itself() {
        let principal = customer_login();
        assert!(!principal.is_staff());
        assert!(principal.may_see_customer("cus_a") && !principal.may_see_customer("cus_b"));
        assert_eq!(principal.require(Scope::SubscriptionsWrite), Ok(()));
        assert_eq!(
            principal.require(Scope::ApiKeysWrite),
            Err(MissingScope(Scope::ApiKeysWrite))
        );
        let staff = Principal {
            customer_id: None,
            role: Role::Support,
            ..principal
        };
        assert!(staff.is_staff() && staff.may_see_customer("cus_b"));
    }

    #[test]
    fn the_kind_follows_from_the_id() {
        assert_eq!(
            PrincipalKind::of_id(&IdKind::User.generate()),
            Some(PrincipalKind::User)
        );
        assert_eq!(
            PrincipalKind::of_id(&IdKind::ApiKey.generate()),
            Some(PrincipalKind::ApiKey)
        );
        assert_eq!(
            PrincipalKind::of_id(&IdKind::Customer.generate()),
            Some(PrincipalKind::Session)
        );
        assert_eq!(PrincipalKind::of_id("sub_00000000000000000000000000"), None);
    }
}
