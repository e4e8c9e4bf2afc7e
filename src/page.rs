//! One page of a list, free of HTTP: what a use case is asked for and what it answers.

/// Where a page begins: after the item with this sort key and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageKey {
    /// The sort key of the last item of the page before, as text that sorts like the column; the id again when the list is
    /// sorted by id.
    pub sort: String,
    /// The id of the last item of the page before.
    pub id: String,
}

impl PageKey {
    /// The key of an item in a list that is sorted by id.
    pub fn of_id(id: &str) -> Self {
        Self {
            sort: id.to_owned(),
            id: id.to_owned(),
        }
    }
}

/// Which page is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many items, 1 to 100.
    pub limit: u32,
    /// Where to begin; `None` for the first page.
    pub after: Option<PageKey>,
}

impl PageRequest {
    /// How many rows to load: one more than wanted, which tells whether there is a next page.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last page.
    pub next: Option<PageKey>,
}

impl<T> Page<T> {
    /// Cuts `rows` (loaded with [`PageRequest::rows`]) to the page; `key` names where an item stands.
    pub fn cut(mut rows: Vec<T>, request: &PageRequest, key: impl Fn(&T) -> PageKey) -> Self {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(key) } else { None };
        Self { items: rows, next }
    }

    /// The same page of something else.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(convert).collect(),
            next: self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extra_row_only_tells_that_there_is_more() {
        let request = PageRequest { limit: 2, after: None };
        assert_eq!(request.rows(), 3);
        let key = |number: &i32| PageKey {
            sort: number.to_string(),
            id: format!("id_{number}"),
        };
        let page = Page::cut(vec![1, 2, 3], &request, key);
        assert_eq!((page.items.as_slice(), page.next), ([1, 2].as_slice(), Some(key(&2))));
        assert_eq!(
            Page::cut(vec![1, 2], &request, key).map(|number| number * 2),
            Page {
                items: vec![2, 4],
                next: None
            }
        );
    }
}
