// SPDX-License-Identifier: MIT

package timers

import (
	"math"
	"sync/atomic"
	"time"

	"tailrace/internal/inprocess"
	"tailrace/internal/protocol"
)

const notFired = math.MinInt64

// rules are what the options of the workload say.
type rules struct {
	mode         string
	tasks        int64
	spread, lead time.Duration
	atOnce       int64
	seed         uint64
}

// offset is the deadline of a task, counted from the first that is possible.
func (r *rules) offset(index int64) time.Duration {
	if r.mode != "random" {
		return 0
	}
	return time.Duration(inprocess.Draw(r.seed, uint64(index)) % uint64(r.spread))
}

// padded keeps what all goroutines add to on a cache line of its own.
type padded struct {
	atomic.Int64
	_ [56]byte
}

// run is what all tasks share. Who writes a moment is alone with it, and it is read once all tasks
// have ended.
type run struct {
	rules
	lateness                                       []int64 // by task
	armed, fired, cancelled, early                 padded
	begun, armedLast, firedFirst, firedLast, ended inprocess.Moment
}

func newRun(of rules) *run {
	one := &run{rules: of}
	if of.mode != "cancel" {
		one.lateness = make([]int64, of.tasks)
		for i := range one.lateness {
			one.lateness[i] = notFired
		}
	}
	return one
}

func (r *run) noteArmed() {
	if r.armed.Add(1) == r.tasks && r.mode != "cancel" {
		r.armedLast = inprocess.Now()
	}
}

func (r *run) noteFired(index int64, lateness time.Duration) {
	r.lateness[index] = int64(lateness)
	if lateness < 0 {
		r.early.Add(1)
	}
	fired := r.fired.Add(1)
	if fired == 1 {
		r.firedFirst = inprocess.Now()
	}
	if fired == r.tasks {
		r.firedLast = inprocess.Now()
	}
}

func (r *run) counts() protocol.Counts {
	return protocol.Counts{
		"armed":       r.armed.Load(),
		"fired":       r.fired.Load(),
		"cancelled":   r.cancelled.Load(),
		"refused":     0, // nothing is: a timer of Go needs memory alone
		"woken_early": r.early.Load(),
	}
}

// outcome is read when all tasks have ended.
func (r *run) outcome() protocol.Outcome {
	counts := r.counts()
	for _, phase := range []struct {
		name     string
		from, to inprocess.Moment
	}{
		{"arm", r.begun, r.armedLast},
		{"wait", r.armedLast, r.firedFirst},
		{"fire", r.firedFirst, r.firedLast},
		{"whole", r.begun, r.ended},
	} {
		counts[phase.name+"_ns"], counts[phase.name+"_cpu_ns"] = phase.from.Until(phase.to)
	}
	var histogram inprocess.Histogram
	var sum int64
	for i, lateness := range r.lateness {
		if lateness != notFired {
			sum += int64(r.offset(int64(i)))
			histogram.Record(lateness)
		}
	}
	counts["deadline_sum_ns"] = sum
	outcome := protocol.Outcome{Counts: counts}
	if r.mode != "cancel" {
		outcome.Histograms = map[string][][2]int64{"lateness_ns": histogram.Pairs()}
	}
	return outcome
}
