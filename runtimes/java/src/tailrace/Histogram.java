// SPDX-License-Identifier: MIT
package tailrace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How often each duration in ns occurred, grouped to 11 significant bits. One thread at a time.
 * Values in [2^(10+s), 2^(11+s)) differ in steps of 2^s; place s * 2^10 + (value >> s) has them.
 */
final class Histogram {
    private static final int BITS = 11;
    private static final int PLACES = 1 << (BITS - 1); // for each shift

    private long[] counts = new long[2 * PLACES]; // by place, at least to the highest in use

    /** Counts a value; a negative one as 0. */
    void record(long ns) {
        long value = Math.max(ns, 0);
        int shift = Math.max(0, Long.SIZE - Long.numberOfLeadingZeros(value) - BITS);
        int place = shift * PLACES + (int) (value >> shift);
        reach(place + 1);
        counts[place]++;
    }

    /** Counts all values of another one. */
    void add(Histogram other) {
        reach(other.counts.length);
        for (int place = 0; place < other.counts.length; place++) {
            counts[place] += other.counts[place];
        }
    }

    private void reach(int length) {
        if (length > counts.length) {
            counts = Arrays.copyOf(counts, length);
        }
    }

    /** The values that occurred, ascending, each with how often. */
    List<List<Long>> pairs() {
        List<List<Long>> pairs = new ArrayList<>();
        for (int place = 0; place < counts.length; place++) {
            if (counts[place] > 0) {
                int shift = Math.max(0, place / PLACES - 1);
                pairs.add(List.of((long) (place - shift * PLACES) << shift, counts[place]));
            }
        }
        return pairs;
    }
}
