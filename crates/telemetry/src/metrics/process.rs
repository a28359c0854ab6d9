//! What the operating system says of this process.

use std::fs;

use rustix::param::{clock_ticks_per_second, page_size};

/// What the operating system says of this process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Process {
    pub(super) cpu_seconds: f64,
    pub(super) start_time_seconds: f64,
    pub(super) resident_memory_bytes: u64,
    pub(super) virtual_memory_bytes: u64,
    pub(super) open_fds: u64,
    /// Unset where there is no limit.
    pub(super) max_fds: Option<u64>,
}

impl Process {
    /// Reads it from `/proc`; `None` on systems that have none.
    pub(super) fn read() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let system = fs::read_to_string("/proc/stat").ok()?;
        let limits = fs::read_to_string("/proc/self/limits").ok()?;
        let open_fds = fs::read_dir("/proc/self/fd").ok()?.count() as u64;
        let stat = Stat::parse(&stat)?;
        let ticks = clock_ticks_per_second() as f64;
        Some(Self {
            cpu_seconds: stat.cpu_ticks as f64 / ticks,
            start_time_seconds: boot_time_seconds(&system)? as f64
                + stat.start_ticks as f64 / ticks,
            resident_memory_bytes: stat.resident_pages * page_size() as u64,
            virtual_memory_bytes: stat.virtual_memory_bytes,
            open_fds,
            max_fds: max_fds(&limits),
        })
    }
}

/// The members of `/proc/PID/stat` that are used; proc_pid_stat(5) counts them from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    cpu_ticks: u64,
    start_ticks: u64,
    virtual_memory_bytes: u64,
    resident_pages: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The second member is the program's name in parentheses, which may hold spaces and parentheses.
        let (_, rest) = text.rsplit_once(") ")?;
        let members: Vec<&str> = rest.split_ascii_whitespace().collect();
        let member = |number: usize| members.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            cpu_ticks: member(14)? + member(15)?,
            start_ticks: member(22)?,
            virtual_memory_bytes: member(23)?,
            resident_pages: member(24)?,
        })
    }
}

fn boot_time_seconds(system: &str) -> Option<u64> {
    system.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// The soft limit of open files.
fn max_fds(limits: &str) -> Option<u64> {
    let row = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    row.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_hides_nothing() {
        let text = "42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 7 5 0 0 20 0 9 0 1234 8192000 333 \
                    18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0";
        let expected = Stat {
            cpu_ticks: 12,
            start_ticks: 1234,
            virtual_memory_bytes: 8_192_000,
            resident_pages: 333,
        };
        assert_eq!(Stat::parse(text), Some(expected));
        assert_eq!(Stat::parse("42 (a) S 1"), None);
    }

    #[test]
    fn limits_and_the_boot_are_found_by_name() {
        assert_eq!(
            boot_time_seconds("cpu 1 2\nbtime 1700000000\nprocesses 3\n"),
            Some(1_700_000_000)
        );
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            1024                 524288               files\n";
        assert_eq!(max_fds(limits), Some(1024));
        assert_eq!(
            max_fds("Max open files            unlimited            unlimited            files"),
            None
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_memory_files_and_a_start() {
        let process = Process::read().unwrap();
        assert!(process.resident_memory_bytes > 1_000_000);
        assert!(process.virtual_memory_bytes >= process.resident_memory_bytes);
        assert!(process.open_fds > 2);
        assert!(process.start_time_seconds > 1_500_000_000.0);
    }
}
