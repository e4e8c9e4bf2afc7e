//! What customers look like on the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::api::choices::{CustomerTypeDto, LanguageDto};
use crate::api::instant::Instant;
use crate::api::money::MoneyDto;
use crate::api::parties::{AddressDto, PaymentStatusDto, UpdateAddress};
use crate::domain::holidays::HolidayRegion;
use crate::domain::invoice::BillingDetails;
use crate::list_of;
use crate::services::customers::{Customer, CustomerPatch, CustomerQuery, NewCustomer};

/// A customer to be created.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "customer_type": "business", "name": "Praxis Dr. Beispiel", "email": "praxis@beispiel.example", "locale": "de",
    "holiday_region": "DE-BY", "external_id": "crm-4711", "metadata": {"branch": "Nord"}
}))]
pub struct CreateCustomer {
    /// The provider's own number, unique per provider; one is made up if it is absent. Cannot be changed later.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 50,
        pattern = "^[A-Za-z0-9._/-]+$",
        example = "K-10042"
    )]
    pub customer_number: Option<String>,
    /// Consumer or business. Cannot be changed later.
    pub customer_type: CustomerTypeDto,
    /// Name of the person or firm.
    #[schema(min_length = 1, max_length = 200, example = "Praxis Dr. Beispiel")]
    pub name: String,
    /// Where mail goes.
    #[schema(
        format = "email",
        min_length = 3,
        max_length = 254,
        example = "praxis@beispiel.example"
    )]
    pub email: String,
    /// Language in which the customer is addressed; the provider's own if absent.
    #[schema(nullable = false)]
    pub locale: Option<LanguageDto>,
    /// Land whose holidays extend withdrawal periods (§ 193 BGB).
    #[schema(value_type = Option<String>, max_length = 14, pattern = "^DE-[A-Z]{2}(-K|-Augsburg)?$", example = "DE-BY")]
    pub holiday_region: Option<HolidayRegion>,
    /// Id in your own system, unique per provider.
    #[schema(min_length = 1, max_length = 255, example = "crm-4711")]
    pub external_id: Option<String>,
    /// Where invoices are addressed to. Above 250.00, and in reverse charge always, an invoice needs it (§ 14 Abs. 4 UStG,
    /// § 33 UStDV).
    pub billing_address: Option<AddressDto>,
    /// VAT identification number, in the form its state gives it. A business in another member state is invoiced without tax
    /// (reverse charge).
    #[schema(pattern = "^[A-Z]{2}[A-Z0-9+*]{2,12}$", max_length = 14, example = "DE811234567")]
    pub vat_id: Option<String>,
    /// Why no tax is charged to this customer, in the words that stand on the invoice.
    #[schema(min_length = 1, max_length = 200, example = json!(null))]
    pub tax_exemption: Option<String>,
    /// Free key-value pairs: at most 50, keys up to 40 and values up to 500 characters.
    #[serde(default)]
    #[schema(required = false, schema_with = metadata_schema)]
    pub metadata: BTreeMap<String, String>,
    /// Test clock that will give the customer's business time; sandbox providers only. Cannot be changed later.
    #[schema(
        pattern = "^clk_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "clk_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub test_clock_id: Option<String>,
}

