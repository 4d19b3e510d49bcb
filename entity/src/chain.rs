//! An error for operators: everything behind it, in one line.

use std::error::Error;

/// `outermost: next: …: root`. A layer whose text already ends in its source's text does not say it twice.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let said = source.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::chain;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Said(&'static str, #[source] Option<Box<Said>>);

    #[test]
    fn every_layer_is_said_once() {
        let root = Said("refused", None);
        let middle = Said("cannot connect: refused", Some(Box::new(root)));
        assert_eq!(chain(&Said("no charts", Some(Box::new(middle)))), "no charts: cannot connect: refused");
    }
}
