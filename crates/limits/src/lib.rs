//! May this request run now, and if not, when: arithmetic over an injected clock, without IO.

mod sliding_window;

pub use sliding_window::SlidingWindow;
