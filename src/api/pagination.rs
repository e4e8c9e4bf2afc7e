//! Cursor lists: `?limit=20&cursor=…`, answered as `{data, has_more, next_cursor}` with `Link: …; rel="next"`.
//!
//! A cursor is opaque: base64url of where the page begins and of the list and filters it belongs to, sealed with an HMAC, so
//! that a client can neither read meaning into it nor make one up.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use super::problem::{Problem, ProblemCode};
use crate::domain::digest::hex;
use crate::error::{AppError, FieldError};
use crate::page::{Page, PageKey, PageRequest};
use crate::state::AppState;

/// Items of a page when the caller does not say.
const DEFAULT_LIMIT: u32 = 20;
/// Most items of a page.
const MAX_LIMIT: u32 = 100;
/// Version of the cursor's content.
const CURSOR_VERSION: u8 = 1;
/// Bytes of the seal.
const SEAL_BYTES: usize = 16;

/// The parameters of every list, for its documentation: `params(PageParams)`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation only; Paging reads the values")]
pub struct PageParams {
    /// Items per page.
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false, example = 20)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; keep the other parameters as they were.
    #[param(max_length = 1000, pattern = "^[A-Za-z0-9_-]+$", nullable = false)]
    cursor: Option<String>,
}

/// Extractor of `limit` and `cursor`, and the way back: the page as an answer.
#[derive(Debug, Clone)]
pub struct Paging {
    /// Which page is wanted.
    pub request: PageRequest,
    key: Vec<u8>,
    path: String,
    filters: Vec<(String, String)>,
}

/// What a cursor holds.
#[derive(Serialize, Deserialize)]
struct Cursor {
    v: u8,
    s: String,
    i: String,
    f: String,
}

impl FromRequest for Paging {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<Paging, Problem> {
    let Some(state) = request.app_data::<web::Data<AppState>>() else {
        return Err(AppError::internal("the application state is not registered").into());
    };
    let secret = state
        .config
        .preview_key()
        .map_err(|error| AppError::Internal(error.into()))?;
    Paging::parse(secret.expose().as_bytes(), request.path(), request.query_string())
}

impl Paging {
    fn parse(secret: &[u8], path: &str, query: &str) -> Result<Self, Problem> {
        let mut paging = Self {
            request: PageRequest {
                limit: DEFAULT_LIMIT,
                after: None,
            },
            key: seal(secret, b"list cursors"),
            path: path.to_owned(),
            filters: Vec::new(),
        };
        let mut cursor = None;
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
            match name.as_str() {
                "limit" => paging.request.limit = limit(&value)?,
                "cursor" => cursor = Some(value),
                _ => paging.filters.push((name, value)),
            }
        }
        paging.filters.sort();
        if let Some(text) = cursor {
            paging.request.after = Some(paging.open(&text)?);
        }
        Ok(paging)
    }

    /// Hash of the list and its filters.
    fn fingerprint(&self) -> String {
        let mut hasher = Sha256::new_with_prefix(self.path.as_bytes());
        for (name, value) in &self.filters {
            for part in [name, value] {
                hasher.update([0]);
                hasher.update(part.as_bytes());
            }
        }
        hex(&hasher.finalize()[..8])
    }

    fn open(&self, text: &str) -> Result<PageKey, Problem> {
        let invalid = || Problem::new(ProblemCode::InvalidCursor);
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        let (content, sent) = bytes
            .len()
            .checked_sub(SEAL_BYTES)
            .map(|end| bytes.split_at(end))
            .ok_or_else(invalid)?;
        let expected = seal(&self.key, content);
        if !bool::from(subtle::ConstantTimeEq::ct_eq(sent, &expected[..SEAL_BYTES])) {
            return Err(invalid());
        }
        let cursor: Cursor = serde_json::from_slice(content).map_err(|_| invalid())?;
        if cursor.v != CURSOR_VERSION {
            return Err(invalid());
        }
        if cursor.f != self.fingerprint() {
            return Err(Problem::new(ProblemCode::CursorMismatch));
        }
        Ok(PageKey {
            sort: cursor.s,
            id: cursor.i,
        })
    }

    fn close(&self, key: PageKey) -> Result<String, Problem> {
        let cursor = Cursor {
            v: CURSOR_VERSION,
            s: key.sort,
            i: key.id,
            f: self.fingerprint(),
        };
        let mut bytes = serde_json::to_vec(&cursor).map_err(|error| AppError::Internal(error.into()))?;
        let tag = seal(&self.key, &bytes);
        bytes.extend_from_slice(&tag[..SEAL_BYTES]);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Answers with the page; `L` is the list struct made by [`list_of!`](crate::list_of).
    ///
    /// # Errors
    /// Internal, when the page cannot be written as JSON.
    pub fn respond<T, L>(&self, page: Page<T>) -> Result<HttpResponse, Problem>
    where
        L: From<(Vec<T>, Option<String>)> + Serialize,
    {
        let next = page.next.map(|key| self.close(key)).transpose()?;
        let mut response = HttpResponse::Ok();
        if let Some(cursor) = &next {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in &self.filters {
                query.append_pair(name, value);
            }
            query
                .append_pair("limit", &self.request.limit.to_string())
                .append_pair("cursor", cursor);
            response.insert_header((
                header::LINK,
                format!("<{}?{}>; rel=\"next\"", self.path, query.finish()),
            ));
        }
        Ok(response.json(L::from((page.items, next))))
    }
}

fn limit(text: &str) -> Result<u32, Problem> {
    match text.parse::<u32>() {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        _ => {
            let error = FieldError::query(
                "limit",
                "out_of_range",
                "Der Wert muss zwischen 1 und 100 liegen.",
                "The value must be between 1 and 100.",
            );
            Err(AppError::field(error.with("min", 1).with("max", MAX_LIMIT)).into())
        }
    }
}

fn seal(key: &[u8], content: &[u8]) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac.chain_update(content).finalize().into_bytes().to_vec(),
        // HMAC takes keys of any length.
        Err(_) => Sha256::digest(content).to_vec(),
    }
}

