//! The rows of a history file, one by one, from a reader of any length: a list of flat JSON objects is cut into its objects
//! without being understood, so that a bad row costs that row only, and memory stays bounded.
//!
//! A row that is not closed ends where the next one begins, and a text that is not closed ends with its line: JSON allows no
//! line break in a text. What is neither is left to whoever parses the row.

use std::io::{self, Read};

/// No row of an export is longer; one that is, is skipped without being held in memory.
pub(super) const ROW_BYTES_MAX: usize = 256 * 1024;

const READ_BYTES: usize = 256 * 1024;

/// Cuts what a reader gives into rows.
pub(super) struct Rows<R> {
    reader: R,
    buffer: Vec<u8>,
    /// What of the buffer is not used yet.
    from: usize,
    until: usize,
    began: bool,
    ended: bool,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// An object, in braces.
    Row(&'a [u8]),
    /// Something else where a row should be.
    Bad(&'static str),
    /// The list is over.
    End,
    /// The file is over, or cannot be read on, before the list is; why.
    Broken(String),
}

/// Where the bytes of a row are.
enum Cut {
    Row(usize),
    Bad(&'static str),
    Broken(String),
}

impl<R: Read> Rows<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), from: 0, until: 0, began: false, ended: false }
    }

    /// The next row.
    pub(super) fn next(&mut self) -> Next<'_> {
        if self.ended {
            return Next::End;
        }
        if !self.began {
            self.began = true;
            if let Err(why) = self.begin() {
                self.ended = true;
                return Next::Broken(why);
            }
        }
        let first = loop {
            match self.peek() {
                Ok(Some(b',' | b' ' | b'\n' | b'\r' | b'\t')) => self.from += 1,
                Ok(Some(b']')) => {
                    self.ended = true;
                    return Next::End;
                }
                Ok(Some(byte)) => break byte,
                Ok(None) => return self.broken("the file ends before its list of streams does".to_owned()),
                Err(error) => return self.broken(unreadable(&error)),
            }
        };
        let cut = if first == b'{' { self.object() } else { self.scalar() };
        match cut {
            Cut::Row(length) => {
                let from = self.from;
                self.from += length;
                Next::Row(&self.buffer[from..from + length])
            }
            Cut::Bad(why) => Next::Bad(why),
            Cut::Broken(why) => self.broken(why),
        }
    }

    fn broken(&mut self, why: String) -> Next<'_> {
        self.ended = true;
        Next::Broken(why)
    }

    /// To behind the bracket that begins the list.
    fn begin(&mut self) -> Result<(), String> {
        const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
        let read = |error: io::Error| unreadable(&error);
        while self.until - self.from < BYTE_ORDER_MARK.len() && self.more().map_err(read)? {}
        if self.buffer[self.from..self.until].starts_with(BYTE_ORDER_MARK) {
            self.from += BYTE_ORDER_MARK.len();
        }
        loop {
            match self.peek().map_err(read)? {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.from += 1,
                Some(b'[') => {
                    self.from += 1;
                    return Ok(());
                }
                Some(_) => return Err("this is no list of streams".to_owned()),
                None => return Err("the file is empty".to_owned()),
            }
        }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.from == self.until && !self.more()? {
            return Ok(None);
        }
        Ok(Some(self.buffer[self.from]))
    }

    /// Reads more behind what is there, and forgets what was used; whether there was more.
    fn more(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.from..self.until, 0);
        self.until -= self.from;
        self.from = 0;
        if self.buffer.len() < self.until + READ_BYTES {
            self.buffer.resize(self.until + READ_BYTES, 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.until..]) {
                Ok(read) => {
                    self.until += read;
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The length of the object that begins here.
    fn object(&mut self) -> Cut {
        let (mut at, mut depth, mut in_text, mut escaped, mut too_long) = (0, 0_u32, false, false, false);
        // The last byte that is no space, outside of texts.
        let mut last = 0_u8;
        loop {
            if self.from + at == self.until {
                if at > ROW_BYTES_MAX {
                    too_long = true;
                    self.from += at;
                    at = 0;
                }
                match self.more() {
                    Ok(true) => {}
                    Ok(false) => {
                        return Cut::Broken("the file ends in the middle of a row".to_owned());
                    }
                    Err(error) => return Cut::Broken(unreadable(&error)),
                }
            }
            let byte = self.buffer[self.from + at];
            at += 1;
            if in_text {
                match byte {
                    b'\n' => in_text = false,
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => (in_text, escaped) = (true, false),
                b'{' if depth > 0 && !matches!(last, b':' | b'[') => {
                    // A row begins inside a row: this one was not closed. The brace belongs to the next.
                    self.from += at - 1;
                    return Cut::Bad("the row is not closed");
                }
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            if byte == b'}' && depth == 0 {
                break;
            }
            if !byte.is_ascii_whitespace() {
                last = byte;
            }
        }
        if too_long || at > ROW_BYTES_MAX {
            self.from += at;
            return Cut::Bad("the row is longer than any of an export's");
        }
        Cut::Row(at)
    }

    /// Over something that is no object, to the next comma, brace or bracket.
    fn scalar(&mut self) -> Cut {
        self.from += 1;
        loop {
            match self.peek() {
                Ok(Some(b',' | b']' | b'{')) => return Cut::Bad("this is no row, but something else"),
                Ok(Some(_)) => self.from += 1,
                Ok(None) => return Cut::Broken("the file ends in the middle of a row".to_owned()),
                Err(error) => return Cut::Broken(unreadable(&error)),
            }
        }
    }
}

fn unreadable(error: &io::Error) -> String {
    format!("the file cannot be read on: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a text is cut into, read three bytes at a time.
    fn cut(text: &[u8]) -> Vec<String> {
        struct Slow<'a>(&'a [u8]);
        impl Read for Slow<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let length = self.0.len().min(3).min(buffer.len());
                buffer[..length].copy_from_slice(&self.0[..length]);
                self.0 = &self.0[length..];
                Ok(length)
            }
        }
        let mut rows = Rows::new(Slow(text));
        let mut all = Vec::new();
        loop {
            match rows.next() {
                Next::Row(row) => all.push(String::from_utf8_lossy(row).into_owned()),
                Next::Bad(why) => all.push(format!("bad: {why}")),
                Next::Broken(why) => return [all, vec![format!("broken: {why}")]].concat(),
                Next::End => return all,
            }
        }
    }

    #[test]
    fn a_list_is_cut_into_its_objects() {
        let text = r#"[ {"a":"}{\"]","b":{"c":[{"d":1}]}} , {"e":2}]"#;
        assert_eq!(cut(text.as_bytes()), [r#"{"a":"}{\"]","b":{"c":[{"d":1}]}}"#, r#"{"e":2}"#]);
        assert_eq!(cut(b"\xef\xbb\xbf[]"), Vec::<String>::new());
    }

    #[test]
    fn a_bad_row_costs_that_row_only() {
        assert_eq!(cut(b"[{\"a\":1},7,null,{\"b\":2}]")[0], "{\"a\":1}");
        assert_eq!(cut(b"[{\"a\":1},7,null,{\"b\":2}]")[3], "{\"b\":2}");
        assert_eq!(cut(b"[{\"a\":1,\n{\"b\":2}]"), ["bad: the row is not closed", "{\"b\":2}"]);
        assert_eq!(cut(b"[{\"a\":\"x\n},{\"b\":2}]"), ["{\"a\":\"x\n}", "{\"b\":2}"]);
    }

    #[test]
    fn what_came_before_the_end_of_half_a_file_is_kept() {
        let halves = cut(b"[{\"a\":1},{\"b\":");
        assert_eq!(halves, ["{\"a\":1}", "broken: the file ends in the middle of a row"]);
        assert_eq!(cut(b"[{\"a\":1}"), ["{\"a\":1}", "broken: the file ends before its list of streams does"]);
        assert_eq!(cut(b"  "), ["broken: the file is empty"]);
        assert_eq!(cut(b"{\"a\":1}"), ["broken: this is no list of streams"]);
    }

    #[test]
    fn a_row_of_any_length_is_skipped_without_being_held() {
        let mut text = b"[{\"a\":\"".to_vec();
        text.resize(text.len() + 5 * ROW_BYTES_MAX, b'x');
        text.extend(b"\"},{\"b\":2}]");
        let mut rows = Rows::new(text.as_slice());
        assert!(matches!(rows.next(), Next::Bad(_)));
        assert_eq!(rows.next(), Next::Row(b"{\"b\":2}"));
        assert!(rows.buffer.len() <= 2 * (ROW_BYTES_MAX + READ_BYTES), "{}", rows.buffer.len());
    }
}
