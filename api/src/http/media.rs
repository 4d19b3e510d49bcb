//! Which of the two GraphQL media types an answer has, and which bodies are taken.
//!
//! `application/graphql-response+json` wherever a client names it: there the status code tells about the answer.
//! `application/json` for clients that name it, say `*/*`, or say nothing: there well-formed requests get 200, since such
//! a client cannot tell our 400 from a proxy's. (GraphQL over HTTP, draft of 2025.)

use axum::http::{HeaderMap, HeaderValue, header};

/// A media type of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`
    GraphqlResponse,
    /// `application/json`
    Json,
}

impl Media {
    /// The best one by `Accept`, or none if the client takes neither.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let ranges: Vec<Range> = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter(|part| !part.trim().is_empty())
            .filter_map(Range::parse)
            .collect();
        if !headers.contains_key(header::ACCEPT) || headers.get_all(header::ACCEPT).iter().all(HeaderValue::is_empty) {
            return Some(Self::Json);
        }
        let (graphql, named) = quality(&ranges, "application/graphql-response+json");
        let (json, _) = quality(&ranges, "application/json");
        match graphql.max(json) {
            0 => None,
            _ if graphql > json || (graphql == json && named) => Some(Self::GraphqlResponse),
            _ => Some(Self::Json),
        }
    }

    /// The value of `Content-Type`.
    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }
}

/// Whether a body of this content type is JSON in UTF-8. Only such bodies are read: browsers send no other site's
/// `application/json` without asking first, which is what keeps other sites from sending mutations.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str) else { return false };
    let mut parts = value.split(';').map(str::trim);
    parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) && parts.all(utf8_if_charset)
}

/// One part of `Accept`; the quality in thousandths, as the grammar has it.
struct Range {
    essence: String,
    quality: u16,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let essence = parts.next()?.to_ascii_lowercase();
        let mut quality = 1_000;
        for parameter in parts {
            if let Some(value) = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")) {
                let value: f32 = value.trim().parse().ok()?;
                quality = (value.clamp(0.0, 1.0) * 1_000.0) as u16;
            } else if !utf8_if_charset(parameter) {
                return None;
            }
        }
        Some(Self { essence, quality })
    }
}

/// The quality of a type, as the most specific range says, and whether a range named it in full.
fn quality(ranges: &[Range], essence: &str) -> (u16, bool) {
    let of = |wanted: &str| ranges.iter().filter(|range| range.essence == wanted).map(|range| range.quality).max();
    match of(essence) {
        Some(quality) => (quality, true),
        None => (of("application/*").or_else(|| of("*/*")).unwrap_or(0), false),
    }
}

fn utf8_if_charset(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            let value = value.trim().trim_matches('"');
            value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8")
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &str) -> Option<Media> {
        Media::accepted(&HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]))
    }

    #[test]
    fn the_new_type_is_for_those_who_name_it_and_the_old_for_the_rest() {
        assert_eq!(Media::accepted(&HeaderMap::new()), Some(Media::Json));
        assert_eq!(accepted(""), Some(Media::Json));
        assert_eq!(accepted("*/*"), Some(Media::Json));
        assert_eq!(accepted("application/*"), Some(Media::Json));
        assert_eq!(accepted("application/json"), Some(Media::Json));
        assert_eq!(accepted("application/graphql-response+json"), Some(Media::GraphqlResponse));
        assert_eq!(accepted("application/graphql-response+json, application/json"), Some(Media::GraphqlResponse));
        assert_eq!(accepted("text/html,application/xhtml+xml,*/*;q=0.8"), Some(Media::Json));
    }

    #[test]
    fn qualities_decide() {
        assert_eq!(accepted("application/graphql-response+json;q=0.5, application/json"), Some(Media::Json));
        assert_eq!(accepted("application/graphql-response+json; q=0.9, */*;q=0.1"), Some(Media::GraphqlResponse));
        assert_eq!(accepted("application/json;q=0, */*"), Some(Media::GraphqlResponse));
        assert_eq!(accepted("application/json;q=0"), None);
    }

    #[test]
    fn other_types_and_charsets_are_not_acceptable() {
        assert_eq!(accepted("text/html"), None);
        assert_eq!(accepted("application/json; charset=utf-16"), None);
        assert_eq!(accepted("application/json; charset=\"UTF-8\""), Some(Media::Json));
    }

    #[test]
    fn only_json_in_utf_8_is_read() {
        let is = |value: &str| is_json(&HeaderMap::from_iter([(header::CONTENT_TYPE, value.parse().unwrap())]));
        assert!(is("application/json") && is("Application/JSON; charset=UTF-8"));
        assert!(
            !is("text/plain") && !is("application/x-www-form-urlencoded") && !is("application/json; charset=latin1")
        );
        assert!(!is("application/jsonx") && !is_json(&HeaderMap::new()));
    }
}
