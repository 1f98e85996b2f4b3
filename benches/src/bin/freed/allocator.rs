//! An allocator that looks for secrets in the memory that is given back.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::SeqCst};

use memchr::memmem;

/// The system's allocator. While this thread is [`watched`], each block that it gives back is
/// searched for the needles, and is kept: some keys depend on the nonces of an exchange, and are
/// known when it is over. [`search_kept`] looks for those.
///
/// The server of a case runs in a thread of its own, which is not watched: it has to know the
/// secrets, and nothing is wiped there. The two talk over a socket, so no block goes from one to
/// the other.
#[derive(Debug)]
pub struct Watching;

/// Bytes that must not be found, and the name of their form.
#[derive(Debug)]
pub struct Needle {
    pub form: String,
    pub bytes: Vec<u8>,
}

/// A needle that was found.
#[derive(Clone, Copy, Debug)]
pub struct Find {
    /// Its place in the list.
    pub needle: usize,
    /// The size of the block, in bytes.
    pub size: usize,
}

static NEEDLES: AtomicPtr<Vec<Needle>> = AtomicPtr::new(std::ptr::null_mut());
static FOUND: AtomicUsize = AtomicUsize::new(0);
static FIRST_NEEDLE: AtomicUsize = AtomicUsize::new(0);
static FIRST_SIZE: AtomicUsize = AtomicUsize::new(0);
static BLOCKS: AtomicUsize = AtomicUsize::new(0);

/// A block that was given back and is kept.
struct Kept {
    block: AtomicPtr<u8>,
    size: AtomicUsize,
    align: AtomicUsize,
}

/// More blocks than one exchange gives back.
const MAX_KEPT: usize = 8192;

static KEPT: [Kept; MAX_KEPT] = [const {
    Kept {
        block: AtomicPtr::new(std::ptr::null_mut()),
        size: AtomicUsize::new(0),
        align: AtomicUsize::new(1),
    }
}; MAX_KEPT];
static KEPT_COUNT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

/// The needles from now on. They are kept for ever.
pub fn look_for(needles: Vec<Needle>) {
    NEEDLES.store(Box::into_raw(Box::new(needles)), SeqCst);
}

/// Runs `work` while the blocks that this thread gives back are searched.
pub fn watched<R>(work: impl FnOnce() -> R) -> R {
    let before = WATCHED.replace(true);
    let result = work();
    WATCHED.set(before);
    result
}

/// Runs `work` while they are not: the program itself handles a secret.
pub fn unwatched<R>(work: impl FnOnce() -> R) -> R {
    let before = WATCHED.replace(false);
    let result = work();
    WATCHED.set(before);
    result
}

/// How often a needle was found since the last call, and the first find.
pub fn take_finds() -> (usize, Find) {
    let first = Find { needle: FIRST_NEEDLE.load(SeqCst), size: FIRST_SIZE.load(SeqCst) };
    (FOUND.swap(0, SeqCst), first)
}

/// How many blocks were searched.
pub fn blocks() -> usize {
    BLOCKS.load(SeqCst)
}

/// Searches a block that is given back.
fn search(block: &[u8]) {
    // The list does not change while a case runs.
    let list = NEEDLES.load(SeqCst);
    // SAFETY: it is null, or a list that was leaked and that only shared references lead to.
    let Some(needles) = (unsafe { list.as_ref() }) else { return };
    BLOCKS.fetch_add(1, SeqCst);
    for (index, needle) in needles.iter().enumerate() {
        if memmem::find(block, &needle.bytes).is_some() {
            if FOUND.fetch_add(1, SeqCst) == 0 {
                FIRST_NEEDLE.store(index, SeqCst);
                FIRST_SIZE.store(block.len(), SeqCst);
            }
            if std::env::var_os("FREED_TRACE").is_some() {
                eprintln!(
                    "{} in {} bytes\n{}",
                    needle.form,
                    block.len(),
                    Backtrace::force_capture()
                );
            }
        }
    }
}

/// Searches the blocks that are kept for more needles, and gives them back to the system. Gives the
/// first find, and panics where there was no room for all blocks.
pub fn search_kept(needles: &[Needle]) -> Option<Find> {
    let count = KEPT_COUNT.swap(0, SeqCst);
    assert!(count <= MAX_KEPT, "{count} blocks were given back: raise MAX_KEPT");
    let mut first = None;
    for kept in &KEPT[..count] {
        let (block, size) = (kept.block.load(SeqCst), kept.size.load(SeqCst));
        // SAFETY: this program owns the block until it is given back below, and it has this size.
        let bytes = unsafe { std::slice::from_raw_parts(block, size) };
        for (index, needle) in needles.iter().enumerate() {
            if first.is_none() && memmem::find(bytes, &needle.bytes).is_some() {
                first = Some(Find { needle: index, size });
            }
        }
        let layout = Layout::from_size_align(size, kept.align.load(SeqCst)).expect("as it was");
        // SAFETY: it was given out by the system's allocator, with this layout.
        unsafe { System.dealloc(block, layout) }
    }
    first
}

// SAFETY: every call goes on to the system's allocator with the caller's own arguments. A block is
// read before it is given back, whole; what was never written in it reads as any byte.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that a block holds nothing of an earlier one that was not searched.
        // SAFETY: the caller keeps the contract of this function, which is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if WATCHED.try_with(Cell::get).unwrap_or(false) {
            // The search itself may allocate, for a trace.
            WATCHED.set(false);
            // SAFETY: the block is the caller's until it is given back, has this size, and was
            // zeroed when it was given out.
            search(unsafe { std::slice::from_raw_parts(block, layout.size()) });
            WATCHED.set(true);
            let count = KEPT_COUNT.fetch_add(1, SeqCst);
            if let Some(kept) = KEPT.get(count) {
                kept.block.store(block, SeqCst);
                kept.size.store(layout.size(), SeqCst);
                kept.align.store(layout.align(), SeqCst);
                return;
            }
        }
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }

    // `realloc` is the default one: a new block, a copy, and the old block given back, as it is
    // where memory cannot grow in its place.
}
