//! Who lives in the demo.

use crate::domain::customer_type::CustomerType;

/// The password of every demo login; printed at the start, so it protects nothing.
pub const PASSWORD: &str = "demo-passwort";

/// User name of each provider's staff login.
pub const ADMIN: &str = "admin";

/// A customer of the demo with a login and contracts.
pub struct DemoCustomer {
    /// Slug of the provider.
    pub provider: &'static str,
    /// Customer number.
    pub number: &'static str,
    /// Consumer or business.
    pub customer_type: CustomerType,
    /// Name.
    pub name: &'static str,
    /// E-mail address.
    pub email: &'static str,
    /// Login name.
    pub username: &'static str,
    /// Whether the customer lives by the provider's test clock.
    pub on_test_clock: bool,
    /// Plan and quantity of each contract.
    pub contracts: &'static [(&'static str, u32)],
}

/// Everyone. The first customer of each provider lives by its test clock.
pub const CUSTOMERS: [DemoCustomer; 10] = [
    DemoCustomer {
        provider: "textschirm",
        number: "K-1001",
        customer_type: CustomerType::Business,
        name: "Onlinehandel Winter",
        email: "post@winter.example",
        username: "winter",
        on_test_clock: true,
        contracts: &[("single", 1), ("single", 1), ("single", 1)],
    },
    DemoCustomer {
        provider: "textschirm",
        number: "K-1002",
        customer_type: CustomerType::Business,
        name: "Keramikwerkstatt Blum",
        email: "werkstatt@blum.example",
        username: "blum",
        on_test_clock: false,
        contracts: &[("premium", 1)],
    },
    DemoCustomer {
        provider: "sprechfenster",
        number: "K-2001",
        customer_type: CustomerType::Business,
        name: "Praxis Dr. Sommer",
        email: "praxis@sommer.example",
        username: "sommer",
        on_test_clock: true,
        contracts: &[("plus", 3)],
    },
    DemoCustomer {
        provider: "sprechfenster",
        number: "K-2002",
        customer_type: CustomerType::Business,
        name: "Lebensberatung Herbst",
        email: "beratung@herbst.example",
        username: "herbst",
        on_test_clock: false,
        contracts: &[("basis", 1)],
    },
    DemoCustomer {
        provider: "kontaktkiste",
        number: "K-3001",
        customer_type: CustomerType::Consumer,
        name: "Clara Lindner",
        email: "clara@lindner.example",
        username: "lindner",
        on_test_clock: true,
        contracts: &[("crm_yearly", 1)],
    },
    DemoCustomer {
        provider: "kontaktkiste",
        number: "K-3002",
        customer_type: CustomerType::Business,
        name: "Maklerbüro Lenz",
        email: "buero@lenz.example",
        username: "lenz",
        on_test_clock: false,
        contracts: &[("crm_monthly", 1)],
    },
    DemoCustomer {
        provider: "rundbriefwerk",
        number: "K-4001",
        customer_type: CustomerType::Consumer,
        name: "Jonas Nebel",
        email: "jonas@nebel.example",
        username: "nebel",
        on_test_clock: true,
        contracts: &[("private_term", 1)],
    },
    DemoCustomer {
        provider: "rundbriefwerk",
        number: "K-4002",
        customer_type: CustomerType::Business,
        name: "Verein Morgenrot e. V.",
        email: "vorstand@morgenrot.example",
        username: "morgenrot",
        on_test_clock: false,
        contracts: &[("newsletter_m", 1)],
    },
    DemoCustomer {
        provider: "hafenrechner",
        number: "K-5001",
        customer_type: CustomerType::Business,
        name: "Agentur Leuchtfeuer",
        email: "hallo@leuchtfeuer.example",
        username: "leuchtfeuer",
        on_test_clock: true,
        contracts: &[("hosting_s", 1), ("hosting_l", 1)],
    },
    DemoCustomer {
        provider: "hafenrechner",
        number: "K-5002",
        customer_type: CustomerType::Business,
        name: "Segelschule Boje",
        email: "kurse@boje.example",
        username: "boje",
        on_test_clock: false,
        contracts: &[("hosting_m_yearly", 1)],
    },
];
