//! Who lives in the demo.

use crate::domain::customer_type::CustomerType;
use crate::domain::invoice::Address;

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
    /// Street, postal code and town.
    pub address: [&'static str; 3],
    /// Login name.
    pub username: &'static str,
    /// Whether the customer lives by the provider's test clock.
    pub on_test_clock: bool,
    /// Plan and quantity of each contract.
    pub contracts: &'static [(&'static str, u32)],
}

impl DemoCustomer {
    /// Where invoices go.
    pub fn address(&self) -> Address {
        let [street, postal_code, city] = self.address;
        Address {
            addition: None,
            street: street.to_owned(),
            postal_code: postal_code.to_owned(),
            city: city.to_owned(),
            country: "DE".to_owned(),
        }
    }
}

/// Everyone. The first customer of each provider lives by its test clock.
pub const CUSTOMERS: [DemoCustomer; 10] = [
    DemoCustomer {
        provider: "textschirm",
        number: "K-1001",
        customer_type: CustomerType::Business,
        name: "Onlinehandel Winter",
        email: "post@winter.example",
        address: ["Winterweg 8", "28195", "Bremen"],
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
        address: ["Tonstraße 3", "01067", "Dresden"],
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
        address: ["Sommerstraße 21", "80469", "München"],
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
        address: ["Herbstgasse 5", "50668", "Köln"],
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
        address: ["Lindenallee 14", "53111", "Bonn"],
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
        address: ["Frühlingsplatz 2", "40213", "Düsseldorf"],
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
        address: ["Nebelhornweg 6", "22767", "Hamburg"],
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
        address: ["Morgenstraße 9", "24103", "Kiel"],
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
        address: ["Am Leuchtturm 1", "18055", "Rostock"],
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
        address: ["Hafenkante 11", "23552", "Lübeck"],
        username: "boje",
        on_test_clock: false,
        contracts: &[("hosting_m_yearly", 1)],
    },
];
