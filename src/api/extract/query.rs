//! Query parameters: unknown, repeated and wrong ones are all named.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use validator::Validate;

use super::{faults, rules};
use crate::api::problem::{Problem, ProblemCode};
use crate::error::{AppError, FieldError, FieldPlace};

/// Query parameters, read strictly and checked. `T` denies unknown fields and derives `Validate`. `limit` and `cursor` are left
/// to `crate::api::pagination::Paging`; where an operation has none, the route guard refuses them.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

/// For operations that know no query parameters (or, as lists, only those of the page).
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

impl<T: DeserializeOwned + Validate> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()).map(Self))
    }
}

fn read<T: DeserializeOwned + Validate>(query: &str) -> Result<T, Problem> {
    let mut pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let mut errors = repeated(&mut pairs);
    errors.extend(with_nul(&mut pairs));
    pairs.retain(|(name, _)| name != "limit" && name != "cursor");
    loop {
        let deserializer =
            serde::de::value::MapDeserializer::new(pairs.iter().map(|(name, value)| (name.as_str(), Part(value))));
        let error = match serde_path_to_error::deserialize::<_, T>(deserializer) {
            Ok(value) if errors.is_empty() => return value.validate().map(|()| value).map_err(|error| invalid(&error)),
            Ok(_) => return Err(refusal(errors)),
            Err(error) => error,
        };
        let fault = faults::fault(&error.inner().to_string());
        let name = fault.member.clone().unwrap_or_else(|| error.path().to_string());
        errors.push(fault.at(FieldPlace::Query(name.clone())));
        let before = pairs.len();
        pairs.retain(|(known, _)| *known != name);
        if pairs.len() == before {
            return Err(refusal(errors));
        }
    }
}

/// Takes out parameters that are given more than once.
fn repeated(pairs: &mut Vec<(String, String)>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut index = 0;
    while let Some((name, _)) = pairs.get(index).cloned() {
        if pairs.iter().filter(|(other, _)| *other == name).count() > 1 {
            errors.push(faults::fault("duplicate field").at(FieldPlace::Query(name.clone())));
            pairs.retain(|(other, _)| *other != name);
        } else {
            index += 1;
        }
    }
    errors
}

/// Takes out parameters with a U+0000 in them, which is no text and which PostgreSQL cannot compare.
fn with_nul(pairs: &mut Vec<(String, String)>) -> Vec<FieldError> {
    let (bad, good) = std::mem::take(pairs)
        .into_iter()
        .partition(|(name, value)| name.contains('\0') || value.contains('\0'));
    *pairs = good;
    let fault = |(name, _): (String, String)| faults::fault("invalid value: U+0000").at(FieldPlace::Query(name));
    let bad: Vec<(String, String)> = bad;
    bad.into_iter().map(fault).collect()
}

/// `unknown_parameter` when that is all there is to say, otherwise `invalid_parameter`.
fn refusal(errors: Vec<FieldError>) -> Problem {
    let unknown = errors.iter().all(|error| error.code == "unknown_field");
    let code = if unknown {
        ProblemCode::UnknownParameter
    } else {
        ProblemCode::InvalidParameter
    };
    Problem::new(code).errors(errors)
}

fn invalid(errors: &validator::ValidationErrors) -> Problem {
    let errors = rules::broken(errors).into_iter().map(|mut error| {
        if let FieldPlace::Pointer(pointer) = error.place {
            error.place = FieldPlace::Query(pointer.trim_start_matches('/').to_owned());
        }
        error
    });
    AppError::Validation(errors.collect()).into()
}

use part::Part;

/// One value of the query, readable as text, number, truth value or choice.
mod part {
    use serde::de::value::Error;
    use serde::de::{Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
    use serde::forward_to_deserialize_any;

    #[derive(Clone, Copy)]
    pub struct Part<'a>(pub &'a str);

    impl<'de> IntoDeserializer<'de, Error> for Part<'de> {
        type Deserializer = Self;

        fn into_deserializer(self) -> Self {
            self
        }
    }

    /// Declares how a number type is read.
    macro_rules! parsed {
        ($($method:ident => $visit:ident),+ $(,)?) => {
            $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
                match self.0.parse() {
                    Ok(value) => visitor.$visit(value),
                    Err(_) => Err(Error::invalid_value(Unexpected::Other("text"), &visitor)),
                }
            })+
        };
    }

    impl<'de> Deserializer<'de> for Part<'de> {
        type Error = Error;

        parsed!(
            deserialize_bool => visit_bool,
            deserialize_i8 => visit_i8, deserialize_i16 => visit_i16, deserialize_i32 => visit_i32, deserialize_i64 => visit_i64,
            deserialize_u8 => visit_u8, deserialize_u16 => visit_u16, deserialize_u32 => visit_u32, deserialize_u64 => visit_u64,
        );

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_borrowed_str(self.0)
        }

        fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_some(self)
        }

        fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_newtype_struct(self)
        }

        fn deserialize_enum<V: Visitor<'de>>(
            self,
            _: &'static str,
            _: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Error> {
            visitor.visit_enum(self.0.into_deserializer())
        }

        forward_to_deserialize_any! {
            i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
            ignored_any
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Status {
        Active,
        Ended,
    }

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct List {
        #[validate(range(min = 1, max = 100))]
        users: Option<u32>,
        status: Option<Status>,
        from: Option<String>,
    }

    fn refused(query: &str) -> (ProblemCode, String) {
        let problem = read::<List>(query).expect_err(query);
        let document = format!("{problem:?}");
        (problem.code(), document)
    }

    #[test]
    fn good_parameters_are_read() {
        let list = read::<List>("users=7&status=ended&from=a%2Bb+c").expect("good");
        assert_eq!((list.users, list.from.as_deref()), (Some(7), Some("a+b c")));
        assert!(matches!(list.status, Some(Status::Ended)));
        assert!(matches!(
            read::<List>("status=active").expect("good").status,
            Some(Status::Active)
        ));
        assert!(read::<List>("limit=1&cursor=x").is_ok());
        assert!(read::<List>("").expect("good").users.is_none());
    }

    #[test]
    fn unknown_repeated_and_wrong_parameters_are_named() {
        assert_eq!(refused("usrs=7").0, ProblemCode::UnknownParameter);
        for query in [
            "users=x",
            "users=",
            "users=0",
            "users=101",
            "users=1.0",
            "users=7&users=8",
            "status=gone",
        ] {
            assert_eq!(refused(query).0, ProblemCode::InvalidParameter, "{query}");
        }
        let (code, document) = refused("users=x&status=gone&what=1&from=a&from=b");
        assert_eq!(code, ProblemCode::InvalidParameter);
        for name in ["users", "status", "what", "from"] {
            assert!(document.contains(&format!("Query(\"{name}\")")), "{name} in {document}");
        }
    }
}
