//! The process, in OpenTelemetry's words: what the system knows of it whenever somebody asks. What a system has no
//! `/proc` for is left out.

use std::{fmt, fs, time::Instant};

use nix::sys::{
    resource::{Resource, UsageWho, getrlimit, getrusage},
    time::TimeVal,
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{TypedMetric, counter::ConstCounter, gauge::ConstGauge},
};

/// Asks the system at each scrape.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) start: Instant,
}

impl Collector for Process {
    fn encode(&self, mut out: DescriptorEncoder<'_>) -> fmt::Result {
        let mut gauge = |name, help, value: f64| {
            ConstGauge::new(value).encode(out.encode_descriptor(name, help, None, ConstGauge::<f64>::TYPE)?)
        };
        gauge("process_uptime_seconds", "Time since the start", self.start.elapsed().as_secs_f64())?;
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        if let Some(kilobytes) = field(&status, "VmRSS:") {
            gauge("process_memory_usage_bytes", "Memory in use", kilobytes * 1024.0)?;
        }
        if let Some(threads) = field(&status, "Threads:") {
            gauge("process_thread_count", "Threads", threads)?;
        }
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            gauge("process_unix_file_descriptor_count", "Open files", count(files.count()))?;
        }
        if let Ok((limit, _)) = getrlimit(Resource::RLIMIT_NOFILE) {
            gauge(
                "dna_process_file_descriptor_limit",
                "Files that may be open",
                count(limit.try_into().unwrap_or(usize::MAX)),
            )?;
        }
        let Ok(used) = getrusage(UsageWho::RUSAGE_SELF) else { return Ok(()) };
        let kind = ConstCounter::<f64>::TYPE;
        let mut counter = out.encode_descriptor("process_cpu_time_seconds", "Processor time", None, kind)?;
        for (mode, time) in [("user", used.user_time()), ("system", used.system_time())] {
            ConstCounter::new(seconds(time)).encode(counter.encode_family(&[("cpu_mode", mode)])?)?;
        }
        Ok(())
    }
}

/// The number that follows a name in `/proc/self/status`.
fn field(status: &str, name: &str) -> Option<f64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[expect(clippy::cast_precision_loss, reason = "there are fewer files than 2^53")]
const fn count(files: usize) -> f64 {
    files as f64
}

#[expect(clippy::cast_precision_loss, reason = "no processor has run for 2^53 seconds")]
fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}
