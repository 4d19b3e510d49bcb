//! How much an operation asks for once its fragments are spread out, computed in one visit per fragment.

use std::collections::HashMap;

use async_graphql::{
    Pos, Positioned,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

use super::{Fault, brief};
use crate::{error::Code, http::limits::Limits};

/// Refuses every operation of the document that is too large, and fragments that contain themselves.
pub(super) fn check(document: &ExecutableDocument, limits: &Limits) -> Result<(), Fault> {
    let mut visit = Visit { document, limits, fragments: HashMap::new() };
    for (_, operation) in document.operations.iter() {
        let at = operation.pos;
        let shape = visit.selection_set(&operation.node.selection_set, 1)?;
        let directives = shape.directives.saturating_add(operation.node.directives.len());
        within(shape.top_fields, limits.root_fields_max, at, "fields directly under its root")?;
        within(shape.fields, limits.fields_max, at, "fields, counting those of each spread fragment")?;
        within(shape.aliases, limits.aliases_max, at, "aliases")?;
        within(directives, limits.directives_max, at, "directives")?;
        within(shape.depth, limits.depth_max, at, "fields inside each other")?;
    }
    Ok(())
}

/// Sizes of a selection set with its fragments spread out.
#[derive(Clone, Copy, Default)]
struct Shape {
    /// Fields at any depth.
    fields: usize,
    /// Fields directly in this selection set.
    top_fields: usize,
    aliases: usize,
    directives: usize,
    /// Fields inside fields along the deepest path.
    depth: usize,
    /// Selection sets inside selection sets along the deepest path, fragments included.
    nesting: usize,
    /// Fields along one path whose lists multiply when introspected.
    lists: usize,
}

impl Shape {
    /// Two parts of the same selection set.
    fn beside(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            top_fields: self.top_fields.saturating_add(other.top_fields),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            depth: self.depth.max(other.depth),
            nesting: self.nesting.max(other.nesting),
            lists: self.lists.max(other.lists),
        }
    }
}

struct Visit<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    /// `None` while the fragment is being visited: meeting it again then means that it contains itself.
    fragments: HashMap<&'a str, Option<Shape>>,
}

impl<'a> Visit<'a> {
    /// `level` is how many selection sets this one is inside of, itself included. It bounds the recursion here.
    fn selection_set(&mut self, set: &'a Positioned<SelectionSet>, level: usize) -> Result<Shape, Fault> {
        within(level, self.limits.nesting_max, set.pos, "selection sets inside each other")?;
        let mut total = Shape { nesting: 1, ..Shape::default() };
        for selection in &set.node.items {
            let mut shape = self.selection(&selection.node, level)?;
            shape.directives = shape.directives.saturating_add(selection.node.directives().len());
            total = total.beside(shape);
        }
        Ok(total)
    }

    fn selection(&mut self, selection: &'a Selection, level: usize) -> Result<Shape, Fault> {
        match selection {
            Selection::Field(field) => {
                let name = field.node.name.node.as_str();
                let set = &field.node.selection_set;
                let inner =
                    if set.node.items.is_empty() { Shape::default() } else { self.selection_set(set, level + 1)? };
                if matches!(name, "__schema" | "__type") {
                    let most = self.limits.introspection_lists_max;
                    within(inner.lists, most, field.pos, "lists of types inside each other under introspection")?;
                }
                let multiplies = matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields");
                Ok(Shape {
                    fields: inner.fields.saturating_add(1),
                    top_fields: 1,
                    aliases: inner.aliases.saturating_add(usize::from(field.node.alias.is_some())),
                    directives: inner.directives,
                    depth: inner.depth + 1,
                    nesting: inner.nesting + 1,
                    lists: inner.lists + usize::from(multiplies),
                })
            }
            Selection::InlineFragment(fragment) => {
                let inner = self.selection_set(&fragment.node.selection_set, level + 1)?;
                Ok(Shape { nesting: inner.nesting + 1, ..inner })
            }
            Selection::FragmentSpread(spread) => {
                let name = spread.node.fragment_name.node.as_str();
                // An unknown fragment is for validation to report.
                let Some(fragment) = self.document.fragments.get(name) else { return Ok(Shape::default()) };
                let inner = self.fragment(name, fragment, spread.pos, level + 1)?;
                within(level + inner.nesting, self.limits.nesting_max, spread.pos, "selection sets inside each other")?;
                Ok(Shape { nesting: inner.nesting + 1, ..inner })
            }
        }
    }