/// Changes to a customer (merge patch, RFC 7396): absent members stay as they are, `null` removes.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCustomer {
    /// Cannot be changed; accepted if it is the number the customer has.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 50, example = "K-10042")]
    pub customer_number: Option<Option<String>>,
    /// Cannot be changed; accepted if it is the type the customer has.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = CustomerTypeDto, required = false)]
    pub customer_type: Option<Option<CustomerTypeDto>>,
    /// Name of the person or firm.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200, example = "Praxis Dr. Muster")]
    pub name: Option<Option<String>>,
    /// Where mail goes.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, format = "email", min_length = 3, max_length = 254, example = "neu@beispiel.example")]
    pub email: Option<Option<String>>,
    /// Language in which the customer is addressed; `null` for the provider's own.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<LanguageDto>, required = false)]
    pub locale: Option<Option<LanguageDto>>,
    /// Land whose holidays extend withdrawal periods.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, required = false, max_length = 14, pattern = "^DE-[A-Z]{2}(-K|-Augsburg)?$", example = "DE-BE")]
    pub holiday_region: Option<Option<HolidayRegion>>,
    /// Id in your own system.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 255, example = "crm-4712")]
    pub external_id: Option<Option<String>>,
    /// Where the next invoices are addressed to; only the members named change, `null` removes the address.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<UpdateAddress>, required = false)]
    pub billing_address: Option<Option<UpdateAddress>>,
    /// VAT identification number.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, required = false, pattern = "^[A-Z]{2}[A-Z0-9+*]{2,12}$", max_length = 14, example = "ATU12345678")]
    pub vat_id: Option<Option<String>>,
    /// Why no tax is charged to this customer.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 200, example = json!(null))]
    pub tax_exemption: Option<Option<String>>,
    /// Pairs to add or replace; a pair of `null` is removed, `null` as a whole removes all.
    #[serde(default, deserialize_with = "present")]
    #[schema(required = false, schema_with = metadata_patch_schema)]
    pub metadata: Option<Option<BTreeMap<String, Option<String>>>>,
}

/// Tells `null` (`Some(None)`) from an absent member (`None`).
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// At most 50 pairs of keys up to 40 and values up to 500 characters.
fn metadata_schema() -> Object {
    let value = ObjectBuilder::new().schema_type(Type::String).max_length(Some(500));
    metadata_object(SchemaType::Type(Type::Object), value, "Nord".into())
}

/// Metadata of a merge patch: a pair of `null` is removed.
fn metadata_patch_schema() -> Object {
    let text_or_null = SchemaType::from_iter([Type::String, Type::Null]);
    let value = ObjectBuilder::new().schema_type(text_or_null).max_length(Some(500));
    metadata_object(
        SchemaType::from_iter([Type::Object, Type::Null]),
        value,
        serde_json::Value::Null,
    )
}

fn metadata_object(schema_type: SchemaType, value: ObjectBuilder, branch: serde_json::Value) -> Object {
    ObjectBuilder::new()
        .schema_type(schema_type)
        .description(Some(
            "Free key-value pairs: at most 50, keys up to 40 and values up to 500 characters.",
        ))
        .max_properties(Some(50))
        .additional_properties(Some(Schema::from(value)))
        .examples([serde_json::json!({ "branch": branch })])
        .build()
}

/// Which customers a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CustomerParams {
    /// Only the customer with this number.
    #[param(nullable = false, max_length = 50, example = "K-10042")]
    pub customer_number: Option<String>,
    /// Only the customer with this id in your own system.
    #[param(nullable = false, max_length = 255, example = "crm-4711")]
    pub external_id: Option<String>,
    /// Only customers with exactly this e-mail address.
    #[param(nullable = false, max_length = 254, example = "praxis@beispiel.example")]
    pub email: Option<String>,
    /// Only consumers or only businesses.
    #[param(nullable = false, inline)]
    pub customer_type: Option<CustomerTypeDto>,
    /// Only customers on this test clock.
    #[param(nullable = false, max_length = 30, example = "clk_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub test_clock_id: Option<String>,
    /// Only customers created after this instant.
    #[param(nullable = false, inline, example = "2026-01-01T00:00:00Z")]
    pub created_after: Option<Instant>,
    /// Only customers created before this instant.
    #[param(nullable = false, inline, example = "2027-01-01T00:00:00Z")]
    pub created_before: Option<Instant>,
}

list_of!(
    /// Customers, newest first.
    CustomerList of CustomerDto
);

