//! May this request run now, and if not, when: arithmetic over a clock that is handed in.

mod admission;
mod fair_queue;
mod limits;
mod meter;
mod sliding_window;
mod window;

pub use admission::{Admission, Measure, Shortage, admit};
pub use fair_queue::{FairQueue, Place};
pub use limits::Limits;
pub use meter::{Level, Meter, Reading};
pub use sliding_window::SlidingWindow;
