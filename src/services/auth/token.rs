//! Access tokens: EdDSA JWTs (RFC 8725, RFC 9068) that carry the whole principal, so that no request needs the database to
//! know who is asking.

use std::collections::HashMap;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::keys::SigningKeys;
use super::secret;
use crate::domain::access::{Principal, PrincipalKind, Role, Scopes};
use crate::domain::ids::IdKind;
use crate::error::{AppError, AuthFailure};

/// What the clocks of several servers may differ.
const LEEWAY: Duration = Duration::seconds(30);
/// RFC 9068: the type keeps other signed documents of ours from being taken for access tokens.
const TYPE: &str = "at+jwt";
/// For whom the tokens are meant.
const AUDIENCE: &str = "vertragswerk";

/// How many tokens are remembered as well signed; beyond that all are forgotten and checked anew.
const REMEMBERED: usize = 4_096;

/// Issues and verifies access tokens.
#[derive(Debug)]
pub struct AccessTokens {
    keys: SigningKeys,
    issuer: String,
    /// Tokens whose signature and claims have been checked: a client sends the same one with every request, and checking the
    /// signature costs as much as a statement. Whether they are still good in time is asked every time.
    checked: Mutex<HashMap<String, Arc<Checked>>>,
}

/// What a well-signed token says.
#[derive(Debug)]
struct Checked {
    principal: Principal,
    starts: i64,
    expires: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// `usr_…`, or `cus_…` for a session.
    sub: String,
    iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    exp: i64,
    jti: String,
    /// Provider.
    prv: String,
    /// The only customer the holder may see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cus: Option<String>,
    /// Role.
    rol: String,
    /// Scopes, separated by spaces.
    scp: String,
    /// Who opened a session (RFC 8693 section 4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    act: Option<ActorClaim>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ActorClaim {
    sub: String,
}

impl AccessTokens {
    /// Tokens signed with `keys`; `issuer` is the address under which clients reach the server.
    pub fn new(keys: SigningKeys, issuer: String) -> Self {
        Self {
            keys,
            issuer,
            checked: Mutex::default(),
        }
    }

    /// The keys, for those who verify tokens themselves.
    pub fn keys(&self) -> &SigningKeys {
        &self.keys
    }

    /// A token for `principal`, good from `now` for `lifetime`.
    ///
    /// # Errors
    /// If signing fails: a fault of the server.
    pub(super) fn issue(
        &self,
        principal: &Principal,
        now: OffsetDateTime,
        lifetime: Duration,
    ) -> Result<String, AppError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = self.keys.signing_kid().map(str::to_owned);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: principal.id.clone(),
            iat: now.unix_timestamp(),
            nbf: None,
            exp: (now + lifetime).unix_timestamp(),
            jti: secret::generate(""),
            prv: principal.provider_id.clone(),
            cus: principal.customer_id.clone(),
            rol: principal.role.as_str().to_owned(),
            scp: principal.scopes.to_string(),
            act: principal.opened_by.clone().map(|sub| ActorClaim { sub }),
        };
        encode(&header, &claims, self.keys.signing_key())
            .map_err(|error| AppError::internal(format!("an access token cannot be signed: {error}")))
    }

    /// The principal a token speaks for at `now`.
    ///
    /// # Errors
    /// [`AuthFailure::TokenExpired`] for a good token that is too old, [`AuthFailure::InvalidToken`] for everything else.
    pub fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Principal, AuthFailure> {
        let checked = self.checked(token).ok_or(AuthFailure::InvalidToken)?;
        let leeway = LEEWAY.whole_seconds();
        let seconds = now.unix_timestamp();
        if checked.starts > seconds.saturating_add(leeway) {
            return Err(AuthFailure::InvalidToken);
        }
        if checked.expires.saturating_add(leeway) <= seconds {
            return Err(AuthFailure::TokenExpired);
        }
        Ok(checked.principal.clone())
    }

    /// What the token says, if it is well signed and its claims fit together.
    fn checked(&self, token: &str) -> Option<Arc<Checked>> {
        if let Some(checked) = self.checked.lock().get(token) {
            return Some(Arc::clone(checked));
        }
        let claims = self.verified_claims(token)?;
        let checked = Arc::new(Checked {
            starts: claims.nbf.unwrap_or(claims.iat),
            expires: claims.exp,
            principal: principal_of(claims)?,
        });
        let mut remembered = self.checked.lock();
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(token.to_owned(), Arc::clone(&checked));
        Some(checked)
    }

    /// Checks everything but the times: the library would compare those with the machine's clock, not with ours.
    fn verified_claims(&self, token: &str) -> Option<Claims> {
        let header = decode_header(token).ok()?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
            return None;
        }
        let key = self.keys.verifying_key(header.kid.as_deref()?)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        decode::<Claims>(token, key, &validation)
            .ok()
            .map(|verified| verified.claims)
    }
}

