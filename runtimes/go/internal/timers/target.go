// SPDX-License-Identifier: MIT

// Package timers has the in-process workload `timer`: goroutines that sleep, each until a deadline
// of its own.
package timers

import (
	"math"
	"sync"
	"time"

	"tailrace/internal/inprocess"
	"tailrace/internal/protocol"
)

// Options are those of the workload beside `tasks`.
func Options() []protocol.Option {
	options := []protocol.Option{
		protocol.Choice("mode", "random: deadlines drawn below the spread; expiry: one for all; "+
			"cancel: timers that are armed and cancelled", "random", "expiry", "cancel"),
		protocol.Integer("spread_ms", "from the first deadline to the last", 1000, 1, 60_000),
		protocol.Integer("lead_ms", "from the start to the first deadline", 1000, 0, 600_000),
		protocol.Integer("at_once", "cancel: timers armed before they are cancelled", 1000, 1,
			1_000_000),
		protocol.Integer("seed", "of the deadlines, of the order of reads", 1, 0, math.MaxInt64),
		protocol.Integer("timer_slack_ns", "PR_SET_TIMERSLACK of every thread; 0: the kernel's",
			0, 0, 1_000_000_000),
	}
	for i := range options {
		options[i] = options[i].For("timer")
		if options[i].Name == "seed" {
			options[i] = options[i].For("timer", "file-read")
		}
	}
	return options
}

// Target is the workload under way.
type Target struct {
	run      *run
	started  bool // by the main goroutine
	stopping chan struct{}
	done     chan struct{}
}

// Start prepares it; nothing happens before Begin().
func Start(request *protocol.Request) (*Target, error) {
	options := request.Options
	if err := inheritSlack(options.Int("timer_slack_ns")); err != nil {
		return nil, err
	}
	return &Target{
		run: newRun(rules{
			mode:   options.String("mode"),
			tasks:  options.Int("tasks"),
			spread: time.Duration(options.Int("spread_ms")) * time.Millisecond,
			lead:   time.Duration(options.Int("lead_ms")) * time.Millisecond,
			atOnce: options.Int("at_once"),
			seed:   uint64(options.Int("seed")),
		}),
		stopping: make(chan struct{}),
		done:     make(chan struct{}),
	}, nil
}

// Ready is part of protocol.Target.
func (t *Target) Ready() protocol.Ready {
	return protocol.Ready{Backend: "epoll", Granted: map[string]any{"timer_slack_ns": slack()}}
}

// Begin is part of protocol.Target.
func (t *Target) Begin() {
	if !t.started {
		t.started = true
		go t.work()
	}
}

func (t *Target) work() {
	defer close(t.done)
	t.run.begun = inprocess.Now()
	if t.run.mode == "cancel" {
		t.armAndCancel()
	} else {
		t.sleepAll()
	}
	t.run.ended = inprocess.Now()
}

func (t *Target) stopped() bool {
	select {
	case <-t.stopping:
		return true
	default:
		return false
	}
}

func (t *Target) sleepAll() {
	var sleepers sync.WaitGroup
	first := t.run.begun.At.Add(t.run.lead)
	for i := range t.run.tasks {
		if t.stopped() {
			break
		}
		sleepers.Add(1)
		go func() {
			defer sleepers.Done()
			t.sleeper(i, first.Add(t.run.offset(i)))
		}()
	}
	sleepers.Wait()
}

func (t *Target) sleeper(index int64, deadline time.Time) {
	timer := time.NewTimer(time.Until(deadline))
	t.run.noteArmed()
	select {
	case <-timer.C:
		t.run.noteFired(index, time.Since(deadline))
	case <-t.stopping:
		timer.Stop()
		t.run.cancelled.Add(1)
	}
}

// armAndCancel: timers that never fire.
func (t *Target) armAndCancel() {
	for left := t.run.tasks; left > 0 && !t.stopped(); {
		now := min(left, t.run.atOnce)
		var armed, ended sync.WaitGroup
		armed.Add(int(now))
		ended.Add(int(now))
		cancel := make(chan struct{})
		for range now {
			go func() {
				defer ended.Done()
				timer := time.NewTimer(time.Hour)
				t.run.noteArmed()
				armed.Done()
				select {
				case <-timer.C:
					t.run.early.Add(1)
				case <-cancel:
					timer.Stop()
					t.run.cancelled.Add(1)
				}
			}()
		}
		armed.Wait()
		close(cancel)
		ended.Wait()
		left -= now
	}
}

// Sample is part of protocol.Target.
func (t *Target) Sample() protocol.Counts { return t.run.counts() }

// Done is part of protocol.Target.
func (t *Target) Done() <-chan struct{} { return t.done }

// Finish is part of protocol.Target.
func (t *Target) Finish() protocol.Outcome {
	close(t.stopping)
	if t.started {
		<-t.done
	}
	return t.run.outcome()
}