/// A person or firm who holds contracts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
pub struct CustomerDto {
    /// Id of the customer.
    #[schema(
        pattern = "^cus_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Number by which people name the customer, unique per provider.
    #[schema(max_length = 50, example = "K-10042")]
    pub customer_number: String,
    /// Consumer or business.
    pub customer_type: CustomerTypeDto,
    /// Name of the person or firm.
    #[schema(max_length = 200, example = "Praxis Dr. Beispiel")]
    pub name: String,
    /// Where mail goes.
    #[schema(format = "email", max_length = 254, example = "praxis@beispiel.example")]
    pub email: String,
    /// Language in which the customer is addressed.
    pub locale: LanguageDto,
    /// Land whose holidays extend withdrawal periods.
    #[schema(required, max_length = 14, example = "DE-BY")]
    pub holiday_region: Option<String>,
    /// Id in your own system.
    #[schema(required, max_length = 255, example = "crm-4711")]
    pub external_id: Option<String>,
    /// Free key-value pairs.
    #[schema(required, schema_with = metadata_schema)]
    pub metadata: BTreeMap<String, String>,
    /// Where invoices are addressed to.
    #[schema(required)]
    pub billing_address: Option<AddressDto>,
    /// VAT identification number.
    #[schema(required, max_length = 14, example = "DE811234567")]
    pub vat_id: Option<String>,
    /// Why no tax is charged to this customer.
    #[schema(required, max_length = 200, example = json!(null))]
    pub tax_exemption: Option<String>,
    /// Whether the customer has paid what was due.
    pub payment_status: PaymentStatusDto,
    /// What was paid too much; used for the next invoices.
    pub balance: MoneyDto,
    /// Test clock that gives the customer's business time.
    #[schema(required, max_length = 30, example = json!(null))]
    pub test_clock_id: Option<String>,
    /// When the customer was created, on the wall clock.
    pub created_at: Instant,
    /// When its data last changed, on the wall clock.
    pub updated_at: Instant,
}

impl From<Customer> for CustomerDto {
    fn from(customer: Customer) -> Self {
        Self {
            id: customer.id,
            customer_number: customer.customer_number,
            customer_type: customer.customer_type.into(),
            name: customer.name,
            email: customer.email,
            locale: customer.locale.into(),
            holiday_region: customer.holiday_region.map(|region| region.to_string()),
            external_id: customer.external_id,
            metadata: customer.metadata,
            billing_address: customer.billing.address.map(Into::into),
            vat_id: customer.billing.vat_id,
            tax_exemption: customer.billing.tax_exemption,
            payment_status: customer.payment_status.into(),
            balance: customer.balance.into(),
            test_clock_id: customer.test_clock_id,
            created_at: customer.created_at.into(),
            updated_at: customer.updated_at.into(),
        }
    }
}

impl From<CreateCustomer> for NewCustomer {
    fn from(body: CreateCustomer) -> Self {
        Self {
            customer_number: body.customer_number,
            customer_type: body.customer_type.into(),
            name: body.name,
            email: body.email,
            locale: body.locale.map(Into::into),
            holiday_region: body.holiday_region,
            external_id: body.external_id,
            metadata: body.metadata,
            billing: BillingDetails {
                address: body.billing_address.map(Into::into),
                vat_id: body.vat_id,
                tax_exemption: body.tax_exemption,
            },
            test_clock_id: body.test_clock_id,
        }
    }
}

impl From<UpdateCustomer> for CustomerPatch {
    fn from(body: UpdateCustomer) -> Self {
        Self {
            customer_number: body.customer_number,
            customer_type: body.customer_type.map(|customer_type| customer_type.map(Into::into)),
            name: body.name,
            email: body.email,
            locale: body.locale.map(|locale| locale.map(Into::into)),
            holiday_region: body.holiday_region,
            external_id: body.external_id,
            billing_address: body.billing_address.map(|address| address.map(Into::into)),
            vat_id: body.vat_id,
            tax_exemption: body.tax_exemption,
            metadata: body.metadata,
        }
    }
}

impl From<CustomerParams> for CustomerQuery {
    fn from(params: CustomerParams) -> Self {
        Self {
            customer_number: params.customer_number,
            external_id: params.external_id,
            email: params.email,
            customer_type: params.customer_type.map(Into::into),
            test_clock_id: params.test_clock_id,
            created_after: params.created_after.map(|instant| instant.0),
            created_before: params.created_before.map(|instant| instant.0),
        }
    }
}
