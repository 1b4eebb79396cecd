// SPDX-License-Identifier: MIT

package files

import "testing"

func TestOrderAndStampsAreThoseOfTheContract(t *testing.T) {
	thousand := newOrder(1000, 1)
	if thousand.at(0) != 44 || thousand.at(1) != 515 || thousand.at(2) != 728 {
		t.Error(thousand.at(0), thousand.at(1), thousand.at(2))
	}
	if stamp(1, 0) != 2433363436 || stamp(1, 1) != 3203108257 {
		t.Error(stamp(1, 0), stamp(1, 1))
	}
}

func TestOrderIsABijection(t *testing.T) {
	for _, blocks := range []uint64{1, 2, 3, 64, 1000} {
		seen := map[uint64]bool{}
		one := newOrder(blocks, 7)
		for number := range blocks {
			block := one.at(number)
			seen[block] = block < blocks
		}
		if uint64(len(seen)) != blocks {
			t.Errorf("%d of %d blocks", len(seen), blocks)
		}
		for block, within := range seen {
			if !within {
				t.Errorf("block %d of %d", block, blocks)
			}
		}
	}
}
