// SPDX-License-Identifier: MIT

package files

import (
	"encoding/binary"
	"math/bits"

	"tailrace/internal/inprocess"
)

const stampedBytes = 4096

// stamp is what stands at number * stampedBytes; below 2^32, so that sums of them are exact.
func stamp(seed, number uint64) uint64 {
	return inprocess.Draw(seed, number) >> 32
}

// stampsIn sums the stamps of the whole stampedBytes that were read.
func stampsIn(block []byte) uint64 {
	var sum uint64
	for ; len(block) >= stampedBytes; block = block[stampedBytes:] {
		sum += binary.LittleEndian.Uint64(block)
	}
	return sum
}

// order is a bijection of the blocks of a file: multiply and xor-shift with cycle walking (Black,
// Rogaway 2002).
type order struct {
	blocks, mask, seed uint64
	half               int
}

func newOrder(blocks, seed uint64) order {
	width := max(1, bits.Len64(blocks-1))
	return order{blocks, ^uint64(0) >> (64 - width), seed, (width + 1) / 2}
}

func (o order) at(number uint64) uint64 {
	x := number % o.blocks
	for {
		x = o.step((x+o.seed)&o.mask, 0x9e3779b97f4a7c15)
		x = o.step(x, 0xbf58476d1ce4e5b9)
		if x < o.blocks {
			return x
		}
	}
}

func (o order) step(x, odd uint64) uint64 {
	x = (x * odd) & o.mask
	return x ^ (x >> o.half)
}
