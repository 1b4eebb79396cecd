// SPDX-License-Identifier: MIT

package serving

import (
	"encoding/binary"
	"testing"
)

func stream(number uint64, bytes int) []byte {
	all := make([]byte, bytes)
	binary.LittleEndian.PutUint64(all, number)
	for i := numberBytes; i < bytes; i++ {
		all[i] = 0xff
	}
	return all
}

func TestBurnsOnceAMessageHoweverItIsCut(t *testing.T) {
	all := stream(20, 640)
	for _, piece := range []int{1, 3, 7, 8, 63, 64, 65, 128, 640} {
		one := hog{hogSettings: hogSettings{every: 10, message: 64}}
		var burns int64
		for at := 0; at < len(all); at += piece {
			burns += one.due(all[at:min(at+piece, len(all))])
		}
		if burns != 10 {
			t.Errorf("in pieces of %d: %d burns", piece, burns)
		}
	}
}

func TestBurnsWhenTheMessageIsWhole(t *testing.T) {
	all := stream(0, 130)
	one := hog{hogSettings: hogSettings{every: 10, message: 64}}
	for _, part := range []struct{ from, to, burns int64 }{
		{0, 63, 0}, {63, 64, 1}, {64, 129, 1}, {129, 130, 0},
	} {
		if burns := one.due(all[part.from:part.to]); burns != part.burns {
			t.Errorf("%v: %d", part, burns)
		}
	}
}

func TestEveryNthConnectionIsAHog(t *testing.T) {
	for _, each := range []struct {
		every  int64
		number uint64
		burns  int64
	}{
		{10, 0, 1}, {10, 1, 0}, {10, 19, 0}, {10, 30, 1}, {1, 7, 1}, {0, 0, 0}, {0, 5, 0},
		{1 << 8, 1 << 40, 1},
	} {
		one := hog{hogSettings: hogSettings{every: each.every, message: 8}}
		if burns := one.due(stream(each.number, 8)); burns != each.burns {
			t.Errorf("%+v: %d", each, burns)
		}
	}
}
