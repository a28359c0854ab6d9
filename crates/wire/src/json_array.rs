//! Finds where the elements of a streamed JSON array end.

use memchr::memchr2;

/// Looks for the end of an element, byte by byte, each byte once. Whether it is JSON is for the reader to see.
#[derive(Debug, Default)]
pub(crate) struct ArrayCut {
    /// Up to where the bytes were looked at.
    searched: usize,
    opened: bool,
    place: Place,
    /// How many objects and arrays of the element are open.
    depth: usize,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// What stands before an element.
    #[default]
    Between,
    /// An element.
    Element,
    /// A string of the element.
    String,
    /// The byte after a backslash in a string.
    Escape,
    /// A number, or a word such as `null`, that is itself the element.
    Scalar,
}

impl ArrayCut {
    /// Returns where the frame that `bytes` begin with ends.
    pub(crate) fn end_of_frame(&mut self, bytes: &[u8]) -> Option<usize> {
        while let Some(byte) = bytes.get(self.searched) {
            if self.place == Place::String {
                let Some(offset) = memchr2(b'"', b'\\', bytes.get(self.searched..)?) else {
                    self.searched = bytes.len();
                    return None;
                };
                self.searched += offset;
                if bytes.get(self.searched) == Some(&b'\\') {
                    self.place = Place::Escape;
                    self.searched += 1;
                    continue;
                }
                self.place = Place::Element;
                self.searched += 1;
            } else if self.takes(*byte) {
                self.searched += 1;
            }
            if self.place == Place::Element && self.depth == 0 {
                self.place = Place::Between;
                return Some(std::mem::take(&mut self.searched));
            }
        }
        None
    }

    /// Takes a byte outside a string; false where it belongs to what comes after a scalar.
    fn takes(&mut self, byte: u8) -> bool {
        match (self.place, byte) {
            (Place::Between, b'[') if !self.opened => self.opened = true,
            (Place::Between, b' ' | b'\t' | b'\r' | b'\n' | b',') => {}
            // The bracket that closes the array is a frame of its own.
            (Place::Between, b']') => self.place = Place::Element,
            (Place::Between | Place::Element, b'{' | b'[') => {
                self.place = Place::Element;
                self.depth += 1;
            }
            (Place::Between | Place::Element, b'"') => self.place = Place::String,
            (Place::Element, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
            (Place::Scalar, b' ' | b'\t' | b'\r' | b'\n' | b',' | b']') => {
                self.place = Place::Element;
                return false;
            }
            (Place::Between | Place::Scalar, _) => self.place = Place::Scalar,
            (Place::Element, _) => {}
            (Place::String | Place::Escape, _) => self.place = Place::String,
        }
        true
    }
}