/// Declares the answer of a list, `list_of!(/// Contracts. SubscriptionList of Subscription);`: a struct of its own per resource,
/// because generic schemas would be written out in full and give clients ugly names.
#[macro_export]
macro_rules! list_of {
    ($(#[$doc:meta])* $list:ident of $item:ty) => {
        $(#[$doc])*
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        pub struct $list {
            /// The items of this page.
            #[schema(max_items = 100)]
            pub data: Vec<$item>,
            /// Whether there is a next page.
            #[schema(example = false)]
            pub has_more: bool,
            /// Parameter `cursor` of the next page; `null` on the last page.
            #[schema(max_length = 1000, example = json!(null))]
            pub next_cursor: Option<String>,
        }

        impl From<(Vec<$item>, Option<String>)> for $list {
            fn from((data, next_cursor): (Vec<$item>, Option<String>)) -> Self {
                Self { data, has_more: next_cursor.is_some(), next_cursor }
            }
        }
    };
}

/// The page of a list that is at hand as a whole, newest first.
pub fn page_after<T>(mut items: Vec<T>, request: &PageRequest, id: impl Fn(&T) -> &String) -> Page<T> {
    if let Some(after) = &request.after {
        items.retain(|item| *id(item) < after.id);
    }
    items.truncate(usize::try_from(request.rows()).unwrap_or(usize::MAX));
    Page::cut(items, request, |item| PageKey::of_id(id(item)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"secret";

    list_of!(
        /// Words.
        WordList of String
    );

    fn parse(path: &str, query: &str) -> Result<Paging, ProblemCode> {
        Paging::parse(SECRET, path, query).map_err(|problem| problem.code())
    }

    fn key() -> PageKey {
        PageKey {
            sort: "2026-01-01".to_owned(),
            id: "sub_1".to_owned(),
        }
    }

    #[test]
    fn a_cursor_leads_back_to_where_the_page_ended() {
        let first = parse("/v1/a", "status=active&limit=5").expect("fine");
        let cursor = first.close(key()).expect("fine");
        let second = parse("/v1/a", &format!("limit=7&cursor={cursor}&status=active")).expect("fine");
        assert_eq!(
            second.request,
            PageRequest {
                limit: 7,
                after: Some(key())
            }
        );
    }

    #[test]
    fn a_cursor_belongs_to_its_list_and_filters_and_cannot_be_made_up() {
        let cursor = parse("/v1/a", "status=active")
            .expect("fine")
            .close(key())
            .expect("fine");
        assert_eq!(
            parse("/v1/a", &format!("cursor={cursor}")).err(),
            Some(ProblemCode::CursorMismatch)
        );
        assert_eq!(
            parse("/v1/b", &format!("status=active&cursor={cursor}")).err(),
            Some(ProblemCode::CursorMismatch)
        );
        let foreign = Paging::parse(b"other", "/v1/a", "status=active")
            .expect("fine")
            .close(key())
            .expect("fine");
        for text in [foreign.as_str(), "", "x", "AAAA", &cursor[1..], &format!("{cursor}A")] {
            let outcome = parse("/v1/a", &format!("status=active&cursor={text}"));
            assert_eq!(outcome.err(), Some(ProblemCode::InvalidCursor), "{text}");
        }
    }

    #[test]
    fn limits_go_from_1_to_100() {
        assert_eq!(parse("/v1/a", "").expect("fine").request.limit, 20);
        assert_eq!(parse("/v1/a", "limit=100").expect("fine").request.limit, 100);
        for text in ["0", "101", "-1", "x", "", "4294967297"] {
            assert_eq!(
                parse("/v1/a", &format!("limit={text}")).err(),
                Some(ProblemCode::InvalidParameter),
                "{text}"
            );
        }
    }

    #[actix_web::test]
    async fn the_answer_links_to_the_next_page() {
        let paging = parse("/v1/a", "q=a%20b&limit=1").expect("fine");
        let page = Page {
            items: vec!["x".to_owned()],
            next: Some(key()),
        };
        let response = paging.respond::<_, WordList>(page).expect("fine");
        let link = response
            .headers()
            .get("link")
            .expect("set")
            .to_str()
            .expect("text")
            .to_owned();
        let body = actix_web::body::to_bytes(response.into_body())
            .await
            .unwrap_or_default();
        let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        let cursor = body["next_cursor"].as_str().expect("a cursor");
        assert_eq!(link, format!("</v1/a?q=a+b&limit=1&cursor={cursor}>; rel=\"next\""));
        assert_eq!(
            (&body["has_more"], &body["data"]),
            (&true.into(), &serde_json::json!(["x"]))
        );
        let last = paging
            .respond::<_, WordList>(Page {
                items: Vec::<String>::new(),
                next: None,
            })
            .expect("fine");
        assert!(last.headers().get("link").is_none());
    }
}
