// SPDX-License-Identifier: MIT

package inprocess

import "math/bits"

const (
	significantBits = 11
	places          = 1 << (significantBits - 1) // for each shift
)

// Histogram counts durations in ns, grouped to 11 significant bits. One goroutine at a time.
// Values in [2^(10+s), 2^(11+s)) differ in steps of 2^s; place s * 2^10 + (value >> s) has them.
type Histogram struct {
	counts []int64 // by place, to the highest in use
}

// Record counts a value; a negative one as 0.
func (h *Histogram) Record(ns int64) {
	value := uint64(max(ns, 0))
	shift := max(0, bits.Len64(value)-significantBits)
	place := shift*places + int(value>>shift)
	h.reach(place + 1)
	h.counts[place]++
}

// Add counts all values of another one.
func (h *Histogram) Add(other *Histogram) {
	h.reach(len(other.counts))
	for place, count := range other.counts {
		h.counts[place] += count
	}
}

func (h *Histogram) reach(length int) {
	if length > len(h.counts) {
		h.counts = append(h.counts, make([]int64, length-len(h.counts))...)
	}
}

// Pairs are the values that occurred, ascending, each with how often.
func (h *Histogram) Pairs() [][2]int64 {
	pairs := [][2]int64{}
	for place, count := range h.counts {
		if count > 0 {
			shift := max(0, place/places-1)
			pairs = append(pairs, [2]int64{int64(place-shift*places) << shift, count})
		}
	}
	return pairs
}
