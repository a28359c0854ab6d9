//! May this request run now, and if not, when; and who is next in line: arithmetic over a clock that is handed in.

mod admission;
mod fair_queue;
mod level;
mod limits;
mod meter;
mod window;

pub use admission::{Admission, Measure, Shortage, admit, shortage};
pub use fair_queue::{FairQueue, Place};
pub use level::{Level, least_left};
pub use limits::Limits;
pub use meter::{Meter, Reading};
