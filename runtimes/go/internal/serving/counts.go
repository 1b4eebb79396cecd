// SPDX-License-Identifier: MIT

package serving

import (
	"net"
	"sync"
	"sync/atomic"

	"tailrace/internal/protocol"
)

// traffic is what one connection counts, in a place of its own: no echo pays for a cache line that
// another connection's goroutine writes.
type traffic struct {
	received, sent, burns atomic.Int64
}

// ledger knows the open connections, and what those that have closed had counted.
type ledger struct {
	mutex            sync.Mutex
	open             map[*session]struct{}
	accepted, closed int64
	past             [3]int64 // received, sent, burns of closed connections
	errors, resets   int64
	acceptErrors     int64
	ending           bool
}

func newLedger() *ledger {
	return &ledger{open: map[*session]struct{}{}}
}

// enter is false where the server is ending, and nobody is let in any more.
func (l *ledger) enter(one *session) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.accepted++
	if l.ending {
		l.closed++
		return false
	}
	l.open[one] = struct{}{}
	return true
}

// leave is called once the socket is closed.
func (l *ledger) leave(one *session, end ending) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	delete(l.open, one)
	l.closed++
	l.past[0] += one.traffic.received.Load()
	l.past[1] += one.traffic.sent.Load()
	l.past[2] += one.traffic.burns.Load()
	switch {
	case end == endedByReset:
		l.resets++
	case end == endedByError && !l.ending:
		l.errors++
	}
}

func (l *ledger) refused() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.acceptErrors++
}

// endAll closes the sockets of all connections, and of those that come later at once.
func (l *ledger) endAll() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.ending = true
	for one := range l.open {
		_ = one.connection.Close()
	}
}

func (l *ledger) counts(withBurns bool) protocol.Counts {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	received, sent, burns := l.past[0], l.past[1], l.past[2]
	for one := range l.open {
		sent += one.traffic.sent.Load() // before what was received: never more than that
		received += one.traffic.received.Load()
		burns += one.traffic.burns.Load()
	}
	counts := protocol.Counts{
		"accepted":       l.accepted,
		"closed":         l.closed,
		"open":           l.accepted - l.closed,
		"received_bytes": received,
		"sent_bytes":     sent,
		"errors":         l.errors,
		"resets":         l.resets,
		"accept_errors":  l.acceptErrors,
	}
	if withBurns {
		counts["burns"] = burns
	}
	return counts
}

// session is one open connection.
type session struct {
	connection *net.TCPConn
	traffic    traffic
}
