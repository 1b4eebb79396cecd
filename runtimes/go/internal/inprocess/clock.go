// SPDX-License-Identifier: MIT

// Package inprocess is what workloads without clients have in common: the clocks that they measure
// with, a histogram, and the numbers that a seed gives.
package inprocess

import (
	"time"

	"golang.org/x/sys/unix"
)

// Moment is a wall-clock time and the CPU time that the process had used by then.
type Moment struct {
	At  time.Time
	cpu int64
}

// Now reads both clocks.
func Now() Moment {
	var used unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &used); err != nil {
		panic(err) // every Linux has this clock
	}
	return Moment{time.Now(), used.Nano()}
}

// Until gives wall-clock and CPU time in ns; none where `later` came first or never.
func (m Moment) Until(later Moment) (wall, cpu int64) {
	if m.At.IsZero() || later.At.Before(m.At) {
		return 0, 0
	}
	return int64(later.At.Sub(m.At)), max(0, later.cpu-m.cpu)
}
