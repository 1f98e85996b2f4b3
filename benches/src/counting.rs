//! An allocator that counts, over all threads of a program.
//!
//! A program that measures installs it:
//!
//! ```
//! #[global_allocator]
//! static ALLOCATOR: benches::counting::Counting = benches::counting::Counting;
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static MOVING_PEAK: AtomicUsize = AtomicUsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, with a count of what it gave.
#[derive(Debug)]
pub struct Counting;

/// Bytes that are allocated now.
pub fn live() -> usize {
    LIVE.load(Relaxed)
}

/// The most bytes that were allocated at once since [`restart`], where memory grows in its place.
pub fn peak() -> usize {
    PEAK.load(Relaxed)
}

/// The same where memory that grows is moved, so that for a moment the old and the new are held.
pub fn moving_peak() -> usize {
    MOVING_PEAK.load(Relaxed)
}

/// How often memory was asked for, a reallocation included.
pub fn calls() -> usize {
    CALLS.load(Relaxed)
}

/// The peaks begin again at what is allocated now, which is returned.
pub fn restart() -> usize {
    let live = live();
    PEAK.store(live, Relaxed);
    MOVING_PEAK.store(live, Relaxed);
    live
}

fn took(bytes: usize) {
    CALLS.fetch_add(1, Relaxed);
    let live = LIVE.fetch_add(bytes, Relaxed) + bytes;
    PEAK.fetch_max(live, Relaxed);
    MOVING_PEAK.fetch_max(live, Relaxed);
}

fn gave(bytes: usize) {
    LIVE.fetch_sub(bytes, Relaxed);
}

// SAFETY: every call goes on to the system's allocator with the caller's own arguments, and the
// counters do not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: the caller keeps the contract of this function, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        gave(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        CALLS.fetch_add(1, Relaxed);
        MOVING_PEAK.fetch_max(live() + size, Relaxed);
        let live = LIVE.fetch_add(size, Relaxed) + size - layout.size();
        gave(layout.size());
        PEAK.fetch_max(live, Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
