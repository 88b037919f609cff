//! Byte offsets as lines and columns.

use serde::Serialize;

/// A place in a text, as editors count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Position {
    /// Bytes before it, from 0.
    pub offset: usize,
    /// Line, from 1. A line ends with a line feed.
    pub line: usize,
    /// Column in characters (Unicode scalar values), from 1.
    pub column: usize,
}

/// The starts of a text's lines.
#[derive(Debug, Clone)]
pub struct LineIndex<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    /// Reads the text once.
    pub fn new(text: &'a str) -> Self {
        let after_feeds = text
            .bytes()
            .enumerate()
            .filter(|(_, b)| *b == b'\n')
            .map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(after_feeds).collect(),
        }
    }

    /// The place of a byte offset. An offset beyond the text is its end, one
    /// inside of a character is that character's start.
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.line_of(offset);
        let column = self.text[self.starts[line]..offset].chars().count() + 1;
        Position {
            offset,
            line: line + 1,
            column,
        }
    }

    /// The whole lines that a range of bytes touches: the first one's number,
    /// from 1, its offset and the lines' text.
    pub fn lines_around(&self, start: usize, end: usize) -> (usize, usize, &'a str) {
        let first = self.line_of(self.text.floor_char_boundary(start));
        let last = self.line_of(self.text.floor_char_boundary(end));
        let from = self.starts[first];
        let to = self
            .starts
            .get(last + 1)
            .copied()
            .unwrap_or(self.text.len());
        (first + 1, from, &self.text[from..to])
    }

    /// Index of the line; `starts` begins with 0, so there always is one.
    fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, offset: usize) -> (usize, usize, usize) {
        let position = LineIndex::new(text).position(offset);
        (position.offset, position.line, position.column)
    }

    #[test]
    fn columns_count_characters() {
        let text = "größe = \"日本\"\nnext";
        assert_eq!(place(text, 0), (0, 1, 1));
        assert_eq!(place(text, "größe".len()), (7, 1, 6));
        assert_eq!(place(text, text.find('本').unwrap()), (14, 1, 11));
        assert_eq!(place(text, text.find("next").unwrap()), (19, 2, 1));
    }

    #[test]
    fn windows_line_ends_belong_to_their_line() {
        let text = "a = 1\r\nb = 2\r\n";
        assert_eq!(place(text, 5), (5, 1, 6));
        assert_eq!(place(text, 7), (7, 2, 1));
        assert_eq!(place(text, text.len()), (14, 3, 1));
    }

    #[test]
    fn offsets_that_are_no_places_become_the_nearest_before() {
        assert_eq!(place("ä", 1), (0, 1, 1));
        assert_eq!(place("ä", 99), (2, 1, 2));
        assert_eq!(place("", 7), (0, 1, 1));
    }

    #[test]
    fn lines_are_cut_out_whole() {
        let text = "one\ntwo\nthree";
        let index = LineIndex::new(text);
        assert_eq!(index.lines_around(5, 6), (2, 4, "two\n"));
        assert_eq!(index.lines_around(0, 99), (1, 0, text));
        assert_eq!(index.lines_around(13, 13), (3, 8, "three"));
        assert_eq!(LineIndex::new("a\n").lines_around(2, 2), (2, 2, ""));
    }
}
