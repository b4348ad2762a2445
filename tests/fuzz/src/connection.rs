//! A connection's bytes before hyper sees them.

use dna_api::server::framing::{Progress, Requests};

/// What was passed on, and how it ended.
#[derive(PartialEq, Eq, Debug)]
struct Passed {
    bytes: Vec<u8>,
    heads: Vec<usize>,
    ended: Progress,
}

/// Feeds the bytes in pieces of that size.
fn feed(data: &[u8], size: usize) -> Passed {
    let (mut requests, mut bytes, mut passed) = (Requests::default(), Vec::new(), 0);
    let (mut all, mut heads) = (Vec::new(), Vec::new());
    for piece in data.chunks(size) {
        bytes.extend_from_slice(piece);
        let before = requests.heads;
        let ended = requests.advance(&mut bytes, &mut passed);
        assert!(passed <= bytes.len());
        if size == 1 && requests.heads > before {
            heads.push(all.len());
            check_head(&bytes[..passed]);
        }
        all.extend(bytes.drain(..passed));
        passed = 0;
        if ended != Progress::Fine {
            return Passed { bytes: all, heads, ended };
        }
    }
    Passed { bytes: all, heads, ended: Progress::Fine }
}

/// Whatever head is let through, hyper's parser reads it to the same end, and there is one length at most.
fn check_head(head: &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut request = httparse::Request::new(&mut headers);
    let read = request.parse(head).unwrap_or_else(|error| panic!("{error}: {}", head.escape_ascii()));
    assert_eq!(read, httparse::Status::Complete(head.len()), "{}", head.escape_ascii());
    let values = |name: &str| {
        let named = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| header.value).collect::<Vec<_>>()
    };
    let (lengths, codings) = (values("content-length"), values("transfer-encoding"));
    assert!(lengths.len() + codings.len() <= 1, "{}", head.escape_ascii());
    assert!(codings.iter().all(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"chunked")));
    assert!(lengths.iter().all(|length| length.trim_ascii().iter().all(u8::is_ascii_digit)));
    assert_eq!(values("host").len().max(usize::from(request.version == Some(0))), 1, "{}", head.escape_ascii());
}

/// However the bytes are cut into pieces, the same is passed on, and the same is said of the rest.
pub(crate) fn requests(data: &[u8]) {
    let one_by_one = feed(data, 1);
    for size in [7, data.len().max(1)] {
        let pieces = feed(data, size);
        assert_eq!(pieces.ended, one_by_one.ended);
        assert_eq!(pieces.bytes, one_by_one.bytes);
    }
}
