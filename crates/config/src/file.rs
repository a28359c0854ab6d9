//! The config file: its text becomes a layer, and each thing in it that nobody knows a fault.

use std::path::Path;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    DeclaredSections, Environment, Fault, Origin, Value, declared,
    layers::Layer,
    load::SECTIONS,
    nearest::hint,
    setting::{Kind, Setting},
};

/// What the file gives.
#[derive(Default)]
pub(crate) struct File {
    /// Its settings.
    pub layer: Layer,
    /// What it declares.
    pub declared: DeclaredSections,
}

/// Reads the file's text. A value of the wrong shape becomes a fault, and stands as no value at all.
pub(crate) fn parse(
    path: &Path,
    text: &str,
    environment: &Environment,
    faults: &mut Vec<Fault>,
) -> File {
    let lines = text.match_indices('\n').map(|(offset, _)| offset).collect();
    let mut reader = Reader { path, lines, environment, faults, file: File::default() };
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let offset = error.span().map_or(0, |span| span.start);
        reader.fault(offset, error.message().to_owned());
    }
    reader.root(root.get_ref());
    reader.file
}

/// Reads one file; what is wrong goes into `faults`.
pub(crate) struct Reader<'a> {
    pub path: &'a Path,
    /// Where each line ends.
    lines: Vec<usize>,
    pub environment: &'a Environment,
    faults: &'a mut Vec<Fault>,
    file: File,
}

impl Reader<'_> {
    fn root(&mut self, root: &DeTable<'_>) {
        for (name, value) in root {
            if let Some(section) =
                declared::SECTIONS.iter().find(|section| section.name == name.get_ref())
            {
                let declared = self.declared(section, value);
                *section.of(&mut self.file.declared) = declared;
                continue;
            }
            let known = SECTIONS.iter().find(|(section, _)| *section == name.get_ref());
            match (known, value.get_ref()) {
                (Some((section, settings)), DeValue::Table(table)) => {
                    self.section(section, settings, table);
                }
                (Some((section, _)), _) => {
                    self.fault(name.span().start, format!("expected a table: [{section}]"));
                }
                (None, _) => {
                    let known = SECTIONS.iter().map(|(section, _)| *section);
                    let declared = declared::SECTIONS.iter().map(|section| section.name);
                    let near = hint(name.get_ref(), known.chain(declared));
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
        self.file.layer.push((setting, Value::new(strings, self.origin(offset))));
    }

    /// A relative path in the file starts at the file's folder, wherever the program was started.
    pub fn beside_file(&self, path: &str) -> String {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        folder.join(path).to_string_lossy().into_owned()
    }

    pub fn fault(&mut self, offset: usize, message: String) {
        self.faults.push(Fault { origin: self.origin(offset), message });
    }

    pub fn origin(&self, offset: usize) -> Origin {
        Origin::File { path: self.path.to_owned(), line: self.line(offset) }
    }

    /// The line of the byte at `offset`, counted from 1.
    pub fn line(&self, offset: usize) -> usize {
        1 + self.lines.partition_point(|end| *end < offset)
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
