//! Where each request of a connection begins and ends.
//!
//! Only what was checked is passed on: a head when it is whole, a body as it comes. So hyper, which is lenient, never
//! sees what it and a proxy in front could read in two ways.

use memchr::memchr;

use super::head::{self, Framing};
use crate::http::arrival::Refusal;

/// Bytes of a head, at most: a URL of 64 KiB or a token of 100 KiB, which are refused in our words, and the other headers.
pub(super) const HEAD_LIMIT: usize = 128 * 1024;
/// Bytes of the line before a chunk, or of a line of a trailer.
const LINE_LIMIT: usize = 4096;
/// Lines of a trailer.
const TRAILERS: usize = 100;

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// A head, of which so many bytes hold no line's end but those that were looked at.
    Head { scanned: usize },
    /// A body, or a chunk of one, with so many bytes to come.
    Body { left: u64, chunked: bool },
    /// The CR LF behind a chunk.
    ChunkEnd,
    /// The line before a chunk.
    ChunkSize,
    /// The lines behind the last chunk.
    Trailer { lines: usize },
}

/// What became of the bytes so far.
#[derive(PartialEq, Eq, Debug)]
pub enum Progress {
    /// They are well.
    Fine,
    /// The head that begins where passing on ended is refused.
    Refused(Refusal),
    /// The body is broken.
    Broken,
}

/// The bytes of a connection in their parts.
pub struct Requests {
    part: Part,
    /// Heads that were passed on.
    pub heads: u64,
}

impl Default for Requests {
    fn default() -> Self {
        Self { part: Part::Head { scanned: 0 }, heads: 0 }
    }
}

impl Requests {
    /// Whether a head is awaited, or has come in part.
    #[must_use]
    pub const fn awaits_head(&self) -> bool {
        matches!(self.part, Part::Head { .. })
    }

    /// Moves `passed` on over those of `bytes` that may be passed on; called again whenever there are more.
    pub fn advance(&mut self, bytes: &mut Vec<u8>, passed: &mut usize) -> Progress {
        loop {
            let rest = &bytes[*passed..];
            let before = (*passed, rest.len());
            match self.part {
                Part::Head { scanned: 0 } if rest.starts_with(b"\r\n") => {
                    bytes.drain(*passed..*passed + 2); // RFC 9112 §2.2: an empty line before a request is ignored
                }
                Part::Head { scanned: 0 } if rest == b"\r" => return Progress::Fine,
                Part::Head { scanned } => match head_end(rest, scanned) {
                    Err(refusal) => return Progress::Refused(refusal),
                    Ok(None) => {
                        self.part = Part::Head { scanned: rest.len() };
                        return Progress::Fine;
                    }
                    Ok(Some(end)) => match head::check(&rest[..end]) {
                        Err(refusal) => return Progress::Refused(refusal),
                        Ok(framing) => {
                            *passed += end;
                            self.heads += 1;
                            self.part = match framing {
                                Framing::Sized(0) => Part::Head { scanned: 0 },
                                Framing::Sized(left) => Part::Body { left, chunked: false },
                                Framing::Chunked => Part::ChunkSize,
                            };
                        }
                    },
                },
                Part::Body { left, chunked } => {
                    let taken = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    *passed += taken;
                    self.part = match (left - taken as u64, chunked) {
                        (0, false) => Part::Head { scanned: 0 },
                        (0, true) => Part::ChunkEnd,
                        (left, chunked) => Part::Body { left, chunked },
                    };
                }
                _ => match self.chunked(rest) {
                    Some(taken) => *passed += taken,
                    None => return Progress::Broken,
                },
            }
            if before == (*passed, bytes.len() - *passed) || *passed == bytes.len() {
                return Progress::Fine;
            }
        }
    }

    /// What is between chunks: how many bytes of it are well, or none where it is broken.
    fn chunked(&mut self, rest: &[u8]) -> Option<usize> {
        let Some(end) = memchr(b'\n', rest) else {
            return (rest.len() < LINE_LIMIT).then_some(0);
        };
        let line =
            rest[..=end].strip_suffix(b"\r\n").filter(|line| line.len() < LINE_LIMIT && !line.contains(&b'\r'))?;
        self.part = match self.part {
            Part::ChunkEnd if line.is_empty() => Part::ChunkSize,
            Part::ChunkSize => match size(line)? {
                0 => Part::Trailer { lines: 0 },
                left => Part::Body { left, chunked: true },
            },
            Part::Trailer { .. } if line.is_empty() => Part::Head { scanned: 0 },
            Part::Trailer { lines } if lines < TRAILERS => Part::Trailer { lines: lines + 1 },
            _ => return None,
        };
        Some(end + 1)
    }
}

/// Where the head ends, if it is all there. `scanned` bytes of it were looked at before.
fn head_end(head: &[u8], scanned: usize) -> Result<Option<usize>, Refusal> {
    head::begins(head)?;
    let mut from = scanned;
    while let Some(place) = memchr(b'\n', &head[from..]) {
        let end = from + place;
        if end == 0 || head[end - 1] != b'\r' {
            return Err(Refusal::Malformed("Each line of the head must end in CR LF."));
        }
        if end + 1 > HEAD_LIMIT {
            break;
        }
        if head[..=end].ends_with(b"\r\n\r\n") {
            return Ok(Some(end + 1));
        }
        from = end + 1;
    }
    match head.len() > HEAD_LIMIT {
        false => Ok(None),
        true if head[..HEAD_LIMIT].contains(&b'\n') => Err(Refusal::HeadTooLarge),
        true => Err(Refusal::UriTooLong),
    }
}

/// The size of a chunk: hexadecimal digits, then at most an extension, which nobody reads.
fn size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    let is_size = (1..=15).contains(&digits) && matches!(line.get(digits), None | Some(b';'));
    let text = std::str::from_utf8(&line[..digits]).ok().filter(|_| is_size)?;
    u64::from_str_radix(text, 16).ok()
}
