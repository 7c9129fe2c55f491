// SPDX-License-Identifier: Apache-2.0
// A counting semaphore between plain threads, where nothing of Swift's concurrency may wait.
import Glibc

/// A counting semaphore that begins at zero.
///
/// INVARIANT for `@unchecked Sendable`: the pointer never changes, and `sem_t` is made for use by several threads.
@safe final class Semaphore: @unchecked Sendable {
    private let pointer: UnsafeMutablePointer<sem_t>

    init() {
        unsafe pointer = .allocate(capacity: 1)
        unsafe sem_init(pointer, 0, 0)
    }

    deinit {
        unsafe sem_destroy(pointer)
        unsafe pointer.deallocate()
    }

    func signal() { unsafe sem_post(pointer) }

    func wait() {
        while unsafe sem_wait(pointer) != 0 {}
    }
}
