//! The config file: its text becomes a layer, and each thing in it that nobody knows a fault.

use std::path::Path;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    Fault, Origin, Value,
    layers::Layer,
    load::SECTIONS,
    nearest::hint,
    setting::{Kind, Setting},
};

/// Reads the file's text. A value of the wrong shape becomes a fault, and stands as no value at all.
pub(crate) fn parse(path: &Path, text: &str, faults: &mut Vec<Fault>) -> Layer {
    let mut reader = Reader { path, text, faults, layer: Layer::new() };
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let offset = error.span().map_or(0, |span| span.start);
        reader.fault(offset, error.message().to_owned());
    }
    reader.root(root.get_ref());
    reader.layer
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    faults: &'a mut Vec<Fault>,
    layer: Layer,
}

impl Reader<'_> {
    fn root(&mut self, root: &DeTable<'_>) {
        for (name, value) in root {
            let known = SECTIONS.iter().find(|(section, _)| *section == name.get_ref());
            match (known, value.get_ref()) {
                (Some((section, settings)), DeValue::Table(table)) => {
                    self.section(section, settings, table);
                }
                (Some((section, _)), _) => {
                    self.fault(name.span().start, format!("expected a table: [{section}]"));
                }
                (None, _) => {
                    let near = hint(name.get_ref(), SECTIONS.iter().map(|(section, _)| *section));
                    let message = format!("unknown section `{}`{near}", name.get_ref());
                    self.fault(name.span().start, message);
                }
            }
        }
    }

    fn section(&mut self, section: &str, settings: &[&'static Setting], table: &DeTable<'_>) {
        for (name, value) in table {
            if let Some(setting) = settings.iter().find(|known| known.name == name.get_ref()) {
                self.setting(setting, value);
            } else {
                let near = hint(name.get_ref(), settings.iter().map(|setting| setting.name));
                let message = format!("unknown key `{}` in [{section}]{near}", name.get_ref());
                self.fault(name.span().start, message);
            }
        }
    }

    fn setting(&mut self, setting: &'static Setting, value: &Spanned<DeValue<'_>>) {
        let offset = value.span().start;
        let strings = strings(setting.kind, value.get_ref()).unwrap_or_else(|| {
            let expected = setting.kind.expected();
            let found = value.get_ref().type_str();
            self.fault(offset, format!("{}: expected {expected}, found {found}", setting.name));
            Vec::new()
        });
        let strings = match setting.kind {
            Kind::Path => strings.iter().map(|path| self.beside_file(path)).collect(),
            Kind::Text | Kind::Number | Kind::List | Kind::Switch => strings,
        };
        self.layer.push((setting, Value::new(strings, self.origin(offset))));
    }

    /// A relative path in the file starts at the file's folder, wherever the program was started.
    fn beside_file(&self, path: &str) -> String {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        folder.join(path).to_string_lossy().into_owned()
    }

    fn fault(&mut self, offset: usize, message: String) {
        self.faults.push(Fault { origin: self.origin(offset), message });
    }

    fn origin(&self, offset: usize) -> Origin {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = 1 + before.matches('\n').count();
        Origin::File { path: self.path.to_owned(), line }
    }
}

fn strings(kind: Kind, value: &DeValue<'_>) -> Option<Vec<String>> {
    match kind {
        Kind::Text | Kind::Path => value.as_str().map(|text| vec![text.to_owned()]),
        Kind::Number => {
            let number = value.as_integer()?;
            let number = u64::from_str_radix(number.as_str(), number.radix()).ok()?;
            Some(vec![number.to_string()])
        }
        Kind::Switch => value.as_bool().map(|switch| vec![switch.to_string()]),
        Kind::List => value
            .as_array()?
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect(),
    }
}