    fn fragment(
        &mut self,
        name: &'a str,
        fragment: &'a Positioned<FragmentDefinition>,
        spread_at: Pos,
        level: usize,
    ) -> Result<Shape, Fault> {
        match self.fragments.get(name) {
            Some(Some(shape)) => return Ok(*shape),
            Some(None) => {
                let text = format!("Fragment `{}` contains itself.", brief(name));
                return Err(Fault::new(Code::GraphqlValidationFailed, text).at(spread_at));
            }
            None => {}
        }
        self.fragments.insert(name, None);
        let mut shape = self.selection_set(&fragment.node.selection_set, level)?;
        shape.directives = shape.directives.saturating_add(fragment.node.directives.len());
        self.fragments.insert(name, Some(shape));
        Ok(shape)
    }
}

fn within(count: usize, most: usize, at: Pos, what: &str) -> Result<(), Fault> {
    if count <= most {
        return Ok(());
    }
    let text = format!("The operation is too large: at most {most} {what} are accepted.");
    Err(Fault::new(Code::QueryTooComplex, text).at(at))
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn refusal(source: &str) -> Option<String> {
        check(&parse_query(source).unwrap(), &Limits::default()).err().map(|fault| fault.message)
    }

    #[track_caller]
    fn assert_refused(source: &str, because: &str) {
        let text = refusal(source).expect("the document should have been refused");
        assert!(text.contains(because), "{text}");
    }

    #[test]
    fn fragments_that_double_each_other_are_refused_without_being_walked() {
        // Thirty levels, each spreading the next twice: a billion fields in a kilobyte.
        let mut source = String::from("{ ...F0 } fragment F28 on Query { a }");
        for n in 0..28 {
            source += &format!(" fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1);
        }
        assert_refused(&source, "30 fields directly under its root");
    }

    #[test]
    fn a_fragment_that_contains_itself_is_named() {
        let source = "{ ...A } fragment A on Query { b { ...B } } fragment B on Query { ...A }";
        assert_eq!(refusal(source).as_deref(), Some("Fragment `A` contains itself."));
    }

    #[test]
    fn a_long_chain_of_fragments_ends_at_the_nesting_limit() {
        let mut source = String::from("{ ...F0 } fragment F900 on Query { a }");
        for n in 0..900 {
            source += &format!(" fragment F{n} on Query {{ ...F{} }}", n + 1);
        }
        assert_refused(&source, "32 selection sets inside each other");
    }

    #[test]
    fn nesting_counts_through_fragments_visited_before() {
        let deep = |levels: usize, inner: &str| format!("{}{inner}{}", "a { ".repeat(levels), " }".repeat(levels));
        // Both halves are allowed alone; the second spread puts one below the other.
        let source = format!(
            "{{ ...F {} }} fragment F on Query {{ {} }}",
            deep(14, "... on Query { ... on Query { ...F } }"),
            deep(15, "... on Query { ... on Query { ... on Query { a } } }")
        );
        assert_refused(&source, "32 selection sets inside each other");
    }

    #[test]
    fn each_count_has_its_limit() {
        let many = |n: usize, part: &str| part.repeat(n);
        assert_refused(&format!("{{ a {{ {} }} }}", many(101, "x: b ")), "100 aliases");
        assert_refused(&format!("{{ {} }}", many(31, "a ")), "30 fields directly under its root");
        assert_refused(&format!("{{ a {{ {} }} }}", many(2_001, "b ")), "2000 fields");
        assert_refused(&format!("{{ a {} }}", many(51, "@x ")), "50 directives");
        assert_refused(
            &format!("{}b{}", many(17, "{ a "), many(17, "}")).replace("a b", "a { b }"),
            "16 fields inside",
        );
    }

    #[test]
    fn introspection_in_circles_is_refused_and_the_usual_query_is_not() {
        let circle =
            "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }";
        assert_refused(circle, "3 lists of types inside each other");
        let usual = "{ __schema { types { ...T } } } fragment T on __Type { fields { args { ...V } type { ...R } } \
                     interfaces { ...R } possibleTypes { ...R } } fragment V on __InputValue { type { ...R } } \
                     fragment R on __Type { ofType { ofType { ofType { ofType { ofType { ofType { ofType { ofType { \
                     ofType { kind } } } } } } } } } }";
        assert_eq!(refusal(usual), None);
    }
}
