// SPDX-License-Identifier: MIT

package timers

import (
	"testing"
	"time"
)

func TestOffsetsAreThoseOfTheContract(t *testing.T) {
	one := rules{mode: "random", seed: 1, spread: time.Second}
	if one.offset(0) != 200822465 || one.offset(1) != 66428519 {
		t.Error(one.offset(0), one.offset(1))
	}
	one.mode = "expiry"
	if one.offset(0) != 0 {
		t.Error(one.offset(0))
	}
}

func TestEarlyWakingIsCounted(t *testing.T) {
	one := newRun(rules{mode: "random", tasks: 2, spread: time.Second})
	one.noteFired(0, 5)
	one.noteFired(1, -1)
	counts := one.outcome().Counts
	if counts["woken_early"] != 1 || counts["fired"] != 2 ||
		counts["deadline_sum_ns"] != int64(one.offset(0)+one.offset(1)) {
		t.Error(counts)
	}
}
