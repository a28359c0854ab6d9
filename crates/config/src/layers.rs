//! The layers of raw values, and which of them wins.

use std::path::PathBuf;

use crate::{
    Environment, Fault, Origin, Value,
    setting::{Kind, Setting},
};

/// A raw value as a layer gives it: one string, or several for a list. A value that was already
/// refused stands as no string at all, so that no rule complains of it a second time.
pub(crate) type Raw = Value<Vec<String>>;

/// One layer: the settings that it gives.
pub(crate) type Layer = Vec<(&'static Setting, Raw)>;

/// The layers above the defaults.
pub(crate) struct Layers<'a> {
    pub file: Layer,
    pub environment: &'a Environment,
    pub flags: Layer,
}

impl Layers<'_> {
    /// Every raw value that was given to a setting, the winning one first.
    pub(crate) fn given(&self, setting: &'static Setting) -> impl Iterator<Item = Raw> {
        [
            find(&self.flags, setting),
            from_variable(self.environment, setting),
            find(&self.file, setting),
        ]
        .into_iter()
        .flatten()
    }

    /// The parsed value of a single setting, or its type's default when there is none or it is faulty.
    pub(crate) fn one<T: Default>(
        &self,
        setting: &'static Setting,
        parse: impl Fn(&str) -> Result<T, String>,
        faults: &mut Vec<Fault>,
    ) -> Value<T> {
        let all = self.all(setting, parse, faults);
        Value::new(all.value.into_iter().next().unwrap_or_default(), all.origin)
    }

    /// The path that was given, even as a refused value.
    pub(crate) fn path(&self, setting: &'static Setting) -> Option<Value<PathBuf>> {
        let raw = self.given(setting).next()?;
        let path = raw.value.first().map(PathBuf::from).unwrap_or_default();
        Some(Value::new(path, raw.origin))
    }

    /// The parsed values of a list; faulty ones are left out. What a higher layer replaces must be sound too: it
    /// would surprise on the day that the higher one is gone.
    pub(crate) fn all<T>(
        &self,
        setting: &'static Setting,
        parse: impl Fn(&str) -> Result<T, String>,
        faults: &mut Vec<Fault>,
    ) -> Value<Vec<T>> {
        let mut parse_one = |raw: Raw| {
            let Raw { value, origin } = raw;
            let mut parsed = Vec::with_capacity(value.len());
            for text in value {
                match parse(&text) {
                    Ok(value) => parsed.push(value),
                    Err(message) => faults.push(Fault::in_value(&origin, setting.name, &message)),
                }
            }
            Value::new(parsed, origin)
        };
        let default = setting.default.iter().map(|text| (*text).to_owned()).collect();
        let winning_first: Vec<_> = self.given(setting).map(&mut parse_one).collect();
        let winning = winning_first.into_iter().next();
        winning.unwrap_or_else(|| parse_one(Value::new(default, Origin::Default)))
    }
}

/// Parses a switch.
pub(crate) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(format!("expected true or false, found `{other}`")),
    }
}

fn find(layer: &Layer, setting: &'static Setting) -> Option<Raw> {
    layer.iter().find(|(known, _)| known.variable == setting.variable).map(|(_, raw)| raw.clone())
}

fn from_variable(environment: &Environment, setting: &'static Setting) -> Option<Raw> {
    let text = environment.text(setting.variable)?;
    let values = match setting.kind {
        Kind::List => text.split(',').map(|item| item.trim().to_owned()).collect(),
        Kind::Text | Kind::Path | Kind::Number | Kind::Switch => vec![text],
    };
    Some(Value::new(values, Origin::Variable(setting.variable)))
}
