// SPDX-License-Identifier: MIT
//! Splits what arrives on standard input into one-word commands, a line each. Lines are bounded, so
//! that a peer that never sends a newline costs nothing.

const LINE_BYTES_MAX: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct CommandReader {
    line: Vec<u8>,
    discarding: bool, // within the rest of an overlong line
}

impl CommandReader {
    /// Calls `obey` with each line that these bytes complete; with an overlong one once, cut short.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut obey: impl FnMut(String)) {
        for &byte in bytes {
            if byte == b'\n' {
                if !std::mem::take(&mut self.discarding) {
                    obey(self.take_line());
                }
            } else if !self.discarding {
                self.line.push(byte);
                if self.line.len() > LINE_BYTES_MAX {
                    self.discarding = true;
                    obey(self.take_line());
                }
            }
        }
    }

    fn take_line(&mut self) -> String {
        let line = std::mem::take(&mut self.line);
        String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut reader = CommandReader::default();
        let mut seen = Vec::new();
        for piece in pieces {
            reader.feed(piece, |line| seen.push(line));
        }
        seen
    }

    #[test]
    fn a_command_is_a_line_and_not_a_read() {
        assert_eq!(lines(&[b"sam", b"ple\nsto", b"p\r\n\nrest"]), ["sample", "stop", ""]);
    }

    #[test]
    fn an_overlong_line_comes_once_and_cut_short() {
        let long = vec![b'x'; 100_000];
        let seen = lines(&[&long, &long, b"\nstop\n"]);
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].len(), LINE_BYTES_MAX + 1);
        assert_eq!(seen[1], "stop");
    }

    #[test]
    fn bytes_that_are_no_text_are_a_command_nobody_knows() {
        assert_eq!(lines(&[b"\xff\n"]), ["\u{fffd}"]);
    }
}
