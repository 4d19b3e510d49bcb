//! Charts of ranges that are packed for the most part: all keys are added up here, and the page is cut out of them.

use std::cmp::Ordering;
use std::collections::HashMap;

use entity::db::Db;
use entity::measure::Measure;
use entity::packed_total::Sum;
use sea_orm::DbErr;

use super::{Chart, ChartKey, ChartPosition, Row};
use crate::insights::packs::{Folded, Packs};
use crate::insights::scope::Scope;

/// All of `chart`, if `scope` is packed for the most part.
pub(super) async fn folded<K: ChartKey>(db: &Db, scope: &Scope, chart: Chart) -> Result<Option<Folded<K>>, DbErr> {
    match Packs::of(db, scope, &[chart]).await? {
        Some(packs) => packs.fold(chart).await.map(Some),
        None => Ok(None),
    }
}

impl<K: ChartKey> Folded<K> {
    /// The `first` rows behind `after`, and one more if there is one.
    pub(super) fn rows(self, by: Measure, first: usize, after: Option<&ChartPosition<K>>) -> Vec<Row<K>> {
        let total_count = i64::try_from(self.sums.len()).expect("a chart fits into memory");
        let (whole, _) = measures(Sum { plays: self.whole.plays, listened_ms: self.whole.listened_ms }, by);
        let after = after.map(|after| (&after.key, Sum { plays: after.plays, listened_ms: after.listened_ms }));
        let is_behind = |row: &(&K, Sum)| after.is_none_or(|after| in_order(by, &after, row) == Ordering::Less);
        let all = || self.sums.iter().map(|(key, sum)| (key, *sum));
        let mut rows: Vec<(&K, Sum)> = all().filter(is_behind).collect();
        let wanted = first + 1;
        if rows.len() > wanted {
            rows.select_nth_unstable_by(wanted, |a, b| in_order(by, a, b));
            rows.truncate(wanted);
        }
        rows.sort_unstable_by(|a, b| in_order(by, a, b));
        let row = |found, above, equals_before| Row { found, total_count, whole, above, equals_before };
        let Some(head) = rows.first() else { return vec![row(None, 0, 0)] };
        let (measure, _) = measures(head.1, by);
        let (mut above, mut equals_before) = (0, 0);
        // Nothing stands above the first page.
        for other in all().filter(|_| after.is_some()) {
            match measures(other.1, by).0.cmp(&measure) {
                Ordering::Greater => above += 1,
                Ordering::Equal => equals_before += i64::from(in_order(by, &other, head) == Ordering::Less),
                Ordering::Less => {}
            }
        }
        rows.iter()
            .map(|(key, sum)| row(Some(((*key).clone(), sum.plays, sum.listened_ms)), above, equals_before))
            .collect()
    }

    /// The ranks of `keys`; a key that is not in it has none.
    pub(super) fn ranks(&self, by: Measure, keys: &[K]) -> HashMap<K, i64> {
        let measure = |sum: &Sum| measures(*sum, by).0;
        let mut wanted: Vec<i64> = keys.iter().filter_map(|key| self.sums.get(key)).map(measure).collect();
        let Some(least) = wanted.iter().min().copied() else { return HashMap::new() };
        wanted = self.sums.values().map(measure).filter(|measure| *measure >= least).collect();
        wanted.sort_unstable_by(|a, b| b.cmp(a));
        let rank = |key: &K| {
            let own = measure(self.sums.get(key)?);
            let above = wanted.partition_point(|other| *other > own);
            Some((key.clone(), i64::try_from(above).expect("a chart fits into memory") + 1))
        };
        keys.iter().filter_map(rank).collect()
    }
}

/// The order of a chart: the measure, the other measure, the key.
fn in_order<K: Ord>(by: Measure, (a, a_sum): &(&K, Sum), (b, b_sum): &(&K, Sum)) -> Ordering {
    measures(*b_sum, by).cmp(&measures(*a_sum, by)).then_with(|| a.cmp(b))
}

/// The measure, and the other.
fn measures(sum: Sum, by: Measure) -> (i64, i64) {
    match by {
        Measure::Plays => (sum.plays, sum.listened_ms),
        Measure::ListenTime => (sum.listened_ms, sum.plays),
    }
}
