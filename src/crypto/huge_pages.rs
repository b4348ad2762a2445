//! Memory on huge pages. argon2 reads all over its memory, and on pages of 4 KiB a tenth of its time goes into finding
//! them.

use std::{ffi::c_void, mem::MaybeUninit, ptr::NonNull};

use nix::sys::mman::{MmapAdvise, madvise};

/// Bytes of a huge page, of the kinds of processors that servers have.
const HUGE: usize = 2 * 1024 * 1024;

/// Asks for huge pages for what nobody has written to yet. Where the system has none, nothing changes but the speed.
#[expect(unsafe_code, reason = "this call of the system's has no safe name")]
pub(super) fn ask<T>(memory: &mut [MaybeUninit<T>]) {
    let (start, length) = (memory.as_mut_ptr().cast::<u8>(), size_of_val(memory));
    let skipped = start.align_offset(HUGE).min(length);
    let whole = (length - skipped) / HUGE * HUGE;
    let Some(start) = NonNull::new(start.wrapping_add(skipped).cast::<c_void>()).filter(|_| whole > 0) else { return };
    // SAFETY: the pages are within memory that is ours alone, and the advice changes how they are mapped, not what they
    // hold.
    if let Err(error) = unsafe { madvise(start, whole, MmapAdvise::MADV_HUGEPAGE) } {
        tracing::debug!(%error, "passwords are hashed on small pages");
    }
}
