//! The catalogue's answers: `{"artists": [ … ]}` to a question about several, the object itself to a question about one.
//!
//! Both are one kind of document here, so that Development Mode (single answers) and Extended Mode (batches) archive, load
//! and replay alike. In a batch, `null` stands where Spotify has nothing; that is an answer and nothing to set aside.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::Error;

/// The items of an answer whose list is called `list`; a single object is a list of one. `None` stands for `null`.
pub(super) fn items(bytes: &[u8], list: &str) -> Result<Vec<Option<Box<RawValue>>>, Error> {
    // Only the outermost names are looked at here: what is behind them is read item by item.
    let mut document: HashMap<String, Box<RawValue>> = serde_json::from_slice(bytes).map_err(Error::Json)?;
    match document.remove(list) {
        Some(items) => serde_json::from_str(items.get()).map_err(Error::Json),
        None => Ok(vec![Some(serde_json::from_slice(bytes).map_err(Error::Json)?)]),
    }
}

/// Places in the answer, from 0, where Spotify has nothing. `list` is what a batch calls its list.
pub fn absent(bytes: &[u8], list: &str) -> Result<Vec<usize>, Error> {
    let items = items(bytes, list)?;
    Ok(items.iter().enumerate().filter(|(_, item)| item.is_none()).map(|(position, _)| position).collect())
}

#[cfg(test)]
mod tests {
    use super::{absent, items};

    #[test]
    fn one_object_is_a_list_of_one() {
        assert_eq!(items(br#"{"id":"a","genres":[]}"#, "artists").unwrap().len(), 1);
        assert_eq!(items(br#"{"artists":[{"id":"a"},null,{"id":"b"}]}"#, "artists").unwrap().len(), 3);
        assert!(items(b"<html></html>", "artists").is_err());
        assert!(items(br#"{"artists":7}"#, "artists").is_err());
    }

    #[test]
    fn null_is_an_answer() {
        assert_eq!(absent(br#"{"tracks":[null,{"id":"a"},null]}"#, "tracks").unwrap(), [0, 2]);
        assert_eq!(absent(br#"{"id":"a"}"#, "tracks").unwrap(), Vec::<usize>::new());
    }
}
