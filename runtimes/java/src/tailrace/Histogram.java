// SPDX-License-Identifier: MIT
package tailrace;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.zip.Deflater;

/**
 * Durations in ns, as HdrHistogram keeps them with three digits from 1 ns to an hour. One thread at
 * a time; 264 KiB. Source of the encoding: encodeIntoCompressedByteBuffer of HdrHistogram.
 */
final class Histogram {
    private static final long HIGHEST = 3_600_000_000_000L;
    private static final int DIGITS = 3;
    private static final int SUB_BITS = 11; // a bucket has 2048 places, the upper half its own
    private static final int HALF = 1 << (SUB_BITS - 1);
    private static final int BUCKETS = 42 - SUB_BITS + 1; // 2^42 is beyond the highest
    private static final int COOKIE = 0x1c849303 | 0x10;
    private static final int COOKIE_ZIPPED = 0x1c849304 | 0x10;
    private static final int HEADER_BYTES = 40;

    private final long[] counts = new long[(BUCKETS + 1) * HALF];
    private int top; // the highest place in use

    /** Counts a value; what is out of range as the nearest that is not. */
    void record(long ns) {
        long value = Math.clamp(ns, 0, HIGHEST);
        long atLeast = value | ((1 << SUB_BITS) - 1);
        int bucket = Long.SIZE - SUB_BITS - Long.numberOfLeadingZeros(atLeast);
        int place = bucket * HALF + (int) (value >> bucket);
        counts[place]++;
        top = Math.max(top, place);
    }

    /** Counts all values of another one. */
    void add(Histogram other) {
        for (int place = 0; place <= other.top; place++) {
            counts[place] += other.counts[place];
        }
        top = Math.max(top, other.top);
    }

    /** V2 compressed, in base64. */
    String text() {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (int place = 0; place <= top;) {
            long value = counts[place++];
            if (value == 0) { // a run of zeros is its negative length
                for (value = -1; place <= top && counts[place] == 0; place++) {
                    value--;
                }
            }
            writeZigZag(value, body);
        }
        ByteBuffer plain = ByteBuffer.allocate(HEADER_BYTES + body.size());
        plain.putInt(COOKIE).putInt(body.size()).putInt(0).putInt(DIGITS);
        plain.putLong(1).putLong(HIGHEST).putDouble(1).put(body.toByteArray());
        byte[] zipped = new byte[plain.capacity() + 64]; // what does not shrink grows by less
        Deflater deflater = new Deflater();
        deflater.setInput(plain.array());
        deflater.finish();
        int length = deflater.deflate(zipped);
        deflater.end();
        ByteBuffer whole = ByteBuffer.allocate(8 + length);
        whole.putInt(COOKIE_ZIPPED).putInt(length).put(zipped, 0, length);
        return Base64.getEncoder().encodeToString(whole.array());
    }

    /** LEB128, seven bits a byte; counts are far below 2^56, where HdrHistogram's differs. */
    private static void writeZigZag(long value, ByteArrayOutputStream into) {
        long left = value << 1 ^ value >> 63;
        while (left >>> 7 != 0) {
            into.write((int) (left & 0x7f | 0x80));
            left >>>= 7;
        }
        into.write((int) left);
    }
}
