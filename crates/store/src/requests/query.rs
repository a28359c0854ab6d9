//! Finding requests: newest first, a page at a time.

use std::{fmt, str::FromStr};

use rusqlite::{OptionalExtension as _, params_from_iter, types::Value};

use super::RequestRow;
use crate::{Store, StoreError};

/// Which requests are wanted. What is unset does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Those that came at this time or later, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Those that came before this time.
    pub until_ms: Option<i64>,
    /// Those of one key.
    pub key: Option<String>,
    /// Those of one project.
    pub project: Option<String>,
    /// Those of one project as well: the one that whoever asks may see.
    pub within_project: Option<String>,
    /// Those that one provider answered, or was asked last.
    pub provider: Option<String>,
    /// Those that went to one model.
    pub model: Option<String>,
    /// Those that asked for one route.
    pub route: Option<String>,
    /// Those that ended in one way.
    pub outcome: Option<String>,
    /// Those that failed with one kind of error.
    pub error: Option<String>,
    /// Those after a page.
    pub after: Option<Cursor>,
    /// How many of them.
    pub limit: u32,
}

/// Where a page ended. Its text is for callers to hand back as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    began_at_ms: i64,
    seq: i64,
}

/// Some requests, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPage {
    /// The requests.
    pub requests: Vec<RequestRow>,
    /// Where to go on, if there are more.
    pub next: Option<Cursor>,
}

impl Store {
    /// Finds requests.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be read.
    pub fn requests(&self, filter: &RequestFilter) -> Result<RequestPage, StoreError> {
        let (sql, values) = filter.select();
        let connection = self.reader();
        let mut statement = connection.prepare(&sql)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get("seq")?, RequestRow::read(row)?));
        let mut found: Vec<(i64, RequestRow)> =
            statement.query_map(params_from_iter(values), read)?.collect::<Result<_, _>>()?;
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let has_more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| has_more);
        Ok(RequestPage {
            next: last.map(|(seq, row)| Cursor { began_at_ms: row.began_at_ms, seq: *seq }),
            requests: found.into_iter().map(|(_, row)| row).collect(),
        })
    }

    /// Finds the request of that id, unless it is of another project than `within_project`.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be read.
    pub fn request(
        &self,
        id: &str,
        within_project: Option<&str>,
    ) -> Result<Option<RequestRow>, StoreError> {
        let connection = self.reader();
        let mut statement = connection.prepare_cached(
            "SELECT * FROM requests WHERE id = ?1 AND (?2 IS NULL OR project = ?2)",
        )?;
        Ok(statement.query_row((id, within_project), RequestRow::read).optional()?)
    }
}

impl RequestFilter {
    /// The query that finds one more than is wanted, so that one knows whether there are more.
    pub(crate) fn select(&self) -> (String, Vec<Value>) {
        let mut conditions = Conditions::default();
        conditions.add("began_at_ms >= ?", self.since_ms.map(Value::Integer));
        conditions.add("began_at_ms < ?", self.until_ms.map(Value::Integer));
        let text = |text: &Option<String>| text.clone().map(Value::Text);
        conditions.add("key = ?", text(&self.key));
        conditions.add("project = ?", text(&self.project));
        conditions.add("project = ?", text(&self.within_project));
        conditions.add("provider = ?", text(&self.provider));
        conditions.add("model = ?", text(&self.model));
        conditions.add("route = ?", text(&self.route));
        // The index leaves out what was answered, and is used only where a query says so itself.
        let outcome = match self.outcome.as_deref() {
            None | Some("answered") => "outcome = ?",
            Some(_) => "outcome = ? AND outcome <> 'answered'",
        };
        conditions.add(outcome, text(&self.outcome));
        conditions.add("error = ?", text(&self.error));
        if let Some(Cursor { began_at_ms, seq }) = self.after {
            conditions.add("began_at_ms <= ?", Some(Value::Integer(began_at_ms)));
            conditions.add("(began_at_ms < ?", Some(Value::Integer(began_at_ms)));
            conditions.or("seq < ?)", Value::Integer(seq));
        }
        let Conditions { sql, mut values } = conditions;
        values.push(Value::Integer(i64::from(self.limit) + 1));
        let order = "ORDER BY began_at_ms DESC, seq DESC LIMIT ?";
        (format!("SELECT * FROM requests{sql} {order}"), values)
    }
}

/// The `WHERE` of a query, with the values of its parameters.
#[derive(Default)]
pub(super) struct Conditions {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Conditions {
    /// Demands `condition` of the value, if there is one.
    pub(super) fn add(&mut self, condition: &'static str, value: Option<Value>) {
        let Some(value) = value else { return };
        self.sql.push_str(if self.sql.is_empty() { " WHERE " } else { " AND " });
        self.sql.push_str(condition);
        self.values.push(value);
    }

    fn or(&mut self, condition: &'static str, value: Value) {
        self.sql.push_str(" OR ");
        self.sql.push_str(condition);
        self.values.push(value);
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.began_at_ms, self.seq)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (began_at_ms, seq) = text.split_once('-').ok_or(())?;
        let number = |text: &str| text.parse().ok().filter(|number: &i64| *number >= 0).ok_or(());
        Ok(Self { began_at_ms: number(began_at_ms)?, seq: number(seq)? })
    }
}
