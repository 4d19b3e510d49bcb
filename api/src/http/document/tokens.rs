//! Counts a document's tokens and open brackets without parsing it, and without recursion.

use super::Fault;
use crate::{error::Code, http::limits::Limits};

/// Open brackets of any kind at one place. The parser refuses at 64 levels too, but only after having recursed.
const BRACKETS_MAX: usize = 64;

/// Refuses documents with too many tokens or brackets, and block strings without an end.
///
/// What matters is to never see *less* nesting than the parser does. Both read strings and comments alike; the one place
/// where they could differ is a block string without an end, which the parser would read again as two short strings.
pub(super) fn check(source: &str, limits: &Limits) -> Result<(), Fault> {
    let bytes = source.as_bytes();
    let (mut at, mut tokens, mut open) = (0, 0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at = after(bytes, at, |byte| !matches!(byte, b'\n' | b'\r'));
                continue;
            }
            b'"' if bytes[at..].starts_with(b"\"\"\"") => after_block_string(bytes, at).ok_or_else(|| {
                Fault::new(Code::GraphqlParseFailed, "A block string that begins with `\"\"\"` has no end.")
            })?,
            b'"' => after_string(bytes, at),
            b'.' => after(bytes, at, |byte| byte == b'.'),
            b'-' | b'0'..=b'9' => after(bytes, at + 1, |byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => after(bytes, at, |byte| byte == b'_' || byte.is_ascii_alphanumeric()),
            b'{' | b'[' | b'(' => {
                open += 1;
                at + 1
            }
            b'}' | b']' | b')' => {
                open = open.saturating_sub(1);
                at + 1
            }
            _ => at + 1,
        };
        tokens += 1;
        if tokens > limits.tokens_max {
            let text = format!("The document is too long: at most {} tokens are accepted.", limits.tokens_max);
            return Err(Fault::new(Code::QueryTooComplex, text));
        }
        if open > BRACKETS_MAX {
            let text = format!("The document has more than {BRACKETS_MAX} brackets inside each other.");
            return Err(Fault::new(Code::QueryTooComplex, text));
        }
    }
    Ok(())
}

/// The first place at or after `at` where the run of such bytes ends.
fn after(bytes: &[u8], at: usize, part: impl Fn(u8) -> bool) -> usize {
    bytes[at..].iter().position(|&byte| !part(byte)).map_or(bytes.len(), |length| at + length)
}

/// A string ends at its quote. One that meets the end of its line first is an error the parser will report.
fn after_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn after_block_string(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 3;
    loop {
        let rest = bytes.get(at..)?;
        if rest.starts_with(b"\\\"\"\"") {
            at += 4;
        } else if rest.starts_with(b"\"\"\"") {
            return Some(at + 3);
        } else if rest.is_empty() {
            return None;
        } else {
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(source: &str) -> usize {
        (0..).find(|&tokens_max| check(source, &Limits { tokens_max, ..Limits::default() }).is_ok()).unwrap()
    }

    #[test]
    fn tokens_are_counted_as_the_language_defines_them() {
        assert_eq!(count("{ plays }"), 3);
        assert_eq!(count("{ a(b: -1.5e3, c: \"x y ( \\\" \") ...F @on } # and ) so ( on"), 15);
        assert_eq!(count("{ a(b: \"\"\" one ( \\\"\"\" two \"\"\") }"), 8);
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count_as_open() {
        let brackets = "(".repeat(100);
        assert!(check(&format!("{{ a(b: \"{brackets}\") }} # {brackets}"), &Limits::default()).is_ok());
        assert!(check(&format!("{{ a(b: \"\"\"{brackets}\"\"\") }}"), &Limits::default()).is_ok());
    }

    #[test]
    fn brackets_cannot_hide_behind_a_block_string_without_an_end() {
        let source = format!("{{ a(b: [\"\"\"\" {}", "[".repeat(1_000));
        assert_eq!(check(&source, &Limits::default()).unwrap_err().code, Code::GraphqlParseFailed);
    }
}
