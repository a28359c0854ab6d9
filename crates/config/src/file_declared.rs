//! The tables of the config file that declare something: TOML becomes JSON, references become secrets.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Map, Number, Value as Json};
use toml::{
    Spanned,
    de::{DeInteger, DeTable, DeValue},
};
use vault::Secret;

use crate::{
    Declared,
    declared::Section,
    file::Reader,
    secret_reference::{Resolved, SecretShape},
};

/// One table while it is read.
struct Table {
    section: &'static Section,
    name: String,
    lines: BTreeMap<Vec<String>, usize>,
    secrets: Vec<(Vec<String>, Secret)>,
}

impl Reader<'_> {
    /// Reads every `[SECTION.NAME]`.
    pub fn declared(
        &mut self,
        section: &'static Section,
        value: &Spanned<DeValue<'_>>,
    ) -> Vec<Declared> {
        let DeValue::Table(tables) = value.get_ref() else {
            self.fault(value.span().start, format!("expected tables: [{}.NAME]", section.name));
            return Vec::new();
        };
        let mut declared = Vec::new();
        for (name, value) in tables {
            let start = name.span().start;
            let DeValue::Table(members) = value.get_ref() else {
                let name = name.get_ref();
                self.fault(start, format!("expected a table: [{}.{name}]", section.name));
                continue;
            };
            declared.push(self.table(section, name.get_ref(), start, members));
        }
        declared.sort_by_key(|table| table.line);
        declared
    }

    fn table(
        &mut self,
        section: &'static Section,
        name: &str,
        start: usize,
        members: &DeTable<'_>,
    ) -> Declared {
        let mut table =
            Table { section, name: name.to_owned(), lines: BTreeMap::new(), secrets: Vec::new() };
        let mut read = Map::new();
        for (member, value) in members {
            let mut path = vec![member.get_ref().to_string()];
            table.lines.insert(path.clone(), self.line(member.span().start));
            let secrets = section.secrets.iter().find(|(known, _)| known == member.get_ref());
            let value = match secrets {
                Some((_, shape)) => self.secrets(*shape, value, &mut path, &mut table),
                None => self.json(value, &mut path, &mut table),
            };
            read.insert(member.get_ref().to_string(), value);
        }
        let Table { section, name, lines, secrets } = table;
        let (file, line) = (PathBuf::from(self.path), self.line(start));
        Declared { name, members: read, section: section.name, file, line, lines, secrets }
    }

    /// Reads a member that is a secret, or holds some.
    fn secrets(
        &mut self,
        shape: SecretShape,
        value: &Spanned<DeValue<'_>>,
        path: &mut Vec<String>,
        table: &mut Table,
    ) -> Json {
        match (shape, value.get_ref()) {
            (SecretShape::List, DeValue::Array(items)) => {
                let read = |(index, item): (usize, &Spanned<DeValue<'_>>)| {
                    self.within(
                        path,
                        index.to_string(),
                        item.span().start,
                        table,
                        |reader, path, table| reader.secret(item, path, table),
                    )
                };
                Json::Array(items.iter().enumerate().map(read).collect())
            }
            (SecretShape::Table, DeValue::Table(members)) => {
                let read = |(name, item): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                    let name = ToString::to_string(name.get_ref());
                    let start = item.span().start;
                    let secret =
                        self.within(path, name.clone(), start, table, |reader, path, table| {
                            reader.secret(item, path, table)
                        });
                    (name, secret)
                };
                Json::Object(members.iter().map(read).collect())
            }
            (SecretShape::One | SecretShape::List | SecretShape::Table, _) => {
                self.secret(value, path, table)
            }
        }
    }

    fn secret(&mut self, value: &Spanned<DeValue<'_>>, path: &[String], table: &mut Table) -> Json {
        let place = table.place(path);
        let Resolved { shown, secret } = self.reference(&place, value);
        table.secrets.push((path.to_vec(), secret));
        Json::String(shown)
    }

    /// Writes a value as JSON has it. A date becomes its text; what JSON has no word for is a fault.
    fn json(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        path: &mut Vec<String>,
        table: &mut Table,
    ) -> Json {
        let number = match value.get_ref() {
            DeValue::String(text) => return Json::String(text.to_string()),
            DeValue::Boolean(flag) => return Json::Bool(*flag),
            DeValue::Datetime(moment) => return Json::String(moment.to_string()),
            DeValue::Array(items) => {
                let read = |(index, item): (usize, &Spanned<DeValue<'_>>)| {
                    let start = item.span().start;
                    self.within(path, index.to_string(), start, table, |reader, path, table| {
                        reader.json(item, path, table)
                    })
                };
                return Json::Array(items.iter().enumerate().map(read).collect());
            }
            DeValue::Table(members) => {
                let read = |(name, item): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                    let start = name.span().start;
                    let name = ToString::to_string(name.get_ref());
                    let value =
                        self.within(path, name.clone(), start, table, |reader, path, table| {
                            reader.json(item, path, table)
                        });
                    (name, value)
                };
                return Json::Object(members.iter().map(read).collect());
            }
            DeValue::Integer(integer) => integer_of(integer),
            DeValue::Float(float) => float.as_str().parse().ok().and_then(Number::from_f64),
        };
        number.map_or_else(
            || {
                let place = table.place(path);
                self.fault(value.span().start, format!("{place}: expected a number within bounds"));
                Json::Null
            },
            Json::Number,
        )
    }

    /// Runs `work` one step deeper, and notes the line of what is there.
    fn within(
        &mut self,
        path: &mut Vec<String>,
        step: String,
        start: usize,
        table: &mut Table,
        work: impl FnOnce(&mut Self, &mut Vec<String>, &mut Table) -> Json,
    ) -> Json {
        path.push(step);
        table.lines.insert(path.clone(), self.line(start));
        let value = work(self, path, table);
        path.pop();
        value
    }
}

impl Table {
    /// What leads to a value: `providers.work.api_key`.
    fn place(&self, path: &[String]) -> String {
        format!("{}.{}.{}", self.section.name, self.name, path.join("."))
    }
}

fn integer_of(integer: &DeInteger<'_>) -> Option<Number> {
    let (digits, radix) = (integer.as_str(), integer.radix());
    let signed = i64::from_str_radix(digits, radix).ok().map(Number::from);
    signed.or_else(|| u64::from_str_radix(digits, radix).ok().map(Number::from))
}
