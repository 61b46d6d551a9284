//! What a case measured, and the clocks it was measured with.

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use std::time::{Duration, Instant};

/// One case's figures; the keys of the last line a run prints.
#[derive(Debug, Default, Serialize)]
pub struct Figures {
    /// The case.
    pub case: &'static str,
    /// How many items it handled.
    pub n: u64,
    /// Items per second of processor time, of all threads: the figure to compare.
    pub per_cpu_s: f64,
    /// Items per second of wall time.
    pub per_wall_s: f64,
    /// Median latency of one item in microseconds, where items are timed one by one.
    pub p50_us: Option<f64>,
    /// 99th percentile of the same.
    pub p99_us: Option<f64>,
    /// Median of a bare `fdatasync` after the same write, in the same run.
    pub sync_p50_us: Option<f64>,
    /// Most memory the process ever held.
    pub peak_rss_mib: f64,
    /// Figures of this case alone.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// Processor and wall time, of the stretches it was let run.
pub struct Stopwatch {
    since: (Duration, Instant),
    cpu: Duration,
    wall: Duration,
}

impl Stopwatch {
    /// A watch that stands.
    pub fn paused() -> Self {
        Self { since: (cpu_time(), Instant::now()), cpu: Duration::ZERO, wall: Duration::ZERO }
    }

    /// Goes on from where it was paused.
    pub fn go_on(&mut self) {
        self.since = (cpu_time(), Instant::now());
    }

    /// Stands still until told to go on.
    pub fn pause(&mut self) {
        let (cpu, wall) = self.since;
        self.wall += wall.elapsed();
        self.cpu += cpu_time().saturating_sub(cpu);
    }

    /// Figures for what was handled while it ran.
    pub fn figures(&self, case: &'static str, n: u64) -> Figures {
        Figures {
            case,
            n,
            per_cpu_s: rate(n, self.cpu),
            per_wall_s: rate(n, self.wall),
            peak_rss_mib: peak_rss_mib(),
            ..Figures::default()
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(n: u64, time: Duration) -> f64 {
    n as f64 / time.as_secs_f64()
}

/// Processor time of all threads of this process.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Most memory the process ever held, in MiB, as the kernel of the operating system counts it.
pub fn peak_rss_mib() -> f64 {
    status_kib("VmHWM:") / 1024.0
}

/// Memory the process holds now, in MiB.
pub fn rss_mib() -> f64 {
    status_kib("VmRSS:") / 1024.0
}

fn status_kib(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or("0");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(f64::NAN)
}

/// The value below which this share of the samples lies, in microseconds. Sorts the samples.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index into the samples, and a figure for people"
)]
pub fn percentile_us(samples: &mut [Duration], share: f64) -> Option<f64> {
    samples.sort_unstable();
    let index = ((samples.len() as f64 - 1.0) * share).round() as usize;
    samples.get(index).map(|sample| sample.as_secs_f64() * 1e6)
}
