//! How names are compared when somebody searches: without case, accents and punctuation. `ingest` stores a name's folded
//! form beside it, `api` folds what was typed the same way, and so both databases find the same.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The folded form: compatibility decomposition (NFKD) without marks, lower case, runs of anything but letters and digits as
/// one space. `"Beyoncé — Déjà Vu!"` becomes `"beyonce deja vu"`.
pub fn fold(name: &str) -> String {
    let plain = name.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let mut folded = String::with_capacity(name.len());
    for c in plain {
        if c.is_alphanumeric() {
            folded.push(c);
        } else if !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn case_accents_and_punctuation_do_not_matter() {
        assert_eq!(fold("Beyoncé — Déjà Vu!"), "beyonce deja vu");
        assert_eq!(fold("Ｍötley  Crüe"), "motley crue");
        assert_eq!(fold("!!!"), "");
        assert_eq!(fold("100% 椎名林檎"), "100 椎名林檎");
    }
}