/// `None` if the claims do not fit together, whoever signed them.
fn principal_of(claims: Claims) -> Option<Principal> {
    let kind = PrincipalKind::of_id(&claims.sub).filter(|kind| *kind != PrincipalKind::ApiKey)?;
    let role = Role::parse(&claims.rol)?;
    let bound_to_customer = claims.cus.as_deref().is_some_and(|id| IdKind::Customer.matches(id));
    let consistent = IdKind::Provider.matches(&claims.prv)
        && bound_to_customer == (role == Role::Customer)
        && (kind != PrincipalKind::Session || claims.cus.as_deref() == Some(claims.sub.as_str()));
    consistent.then_some(())?;
    Some(Principal {
        kind,
        id: claims.sub,
        provider_id: claims.prv,
        customer_id: claims.cus,
        role,
        // A scope this version no longer knows is simply not granted.
        scopes: known_scopes(&claims.scp).within(&role.scopes()),
        opened_by: claims.act.map(|actor| actor.sub),
    })
}

fn known_scopes(text: &str) -> Scopes {
    text.split(' ')
        .filter_map(crate::domain::access::Scope::parse)
        .collect()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);
    const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

    fn tokens(issuer: &str) -> AccessTokens {
        AccessTokens::new(SigningKeys::from_seed(SEED).expect("a key"), issuer.to_owned())
    }

    fn session() -> Principal {
        let customer = IdKind::Customer.generate();
        Principal {
            kind: PrincipalKind::Session,
            id: customer.clone(),
            provider_id: IdKind::Provider.generate(),
            customer_id: Some(customer),
            role: Role::Customer,
            scopes: Role::Customer.scopes(),
            opened_by: Some(IdKind::ApiKey.generate()),
        }
    }

    #[test]
    fn a_token_carries_the_whole_principal_until_it_expires() {
        let tokens = tokens("https://api.example.com");
        let principal = session();
        let token = tokens.issue(&principal, NOW, Duration::minutes(10)).expect("signed");
        let at = |seconds: i64| tokens.verify(&token, NOW + Duration::seconds(seconds));
        assert_eq!(at(0).as_ref(), Ok(&principal));
        assert_eq!(at(629).as_ref(), Ok(&principal), "within the leeway");
        assert_eq!(at(630), Err(AuthFailure::TokenExpired));
        assert_eq!(at(-30).as_ref(), Ok(&principal));
        assert_eq!(at(-31), Err(AuthFailure::InvalidToken), "issued in the future");
    }

    #[test]
    fn what_is_remembered_is_bounded_and_never_another_token() {
        let tokens = tokens("https://api.example.com");
        let token = tokens.issue(&session(), NOW, Duration::minutes(10)).expect("signed");
        tokens.verify(&token, NOW).expect("good");
        let mut forged = token.clone();
        // Not the last character, of which some bits mean nothing.
        let place = forged.len() - 2..forged.len() - 1;
        let other = if forged[place.clone()] == *"A" { "B" } else { "A" };
        forged.replace_range(place, other);
        assert_eq!(tokens.verify(&forged, NOW), Err(AuthFailure::InvalidToken));
        assert_eq!(tokens.checked.lock().len(), 1, "what is refused is not remembered");
        for number in 0..REMEMBERED {
            let checked = Arc::clone(&tokens.checked(&token).expect("good"));
            tokens.checked.lock().insert(number.to_string(), checked);
        }
        let other = tokens.issue(&session(), NOW, Duration::minutes(10)).expect("signed");
        tokens.verify(&other, NOW).expect("good");
        assert!(tokens.checked.lock().len() <= 2);
    }

    #[test]
    fn tokens_of_other_issuers_and_other_kinds_of_documents_are_refused() {
        let token = tokens("https://other.example.com")
            .issue(&session(), NOW, Duration::minutes(10))
            .expect("signed");
        let ours = tokens("https://api.example.com");
        assert_eq!(ours.verify(&token, NOW), Err(AuthFailure::InvalidToken));
        for garbage in ["", ".", "..", "a.b.c", "vk_test_abc", "é.é.é"] {
            assert_eq!(ours.verify(garbage, NOW), Err(AuthFailure::InvalidToken), "{garbage}");
        }
    }

    #[test]
    fn claims_that_contradict_each_other_are_refused_even_if_well_signed() {
        let tokens = tokens("https://api.example.com");
        let good = session();
        let contradictions = [
            Principal {
                role: Role::Admin,
                ..good.clone()
            },
            Principal {
                customer_id: None,
                ..good.clone()
            },
            Principal {
                customer_id: Some(IdKind::Customer.generate()),
                ..good.clone()
            },
            Principal {
                id: IdKind::ApiKey.generate(),
                ..good.clone()
            },
            Principal {
                provider_id: "prv_x".to_owned(),
                ..good.clone()
            },
        ];
        for principal in contradictions {
            let token = tokens.issue(&principal, NOW, Duration::minutes(10)).expect("signed");
            assert_eq!(
                tokens.verify(&token, NOW),
                Err(AuthFailure::InvalidToken),
                "{principal:?}"
            );
        }
        let greedy = Principal {
            scopes: Role::Admin.scopes(),
            ..good.clone()
        };
        let token = tokens.issue(&greedy, NOW, Duration::minutes(10)).expect("signed");
        assert_eq!(tokens.verify(&token, NOW), Ok(good), "never more than the role");
    }
}
