//! Callers: those that wait for a reply before they ask again, and those that come at a fixed rate whatever happens.

use std::{
    io::{Read as _, Write as _},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

/// What one caller asks, and what it makes of the reply.
pub trait Caller: Send {
    /// Writes the next request; false where there is none.
    fn ask(&mut self, request: &mut Vec<u8>) -> bool;

    /// Takes a reply.
    fn hear(&mut self, status: u16, body: &[u8]) -> Result<()>;
}

pub type Callers = Vec<Box<dyn Caller>>;

/// What came of a load.
#[derive(Clone, Debug, Default)]
pub struct Load {
    pub replies: usize,
    pub seconds: f64,
    /// Seconds from the request to the last byte of its reply, in order.
    pub latencies: Vec<f64>,
}

impl Load {
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let replies = self.replies as f64;
        replies / self.seconds
    }

    /// The time that this part of the replies took no longer than.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "it is an index"
    )]
    pub fn percentile(&self, part: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(((last as f64) * part).round() as usize).copied().unwrap_or(f64::NAN)
    }
}

/// Where a reply ends, what its status is, and where its body begins; none while it is not whole.
fn reply(received: &[u8]) -> Result<Option<(u16, usize, usize)>> {
    let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = str::from_utf8(&received[..end])?;
    let status = head.get(9..12).context("no status")?.parse()?;
    let length = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let whole = end + 4 + length.context("no Content-Length")?;
    Ok((received.len() >= whole).then_some((status, end + 4, whole)))
}

/// Callers who each wait for their reply, all on one thread, for so long or until they have nothing more to ask.
pub fn closed(address: &str, callers: &mut Callers, time: Duration) -> Result<Load> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let taken = std::mem::take(callers);
    let (load, back) = runtime.block_on(async {
        let mut connected = Vec::new();
        for caller in taken {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            connected.push((stream, caller));
        }
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for (stream, caller) in connected {
            tasks.spawn(call(stream, caller, start + time));
        }
        let (mut load, mut back) = (Load::default(), Callers::new());
        for done in tasks.join_all().await {
            let (caller, latencies) = done?;
            load.latencies.extend(latencies);
            back.push(caller);
        }
        load.seconds = start.elapsed().as_secs_f64();
        load.replies = load.latencies.len();
        load.latencies.sort_by(f64::total_cmp);
        anyhow::Ok((load, back))
    })?;
    *callers = back;
    Ok(load)
}

async fn call(mut stream: TcpStream, mut caller: Box<dyn Caller>, end: Instant) -> Result<(Box<dyn Caller>, Vec<f64>)> {
    let (mut request, mut received, mut latencies) = (Vec::new(), Vec::with_capacity(8192), Vec::new());
    let mut start = Instant::now();
    while start < end {
        request.clear();
        if !caller.ask(&mut request) {
            break;
        }
        stream.write_all(&request).await?;
        received.clear();
        let (status, body) = loop {
            if stream.read_buf(&mut received).await? == 0 {
                bail!("the server hung up");
            }
            if let Some((status, body, _)) = reply(&received)? {
                break (status, body);
            }
        };
        caller.hear(status, &received[body..])?;
        let now = Instant::now();
        latencies.push((now - start).as_secs_f64());
        start = now;
    }
    Ok((caller, latencies))
}

/// Callers who come so many a second, whether those before them have their reply or not: each of these threads has its
/// turns. A reply's time counts from when its caller was to come, so none that is held up hides it.
pub fn open(address: &str, callers: Callers, rate: f64, time: Duration) -> Result<Load> {
    let (latencies, number, failure) = (Mutex::new(Vec::new()), AtomicUsize::new(0), Mutex::new(None));
    let people = callers.len();
    let start = Instant::now() + Duration::from_millis(50);
    thread::scope(|scope| {
        let (latencies, number, failure) = (&latencies, &number, &failure);
        for caller in callers {
            scope.spawn(move || {
                let own = number.fetch_add(1, Ordering::Relaxed);
                match turns(address, caller, start, (own, people), rate, time) {
                    Ok(own) => latencies.lock().expect("a lock").extend(own),
                    Err(error) => *failure.lock().expect("a lock") = Some(error),
                }
            });
        }
    });
    if let Some(error) = failure.into_inner().map_err(|_| anyhow!("a caller panicked"))? {
        return Err(error);
    }
    let mut latencies = latencies.into_inner().map_err(|_| anyhow!("a caller panicked"))?;
    latencies.sort_by(f64::total_cmp);
    Ok(Load { replies: latencies.len(), seconds: time.as_secs_f64(), latencies })
}

fn turns(
    address: &str,
    mut caller: Box<dyn Caller>,
    start: Instant,
    (own, people): (usize, usize),
    rate: f64,
    time: Duration,
) -> Result<Vec<f64>> {
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let (mut request, mut latencies) = (Vec::new(), Vec::new());
    let mut received = vec![0; 64 * 1024];
    for turn in 0.. {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let due = Duration::from_secs_f64((own + turn * people) as f64 / rate);
        if due >= time {
            break;
        }
        let due = start + due;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        request.clear();
        if !caller.ask(&mut request) {
            break;
        }
        stream.write_all(&request)?;
        let mut length = 0;
        let (status, body) = loop {
            let read = stream.read(&mut received[length..])?;
            if read == 0 {
                bail!("the server hung up");
            }
            length += read;
            if let Some((status, body, _)) = reply(&received[..length])? {
                break (status, body);
            }
        };
        latencies.push(due.elapsed().as_secs_f64());
        caller.hear(status, &received[body..length])?;
    }
    Ok(latencies)
}

/// One request and its reply, which must be a success.
pub fn once(address: &str, request: &[u8]) -> Result<Vec<u8>> {
    let (status, body) = asked(address, request)?;
    if !(200..300).contains(&status) {
        bail!("{status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(body)
}

/// One request, and the status and the body of its reply.
pub fn asked(address: &str, request: &[u8]) -> Result<(u16, Vec<u8>)> {
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(request)?;
    let mut received = Vec::new();
    let mut part = [0; 8192];
    loop {
        let read = stream.read(&mut part)?;
        received.extend_from_slice(&part[..read]);
        if let Some((status, body, whole)) = reply(&received)? {
            return Ok((status, received[body..whole].to_vec()));
        }
        if read == 0 {
            bail!("the server hung up");
        }
    }
}

/// A number of its own for each who asks, so that no two callers send the same name.
#[derive(Clone, Default)]
pub struct Numbers(Arc<AtomicUsize>);

impl Numbers {
    pub fn next(&self) -> usize {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}
