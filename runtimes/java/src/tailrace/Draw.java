// SPDX-License-Identifier: MIT
package tailrace;

/** The numbers that a seed gives: splitmix64 (Steele, Lea, Flood 2014). */
final class Draw {
    private Draw() {}

    /** Number {@code index} of the sequence; to be taken as unsigned. */
    static long of(long seed, long index) {
        long z = seed + (index + 1) * 0x9e3779b97f4a7c15L;
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }
}
