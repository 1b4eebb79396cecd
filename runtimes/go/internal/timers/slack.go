// SPDX-License-Identifier: MIT

package timers

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"tailrace/internal/protocol"
)

// inheritSlack gives all threads this timer slack; 0 is the kernel's. Go's runtime has threads
// before main() runs, and a thread inherits its slack at its birth alone: so this thread gets it
// and the program is started again in the same process. Returns where that has been done already.
func inheritSlack(ns int64) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if ns == 0 || slack() == ns {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(ns), 0, 0, 0); err != nil {
		return protocol.RefusedByKernel(fmt.Sprintf("no timer slack of %d ns", ns), err)
	}
	err := syscall.Exec("/proc/self/exe", os.Args, os.Environ())
	return protocol.RefusedByKernel("the program cannot be started again", err)
}

// slack is that of the calling thread, in ns: by how much the kernel may delay its wake-ups.
func slack() int64 {
	ns, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil {
		return 0
	}
	return int64(ns)
}
