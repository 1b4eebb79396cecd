// SPDX-License-Identifier: MIT

package protocol

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const cpusMax = 1024 // of a kernel's cpu_set_t

// parseCPUs reads a list such as 0,2-3. The result is ascending and without repeats; the error is
// one sentence.
func parseCPUs(text string) ([]int, error) {
	bad := fmt.Errorf("'%s' is not a list of CPUs: write CPU numbers from 0 to %d as in 0,2-3",
		excerpt(text), cpusMax-1)
	var named [cpusMax]bool
	for _, part := range strings.Split(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, to := cpuNumber(first), cpuNumber(last)
		if from < 0 || to < from {
			return nil, bad
		}
		for cpu := from; cpu <= to; cpu++ {
			named[cpu] = true
		}
	}
	var cpus []int
	for cpu, is := range named {
		if is {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// cpuNumber is negative where the text is none.
func cpuNumber(text string) int {
	number, err := strconv.ParseUint(text, 10, 32)
	if err != nil || number >= cpusMax {
		return -1
	}
	return int(number)
}

// cpuText is the inverse of parseCPUs.
func cpuText(cpus []int) string {
	var parts []string
	for i := 0; i < len(cpus); {
		end := i
		for end+1 < len(cpus) && cpus[end+1] == cpus[end]+1 {
			end++
		}
		part := strconv.Itoa(cpus[i])
		if end > i {
			part += "-" + strconv.Itoa(cpus[end])
		}
		parts = append(parts, part)
		i = end + 1
	}
	return strings.Join(parts, ",")
}

// confine keeps the process to exactly these CPUs and gives its threads this timer slack; no CPUs
// confine nothing, and a slack of 0 is the kernel's. Go's runtime has threads before main() runs,
// and threads inherit at their birth alone: so this thread gets both and the program is started
// anew in the same process, whose threads all inherit them. Returns where that has been done
// already, or with one sentence where not all of the CPUs can be used.
func confine(cpus []int, slack int64) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := allowedCPUs()
	confined := len(cpus) == 0 || cpuText(before) == cpuText(cpus)
	if confined && (slack == 0 || TimerSlack() == slack) {
		return nil
	}
	if !confined {
		if err := confineThread(before, cpus); err != nil {
			return err
		}
	}
	if slack != 0 {
		if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(slack), 0, 0, 0); err != nil {
			return fmt.Errorf("no timer slack of %d ns: %w", slack, err)
		}
	}
	err := syscall.Exec("/proc/self/exe", os.Args, os.Environ())
	return fmt.Errorf("the program cannot be started anew: %w", err)
}

// TimerSlack is that of the calling thread, in ns: by how much the kernel may delay its wake-ups.
func TimerSlack() int64 {
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil {
		return 0
	}
	return int64(slack)
}

func confineThread(before, cpus []int) error {
	var wanted unix.CPUSet
	for _, cpu := range cpus {
		wanted.Set(cpu)
	}
	// The kernel drops CPUs that are absent or outside of the cpuset without a word.
	err := unix.SchedSetaffinity(0, &wanted)
	if err != nil || cpuText(allowedCPUs()) != cpuText(cpus) {
		return fmt.Errorf("CPUs %s cannot all be used here: choose from those this process may "+
			"use (%s before the attempt)", cpuText(cpus), cpuText(before))
	}
	return nil
}

func allowedCPUs() []int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	var cpus []int
	for cpu := 0; cpu < cpusMax; cpu++ {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}
