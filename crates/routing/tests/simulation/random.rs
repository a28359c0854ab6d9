//! Numbers that are the same for the same seed (splitmix64).

use std::{ops::Range, time::Duration};

#[derive(Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1))
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of the range.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.draw() % (range.end - range.start)
    }

    /// A time of the range, in milliseconds.
    pub fn time(&mut self, range_ms: Range<u64>) -> Duration {
        Duration::from_micros(self.within(range_ms.start * 1000..range_ms.end * 1000))
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.draw() % 100 < percent
    }

    /// One of several.
    pub fn one_of<T: Copy>(&mut self, several: &[T]) -> T {
        several[self.within(0..several.len() as u64) as usize]
    }

    /// The numbers below `count`, in any order.
    pub fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut left = (0..count).collect::<Vec<_>>();
        let mut order = Vec::with_capacity(count);
        while !left.is_empty() {
            order.push(left.swap_remove(self.within(0..left.len() as u64) as usize));
        }
        order
    }
}
