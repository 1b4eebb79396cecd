// SPDX-License-Identifier: MIT
package tailrace;

import java.nio.ByteBuffer;

/**
 * In which order the blocks of a file are read, and what stands in them. The order is a bijection:
 * multiply and xor-shift with cycle walking (Black, Rogaway 2002).
 */
record BlockOrder(long blocks, long mask, int half, long seed) {
    static final int STAMPED_BYTES = 4096;

    static BlockOrder of(long blocks, long seed) {
        int width = Math.max(1, Long.SIZE - Long.numberOfLeadingZeros(blocks - 1));
        return new BlockOrder(blocks, -1L >>> (Long.SIZE - width), (width + 1) / 2, seed);
    }

    long at(long number) {
        long x = Long.remainderUnsigned(number, blocks);
        do {
            x = step(x + seed & mask, 0x9e3779b97f4a7c15L);
            x = step(x, 0xbf58476d1ce4e5b9L);
        } while (x >= blocks);
        return x;
    }

    private long step(long x, long odd) {
        long y = x * odd & mask;
        return y ^ y >>> half;
    }

    /** What stands at number * STAMPED_BYTES; below 2^32, so that sums are exact. */
    static long stamp(long seed, long number) {
        return Draw.of(seed, number) >>> 32;
    }

    /** The sum over the whole STAMPED_BYTES of a little-endian buffer that were read. */
    static long stampsIn(ByteBuffer block, int bytes) {
        long sum = 0;
        for (int at = 0; at + STAMPED_BYTES <= bytes; at += STAMPED_BYTES) {
            sum += block.getLong(at);
        }
        return sum;
    }
}
