// SPDX-License-Identifier: MIT

package measure

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"math"
	"math/bits"
)

// The geometry of HdrHistogram with three digits from 1 ns to an hour.
const (
	highest      = 3_600_000_000_000
	digits       = 3
	subBits      = 11 // each bucket has 2048 places, of which the upper half is its own
	halfCount    = 1 << (subBits - 1)
	buckets      = 42 - subBits + 1 // 2^42 is the first power beyond the highest
	cookie       = 0x1c849303 | 0x10
	cookieZipped = 0x1c849304 | 0x10
)

// Histogram of durations in ns, as HdrHistogram keeps them. One goroutine at a time; 264 KiB.
type Histogram struct {
	counts [(buckets + 1) * halfCount]int64
	top    int // the highest place in use
}

// Record counts a value; what is out of range counts as the nearest that is not.
func (h *Histogram) Record(ns int64) {
	value := uint64(min(max(ns, 0), highest))
	bucket := bits.Len64(value|(1<<subBits-1)) - subBits
	place := bucket*halfCount + int(value>>bucket)
	h.counts[place]++
	h.top = max(h.top, place)
}

// Add counts all values of another one.
func (h *Histogram) Add(other *Histogram) {
	for place, count := range other.counts[:other.top+1] {
		h.counts[place] += count
	}
	h.top = max(h.top, other.top)
}

// Text is HdrHistogram's V2 compressed encoding in base64. Source: encodeIntoCompressedByteBuffer
// of HdrHistogram (Java).
func (h *Histogram) Text() string {
	var counts []byte
	for place := 0; place <= h.top; {
		value := h.counts[place]
		place++
		if value == 0 { // a run of zeros is its negative length
			for value = -1; place <= h.top && h.counts[place] == 0; place++ {
				value--
			}
		}
		counts = binary.AppendVarint(counts, value) // zigzag LEB128; below 2^56 the same as theirs
	}
	var plain []byte
	plain = binary.BigEndian.AppendUint32(plain, cookie)
	plain = binary.BigEndian.AppendUint32(plain, uint32(len(counts)))
	plain = binary.BigEndian.AppendUint32(plain, 0) // normalizing offset
	plain = binary.BigEndian.AppendUint32(plain, digits)
	plain = binary.BigEndian.AppendUint64(plain, 1) // lowest
	plain = binary.BigEndian.AppendUint64(plain, highest)
	plain = binary.BigEndian.AppendUint64(plain, math.Float64bits(1)) // of integers to values
	plain = append(plain, counts...)

	var zipped bytes.Buffer
	writer := zlib.NewWriter(&zipped)
	_, _ = writer.Write(plain) // to memory: neither can fail
	_ = writer.Close()
	var whole []byte
	whole = binary.BigEndian.AppendUint32(whole, cookieZipped)
	whole = binary.BigEndian.AppendUint32(whole, uint32(zipped.Len()))
	return base64.StdEncoding.EncodeToString(append(whole, zipped.Bytes()...))
}
