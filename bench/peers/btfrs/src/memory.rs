//! Memory of this process, as Linux tells it.

use std::{fs, io};

/// Bytes: Private_Dirty, Rss and Pss of the whole process, and the peak of Rss.
#[derive(Clone, Copy, Default)]
pub struct Memory {
    pub private: u64,
    pub rss: u64,
    pub pss: u64,
    pub peak: u64,
}

impl Memory {
    /// Lets the allocator give back what is free, then reads the figures.
    pub fn now() -> io::Result<Memory> {
        trim();
        let rollup = fs::read_to_string("/proc/self/smaps_rollup")?;
        let status = fs::read_to_string("/proc/self/status")?;
        Ok(Memory {
            private: field(&rollup, "Private_Dirty:")?,
            rss: field(&rollup, "Rss:")?,
            pss: field(&rollup, "Pss:")?,
            peak: field(&status, "VmHWM:")?,
        })
    }

    /// The figures before anything is opened, with the peak reset to the present where the kernel
    /// allows it (proc(5), clear_refs).
    pub fn baseline() -> io::Result<Memory> {
        Memory::now()?;
        _ = fs::write("/proc/self/clear_refs", "5");
        Memory::now()
    }

    /// The difference and the totals as benchmark-format values.
    pub fn report(&self, from: &Memory) -> String {
        let delta = |now: u64, then: u64| now as i64 - then as i64;
        format!(
            "{} private-B\t{} rss-B\t{} pss-B\t{} peak-B\t\
             {} private-total-B\t{} rss-total-B\t{} pss-total-B\t{} peak-total-B",
            delta(self.private, from.private),
            delta(self.rss, from.rss),
            delta(self.pss, from.pss),
            delta(self.peak, from.peak),
            self.private,
            self.rss,
            self.pss,
            self.peak,
        )
    }
}

fn field(text: &str, name: &str) -> io::Result<u64> {
    text.lines()
        .find_map(|line| {
            line.strip_prefix(name)?
                .trim()
                .strip_suffix(" kB")?
                .parse()
                .ok()
        })
        .map(|kb: u64| kb * 1024)
        .ok_or_else(|| io::Error::other(format!("no {name} in /proc/self")))
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim() {
    extern "C" {
        fn malloc_trim(pad: usize) -> i32;
    }
    // SAFETY: glibc's malloc_trim(3) has no preconditions and is thread-safe.
    unsafe { malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}
