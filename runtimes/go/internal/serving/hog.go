// SPDX-License-Identifier: MIT

package serving

import (
	"encoding/binary"
	"sync/atomic"
	"time"

	"tailrace/internal/protocol"
)

const numberBytes = 8 // the first bytes on a connection: its number, little-endian

// hogSettings are those of the workload `hog`, the same for all connections.
type hogSettings struct {
	every, message int64
	burn           time.Duration
	abandoned      *atomic.Bool // burns that go on end now: they would outlast what `stop` allows
}

func hogOptions() []protocol.Option {
	return []protocol.Option{
		protocol.Integer("burn_us", "microseconds of CPU before a hog's reply", 5000, 0, 1_000_000).
			For("hog"),
		protocol.Integer("hog_every", "each n-th connection is a hog; 0: none", 10, 0, 1_000_000).
			For("hog"),
		protocol.Integer("message_bytes", "received bytes that make one reply", 64, 8, 65536).
			For("hog"),
	}
}

func hogSettingsOf(options protocol.Values) hogSettings {
	return hogSettings{
		every:     options.Int("hog_every"),
		message:   options.Int("message_bytes"),
		burn:      time.Duration(options.Int("burn_us")) * time.Microsecond,
		abandoned: new(atomic.Bool),
	}
}

// hog is one connection's part of it: some connections burn CPU before each reply, without giving
// up their processor: the trap whose effect on the other connections is measured.
type hog struct {
	hogSettings
	total  int64
	number [numberBytes]byte // as far as it is received
}

// due takes the bytes in; it gives how many messages they complete that have to be burnt for.
func (h *hog) due(bytes []byte) int64 {
	if h.total < numberBytes {
		copy(h.number[h.total:], bytes)
	}
	complete := h.total / h.message
	h.total += int64(len(bytes))
	// No message is complete before the number is: it has at least as many bytes.
	if h.every == 0 || binary.LittleEndian.Uint64(h.number[:])%uint64(h.every) != 0 {
		return 0
	}
	return h.total/h.message - complete
}

func (h *hog) received(bytes []byte, counts *traffic) {
	for range h.due(bytes) {
		if h.isCutShort() {
			return
		}
		counts.burns.Add(1)
	}
}

// isCutShort burns; time.Now() reads CLOCK_MONOTONIC as well.
func (h *hog) isCutShort() bool {
	for start := time.Now(); time.Since(start) < h.burn; {
		if h.abandoned.Load() {
			return true
		}
	}
	return false
}
