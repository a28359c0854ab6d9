//! What was used: the daily sums, put together by what one wants to know.

use rusqlite::{params_from_iter, types::Value};

use super::{Sums, query::Conditions};
use crate::{Store, StoreError};

/// By what sums are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageBy {
    /// By the caller's key.
    Key,
    /// By the key's project.
    Project,
    /// By provider.
    Provider,
    /// By model.
    Model,
    /// By day in UTC.
    Day,
}

/// Which sums are wanted. What is unset does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageFilter {
    /// Those of this day and later, as `2026-01-31`.
    pub since_day: Option<String>,
    /// Those of this day and earlier.
    pub until_day: Option<String>,
    /// Those of one key.
    pub key: Option<String>,
    /// Those of one project.
    pub project: Option<String>,
    /// Those of one project as well: the one that whoever asks may see.
    pub within_project: Option<String>,
    /// Those of one provider.
    pub provider: Option<String>,
    /// Those of one model.
    pub model: Option<String>,
    /// Those of one route.
    pub route: Option<String>,
}

/// The sums of one key, project, provider, model or day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// Which one; unset for what has none.
    pub name: Option<String>,
    /// Its sums.
    pub sums: Sums,
}

impl UsageBy {
    /// Every one, in the order documents list them.
    pub const ALL: [Self; 5] = [Self::Key, Self::Project, Self::Provider, Self::Model, Self::Day];

    /// The name in the API, which is the column's.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Project => "project",
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Day => "day",
        }
    }
}

impl Store {
    /// Puts sums together, in the order of the names.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be read.
    pub fn usage(&self, by: UsageBy, filter: &UsageFilter) -> Result<Vec<UsageRow>, StoreError> {
        let mut conditions = Conditions::default();
        let text = |text: &Option<String>| text.clone().map(Value::Text);
        conditions.add("day >= ?", text(&filter.since_day));
        conditions.add("day <= ?", text(&filter.until_day));
        conditions.add("key = ?", text(&filter.key));
        conditions.add("project = ?", text(&filter.project));
        conditions.add("project = ?", text(&filter.within_project));
        conditions.add("provider = ?", text(&filter.provider));
        conditions.add("model = ?", text(&filter.model));
        conditions.add("route = ?", text(&filter.route));
        let Conditions { sql, values } = conditions;
        // Halves can't overflow, as `sum()` of the whole could: it is an error in SQLite.
        let halves =
            Sums::COLUMNS.map(|name| format!("sum({name} >> 32), sum({name} & 4294967295)"));
        let (halves, by) = (halves.join(", "), by.as_str());
        let connection = self.reader();
        let mut statement = connection.prepare(&format!(
            "SELECT {by}, {halves} FROM usage_daily{sql} GROUP BY {by} ORDER BY {by}"
        ))?;
        let read = |row: &rusqlite::Row<'_>| {
            let name: String = row.get(0)?;
            let mut totals = Vec::with_capacity(Sums::COLUMNS.len());
            for column in 0..Sums::COLUMNS.len() {
                totals.push(whole(row.get(1 + 2 * column)?, row.get(2 + 2 * column)?));
            }
            let mut totals = totals.into_iter();
            Ok(UsageRow {
                name: (!name.is_empty()).then_some(name),
                sums: Sums::of_values(|| totals.next().unwrap_or_default()),
            })
        };
        Ok(statement.query_map(params_from_iter(values), read)?.collect::<Result<_, _>>()?)
    }
}

/// Puts the sums of both halves together.
fn whole(upper: i64, lower: i64) -> u64 {
    let whole = (i128::from(upper) << 32) + i128::from(lower);
    u64::try_from(whole).unwrap_or(u64::MAX)
}
