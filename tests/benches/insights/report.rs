//! What was measured, as tables to paste and as JSON to compute with.

use serde_json::{Value, json};

use crate::measure::{Measured, Times};
use crate::question::{Kind, QUESTIONS, Question};
use crate::subject::{Subject, When};

/// One measured question.
pub(crate) struct Line<'a> {
    pub(crate) question: &'a Question,
    pub(crate) subject: &'a Subject,
    pub(crate) when: When,
    pub(crate) measured: Measured,
}

impl Line<'_> {
    fn ratio(&self) -> f64 {
        self.measured.naive.median_ms() / self.measured.refrain.median_ms()
    }

    fn cell(&self) -> String {
        let more = if self.measured.stopped { "> " } else { "" };
        format!("{} · {more}{}×", duration(self.measured.refrain.median_ms()), digits(self.ratio()))
    }

    /// For the machine.
    pub(crate) fn json(&self) -> Value {
        let times = |times: &Times| {
            let (median_ms, fastest_ms) = (times.median_ms(), times.fastest_ms());
            json!({ "median_ms": median_ms, "fastest_ms": fastest_ms, "turns": times.count() })
        };
        json!({
            "insight": self.question.name,
            "of": self.subject.name,
            "in": self.when.name(),
            "predecessor": times(&self.measured.naive),
            "predecessor_stopped": self.measured.stopped,
            "refrain": times(&self.measured.refrain),
            "ratio": self.ratio(),
        })
    }
}

/// A table for each subject: an insight per line, a range per column.
pub(crate) fn tables(lines: &[Line<'_>], subjects: &[Subject]) -> String {
    let mut text = String::new();
    for subject in subjects {
        let of_subject: Vec<&Line<'_>> = lines.iter().filter(|line| line.subject.name == subject.name).collect();
        if of_subject.is_empty() {
            continue;
        }
        text.push_str(&format!("\n**Of {}** ({} plays)\n\n", subject.name, thousands(subject.plays)));
        let heads = When::EACH.map(When::name).join(" | ");
        text.push_str(&format!("| insight | {heads} |\n|---|---:|---:|---:|\n"));
        for question in &QUESTIONS {
            let of_question: Vec<&&Line<'_>> =
                of_subject.iter().filter(|line| std::ptr::eq(line.question, question)).collect();
            if of_question.is_empty() {
                continue;
            }
            let cells = When::EACH.map(|when| {
                of_question.iter().find(|line| line.when == when).map_or_else(String::new, |line| line.cell())
            });
            text.push_str(&format!("| {} | {} |\n", question.name, cells.join(" | ")));
        }
    }
    text
}

/// What was to be reached, and what was.
pub(crate) fn targets(lines: &[Line<'_>]) -> String {
    let is_everyone = |line: &&Line<'_>| line.subject.listener.is_none();
    let is_median = |line: &&Line<'_>| line.subject.name == "the median listener";
    let is_charted = |line: &&Line<'_>| matches!(line.question.kind, Kind::TopList | Kind::Totals);
    let is_top_list = |line: &&Line<'_>| line.question.kind == Kind::TopList;
    let rows = [
        at_least("a listener's top lists", 10.0, lines.iter().filter(is_top_list).filter(|line| !is_everyone(line))),
        at_least("the median listener's top lists", 30.0, lines.iter().filter(is_top_list).filter(is_median)),
        at_least(
            "everyone's top lists and totals of all time",
            500.0,
            lines.iter().filter(is_everyone).filter(is_charted).filter(|line| line.when == When::AllTime),
        ),
        at_least(
            "everyone's top lists and totals of 30 days",
            20.0,
            lines.iter().filter(is_everyone).filter(is_charted).filter(|line| line.when == When::Month),
        ),
        at_most("any insight of the median listener", 15.0, lines.iter().filter(is_median)),
        at_most("any insight", 1000.0, lines.iter()),
    ];
    let head = "| target | reached | by | the worst | the middle one |\n|---|---|---|---|---:|\n".to_owned();
    rows.into_iter().flatten().fold(head, |text, row| text + &row)
}

fn at_least<'a>(what: &str, ratio: f64, lines: impl Iterator<Item = &'a Line<'a>>) -> Option<String> {
    let mut lines: Vec<&Line<'_>> = lines.collect();
    lines.sort_by(|a, b| a.ratio().total_cmp(&b.ratio()));
    let reached = lines.iter().filter(|line| line.ratio() >= ratio).count();
    let middle = lines.get(lines.len() / 2)?;
    Some(format!(
        "| {what}: at least {ratio}× | {} | {reached} of {} | {}× ({}) | {}× |\n",
        yes_or_no(reached == lines.len()),
        lines.len(),
        digits(lines[0].ratio()),
        place(lines[0]),
        digits(middle.ratio())
    ))
}

fn at_most<'a>(what: &str, limit_ms: f64, lines: impl Iterator<Item = &'a Line<'a>>) -> Option<String> {
    let time = |line: &Line<'_>| line.measured.refrain.median_ms();
    let mut lines: Vec<&Line<'_>> = lines.collect();
    lines.sort_by(|a, b| time(b).total_cmp(&time(a)));
    let reached = lines.iter().filter(|line| time(line) <= limit_ms).count();
    let middle = lines.get(lines.len() / 2)?;
    Some(format!(
        "| {what}: at most {} | {} | {reached} of {} | {} ({}) | {} |\n",
        duration(limit_ms),
        yes_or_no(reached == lines.len()),
        lines.len(),
        duration(time(lines[0])),
        place(lines[0]),
        duration(time(middle))
    ))
}

fn place(line: &Line<'_>) -> String {
    format!("{} of {}, {}", line.question.name, line.subject.name, line.when.name())
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "**no**" }
}

/// Milliseconds, or seconds where there are many, to three digits or so.
pub(crate) fn duration(ms: f64) -> String {
    if ms >= 1000.0 { format!("{} s", digits(ms / 1000.0)) } else { format!("{} ms", digits(ms)) }
}

fn digits(number: f64) -> String {
    match number {
        ..9.95 => format!("{number:.1}"),
        ..9_999.5 => format!("{number:.0}"),
        _ => thousands(number as i64),
    }
}

fn thousands(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
