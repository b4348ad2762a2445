//! Requests byte by byte, for what no library would send.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::{App, Reply};

impl App {
    /// Sends bytes, and reads one reply.
    pub async fn send(&self, request: impl Into<Vec<u8>>) -> Reply {
        self.exchange(request.into(), read).await
    }

    /// Sends bytes, and reads until the server closes the connection.
    pub async fn send_until_closed(&self, request: impl Into<Vec<u8>>) -> Reply {
        self.exchange(request.into(), read_to_end).await
    }

    /// Sends bytes, says that no more will come, and reads until the server closes the connection.
    pub async fn send_half_closed(&self, request: impl Into<Vec<u8>>) -> Reply {
        let close = |stream: &mut TcpStream| stream.shutdown(Shutdown::Write).and_then(|()| read_to_end(stream));
        self.exchange(request.into(), close).await
    }

    async fn exchange(
        &self,
        request: Vec<u8>,
        read: impl FnOnce(&mut TcpStream) -> io::Result<Vec<u8>> + Send + 'static,
    ) -> Reply {
        let address = self.url.replace("http://", "");
        let exchange = move || {
            let mut stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(Duration::from_secs(30)))?;
            stream.write_all(&request)?;
            read(&mut stream)
        };
        let reply = tokio::task::spawn_blocking(exchange).await.expect("a thread").expect("a reply");
        Reply::parse(&String::from_utf8(reply).expect("UTF-8"))
    }
}

fn read_to_end(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).map(|_| reply)
}

/// Reads until the reply is whole, or the server closes.
fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let (mut reply, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut buffer)?;
        reply.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&reply);
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
        if count == 0 || body.zip(length).is_some_and(|(body, length): (usize, usize)| body >= length) {
            return Ok(reply);
        }
    }
}

impl Reply {
    fn parse(reply: &str) -> Self {
        let (head, text) = reply.split_once("\r\n\r\n").expect("a head");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        let headers: HeaderMap = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| {
                let name = HeaderName::try_from(name).expect("a header's name");
                (name, HeaderValue::try_from(value).expect("a header's value"))
            })
            .collect();
        let json = serde_json::from_str(text).unwrap_or(Value::Null);
        Self { status: status.expect("a status"), headers, text: text.to_owned(), json }
    }
}
