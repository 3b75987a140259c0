/**
 * Has the process keep the memory that it frees. What comes and goes in bulk lies in large buffers, of which V8 gathers tens of MiB before it frees
 * them, all at once. The allocator of glibc then gives what is freed at the end of its heap back to the kernel, and is given it anew, page by page, for
 * what comes next, which can take longer than all else that is done with the bytes. It keeps twice as much as the largest block that was ever mapped
 * and freed (mallopt(3), dynamic mmap threshold), as in most programs that have run for a while. So one such block is made, which nobody writes to and
 * which so takes up no memory, and is left to the collector. What the operator says by `MALLOC_TRIM_THRESHOLD_` holds; other allocators have ways of
 * their own.
 */

/** Just below the largest block that changes what glibc keeps, 32 MiB with its framing. */
const BLOCK_BYTES = 31 * 1024 * 1024;

let isKept = false;

/** To be called where bulk data is seen. Only the first call does something. */
export function keepFreedMemory(): void {
  if (isKept) return;
  isKept = true;
  try {
    Buffer.allocUnsafeSlow(BLOCK_BYTES);
  } catch {
    // A process that has no room for it goes on as it was.
  }
}
