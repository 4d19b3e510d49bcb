//! What an answer is the answer to.

use std::fmt;

use crate::revision::Revision;

/// What an answer is the answer to. Two questions are the same if and only if their keys are.
///
/// A revision that rises makes another key, so an answer is never changed and never wrong; it is only not asked for any
/// more, and falls out by weight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    field: &'static str,
    rests_on: Box<[(i32, Revision)]>,
    question: Box<str>,
}

impl Key {
    /// The key of `field`, asked with `question` (the resolved range and every argument, in one spelling), whose answer rests
    /// on what these audiences' revisions number: users' ids, and the constants of [`entity::revision`].
    pub fn new(field: &'static str, mut rests_on: Vec<(i32, Revision)>, question: String) -> Self {
        rests_on.sort_unstable_by_key(|(audience, _)| *audience);
        Self { field, rests_on: rests_on.into(), question: question.into() }
    }

    /// The field that is asked.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// Whether the answer says something of `audience`.
    pub fn is_about(&self, audience: i32) -> bool {
        self.rests_on.iter().any(|(about, _)| *about == audience)
    }

    /// The bytes that the key takes in memory.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val::<[_]>(&self.rests_on) + self.question.len()
    }
}

/// The whole key in one line: `totals 7:12@1795338000123 -1:3@1795338000000 {…}`. Equal if and only if the keys are, so it
/// is also the key under which instances share answers.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field)?;
        for (audience, revision) in &self.rests_on {
            write!(f, " {audience}:{}@{}", revision.number, revision.changed_at.ms())?;
        }
        write!(f, " {}", self.question)
    }
}
