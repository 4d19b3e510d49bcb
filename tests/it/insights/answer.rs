//! Compares an answer with what the reference says.

use serde_json::{Map, Value, json};
use tests::api::Answer;

/// Two sums of the same floats in different orders differ by less than this part of them.
const PART: f64 = 1e-9;

/// The answer's data, with each error where its field is.
pub(super) fn with_errors(answer: Answer) -> Value {
    let mut data = answer.data;
    for problem in answer.errors {
        let pointer: String = problem.path.split('.').map(|part| format!("/{part}")).collect();
        match data.pointer_mut(&pointer) {
            Some(field) if field.is_null() => *field = json!({ "refused": problem.code, "message": problem.message }),
            _ => panic!("an error without a field: {problem:?}"),
        }
    }
    data
}

/// Checks the cursors of every connection against its rows, and takes them away: what they say is nobody's business.
pub(super) fn take_cursors(value: &mut Value) {
    if let Some(edges) = value.get_mut("edges").and_then(Value::as_array_mut) {
        let cursors: Vec<Value> = edges.iter_mut().map(|edge| edge["cursor"].take()).collect();
        edges.iter_mut().filter_map(Value::as_object_mut).for_each(|edge| drop(edge.remove("cursor")));
        assert!(cursors.iter().all(Value::is_string), "{cursors:?}");
        let page = value["pageInfo"].as_object_mut().unwrap();
        let ends = [page.remove("startCursor"), page.remove("endCursor")];
        let expected = [cursors.first(), cursors.last()].map(|cursor| Some(cursor.cloned().unwrap_or(Value::Null)));
        assert_eq!(ends, expected);
    } else if let Some(fields) = value.as_object_mut() {
        fields.values_mut().for_each(take_cursors);
    } else if let Some(items) = value.as_array_mut() {
        items.iter_mut().for_each(take_cursors);
    }
}

/// Where the two differ first, if they do.
pub(super) fn difference(answered: &Value, expected: &Value) -> Option<String> {
    differ("", answered, expected)
}

fn differ(path: &str, answered: &Value, expected: &Value) -> Option<String> {
    match (answered, expected) {
        (Value::Object(a), Value::Object(e)) if is_refusal(e) => {
            (a.get("refused") != e.get("refused")).then(|| tell(path, answered, expected))
        }
        (Value::Object(a), Value::Object(e)) => {
            let names = e.keys().chain(a.keys().filter(|name| !e.contains_key(*name)));
            names.map(|name| (name, a.get(name), e.get(name))).find_map(|(name, a, e)| match (a, e) {
                (Some(a), Some(e)) => differ(&format!("{path}.{name}"), a, e),
                _ => Some(format!("{path}.{name}: answered {a:?}, expected {e:?}")),
            })
        }
        (Value::Array(a), Value::Array(e)) if a.len() == e.len() => {
            let mut items = a.iter().zip(e).enumerate();
            items.find_map(|(place, (a, e))| {
                let inside = differ(&format!("{path}[{place}]"), a, e)?;
                Some(if matches!(e, Value::Object(_)) {
                    format!("{inside}\n  answered {a}\n  expected {e}")
                } else {
                    inside
                })
            })
        }
        (Value::Number(a), Value::Number(e)) if !(a.is_i64() && e.is_i64()) => {
            let (a, e) = (a.as_f64().unwrap(), e.as_f64().unwrap());
            ((a - e).abs() > PART * a.abs().max(e.abs())).then(|| tell(path, answered, expected))
        }
        (a, e) if a == e => None,
        _ => Some(tell(path, answered, expected)),
    }
}

fn is_refusal(expected: &Map<String, Value>) -> bool {
    expected.contains_key("refused")
}

fn tell(path: &str, answered: &Value, expected: &Value) -> String {
    format!("{path}:\n  answered {answered}\n  expected {expected}")
}
