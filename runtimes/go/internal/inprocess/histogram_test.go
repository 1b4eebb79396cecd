// SPDX-License-Identifier: MIT

package inprocess

import (
	"math"
	"slices"
	"testing"
)

func TestValuesAreGroupedToElevenBits(t *testing.T) {
	var one, all Histogram
	for _, value := range []int64{-1, 2047, 2048, 2049, 4095, 4096, 1_000_001, 1_000_002,
		math.MaxInt64} {
		one.Record(value)
	}
	all.Record(5)
	all.Add(&one)
	all.Record(5)
	want := [][2]int64{{0, 1}, {5, 2}, {2047, 1}, {2048, 2}, {4094, 1}, {4096, 1}, {999_936, 2},
		{math.MaxInt64 >> 52 << 52, 1}}
	if !slices.Equal(all.Pairs(), want) {
		t.Error(all.Pairs())
	}
}
