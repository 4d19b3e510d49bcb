//! Pages: how many, and behind what.
//!
//! A cursor is the place of a row in its list's order, with the list's name, so that a cursor of another list is refused
//! instead of meaning something else.

use async_graphql::SimpleObject;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::bad_user_input;

/// The longest page.
pub(super) const FIRST_MAX: i32 = 100;

/// Where a page stands in its list. A cursor is a place in the list's order and not a count of rows, so what has not changed
/// itself is read once, even while plays arrive between pages.
#[derive(SimpleObject)]
pub(super) struct PageInfo {
    /// Whether there is more behind this page.
    pub(super) has_next_page: bool,
    /// Whether there is more before this page.
    pub(super) has_previous_page: bool,
    /// The cursor of this page's first row; null on an empty page.
    pub(super) start_cursor: Option<String>,
    /// The cursor of this page's last row, for the next page's `after`; null on an empty page.
    pub(super) end_cursor: Option<String>,
}

/// The length of a page, or a sentence that names the bounds and how to get more.
pub(super) fn page_length(first: i32) -> async_graphql::Result<usize> {
    let refused = || format!("`first` is {first}: expected 1 to {FIRST_MAX}; ask for more page by page, with `after`");
    within_bounds(first).ok_or_else(|| bad_user_input(refused()))
}

/// The length of a list that has no further pages, or a sentence that names the bounds.
pub(super) fn list_length(first: i32) -> async_graphql::Result<usize> {
    within_bounds(first).ok_or_else(|| bad_user_input(format!("`first` is {first}: expected 1 to {FIRST_MAX}")))
}

fn within_bounds(first: i32) -> Option<usize> {
    usize::try_from(first).ok().filter(|first| (1..=FIRST_MAX as usize).contains(first))
}

/// A place in the list `list`.
pub(super) fn cursor<P: Serialize>(list: &str, place: &P) -> String {
    let text = serde_json::to_string(&(list, place)).expect("a place is numbers and texts");
    URL_SAFE_NO_PAD.encode(text)
}

/// Reads a cursor of `list`.
pub(super) fn place<P: DeserializeOwned>(list: &str, cursor: &str) -> async_graphql::Result<P> {
    let read = || {
        let text = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (name, place): (String, P) = serde_json::from_slice(&text).ok()?;
        (name == list).then_some(place)
    };
    read().ok_or_else(|| {
        bad_user_input("`after` is not a cursor of this list: pass the `endCursor` of a page with the same arguments")
    })
}

#[cfg(test)]
mod tests {
    use super::{cursor, list_length, page_length, place};

    #[test]
    fn a_cursor_is_read_by_its_own_list_only() {
        let text = cursor("genres/plays", &(7, -1, "dream pop"));
        assert_eq!(place::<(i64, i64, String)>("genres/plays", &text).unwrap(), (7, -1, "dream pop".to_owned()));
        assert!(place::<(i64, i64, String)>("artists/plays", &text).is_err());
        assert!(place::<(i64, i64, i32)>("genres/plays", &text).is_err());
        assert!(place::<(i64, i64, String)>("genres/plays", "%%%").is_err());
    }

    #[test]
    fn a_page_has_1_to_100_rows() {
        assert_eq!(page_length(1).unwrap(), 1);
        assert_eq!(page_length(100).unwrap(), 100);
        for bad in [0, -1, 101, i32::MIN] {
            let message = list_length(bad).unwrap_err().message;
            assert_eq!(message, format!("`first` is {bad}: expected 1 to 100"));
            assert!(page_length(bad).unwrap_err().message.starts_with(&message));
        }
    }
}
