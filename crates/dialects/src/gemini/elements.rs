//! Cuts one JSON array of objects into its elements while its bytes arrive.

use super::LARGEST_CHUNK_BYTES;
use crate::Malformed;

/// The elements of an array, whatever the chunk boundaries. A lone object in the array's place is its one element.
#[derive(Debug)]
pub(super) struct Elements {
    place: Place,
    element: Vec<u8>,
    /// How many brackets are open within the element.
    depth: usize,
    text: Text,
    /// Whether there is an array around the elements.
    in_array: bool,
}

/// Where the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Before,
    /// Where an element may begin or the array end.
    First,
    /// Behind a comma.
    Next,
    Within,
    Behind,
    After,
}

/// Whether the next byte stands in a string, where brackets mean nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Outside,
    Inside,
    Escaped,
}

impl Elements {
    pub(super) fn new() -> Self {
        Self {
            place: Place::Before,
            element: Vec::new(),
            depth: 0,
            text: Text::Outside,
            in_array: false,
        }
    }

    /// Whether the array was closed.
    pub(super) fn is_complete(&self) -> bool {
        self.place == Place::After
    }

    /// Takes bytes off the front of `bytes` up to the end of the next element, and returns it if it is whole.
    ///
    /// # Errors
    ///
    /// Fails where no array of objects goes on so, or when an element is too large.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
        while let Some((byte, rest)) = bytes.split_first() {
            *bytes = rest;
            if self.place == Place::Within {
                if self.grow(*byte)? {
                    return Ok(Some(std::mem::take(&mut self.element)));
                }
            } else if !byte.is_ascii_whitespace() {
                self.step(*byte)?;
            }
        }
        Ok(None)
    }

    /// Takes a byte between elements.
    fn step(&mut self, byte: u8) -> Result<(), Malformed> {
        self.place = match (self.place, byte) {
            (Place::Before, b'[') => {
                self.in_array = true;
                Place::First
            }
            (Place::Before | Place::First | Place::Next, b'{') => {
                self.element.push(byte);
                self.depth = 1;
                Place::Within
            }
            (Place::First | Place::Behind, b']') => Place::After,
            (Place::Behind, b',') => Place::Next,
            (Place::Before | Place::First | Place::Next | Place::Behind | Place::After, _)
            | (Place::Within, _) => {
                return Err(Malformed("the body is no array of objects".to_owned()));
            }
        };
        Ok(())
    }

    /// Takes a byte of an element; true when it was the last.
    fn grow(&mut self, byte: u8) -> Result<bool, Malformed> {
        if self.element.len() == LARGEST_CHUNK_BYTES {
            return Err(Malformed("an element is too large".to_owned()));
        }
        self.element.push(byte);
        self.text = match (self.text, byte) {
            (Text::Outside, b'"') | (Text::Escaped, _) => Text::Inside,
            (Text::Inside, b'\\') => Text::Escaped,
            (Text::Inside, b'"') => Text::Outside,
            (Text::Outside, b'{' | b'[') => {
                self.depth += 1;
                Text::Outside
            }
            (Text::Outside, b'}' | b']') => {
                self.depth -= 1;
                Text::Outside
            }
            (text @ (Text::Outside | Text::Inside), _) => text,
        };
        if self.depth > 0 {
            return Ok(false);
        }
        self.place = if self.in_array { Place::Behind } else { Place::After };
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::Elements;

    /// Returns the elements, and whether the array was closed, or `None` for what is no array.
    fn elements(text: &str, size: usize) -> Option<(Vec<String>, bool)> {
        let (mut elements, mut found) = (Elements::new(), Vec::new());
        for mut chunk in text.as_bytes().chunks(size) {
            while let Some(element) = elements.next(&mut chunk).ok()? {
                found.push(String::from_utf8(element).unwrap());
            }
        }
        Some((found, elements.is_complete()))
    }

    #[test]
    fn arrays_are_cut_where_their_elements_end() {
        let tricky = r#"{"a":"}\"]\\","b":[{"c":[]}]}"#;
        for (text, expected) in [
            ("[]".to_owned(), Some((vec![], true))),
            (format!(" [\n{tricky},\r\n{{}}\n]\n\n"), Some((vec![tricky, "{}"], true))),
            (format!("[{tricky}"), Some((vec![tricky], false))),
            ("[{},".to_owned(), Some((vec!["{}"], false))),
            ("[{".to_owned(), Some((vec![], false))),
            (String::new(), Some((vec![], false))),
            ("{\"error\":{}}".to_owned(), Some((vec!["{\"error\":{}}"], true))),
            ("{}{}".to_owned(), None),
            ("[{}]]".to_owned(), None),
            ("[{}{}]".to_owned(), None),
            ("[{},]".to_owned(), None),
            ("[1]".to_owned(), None),
            ("data: {}".to_owned(), None),
        ] {
            for size in [1, 2, 3, 1000] {
                let expected = expected.clone().map(|(found, is_complete)| {
                    (found.into_iter().map(str::to_owned).collect(), is_complete)
                });
                assert_eq!(elements(&text, size), expected, "{text}");
            }
        }
    }
}
