// SPDX-License-Identifier: MIT
package tailrace;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * One connection of the workload {@code hog}: some burn CPU before each reply without giving up
 * their carrier: the trap whose effect on the other connections is measured.
 */
final class Hog {
    private static final int NUMBER_BYTES = 8; // the first ones: the connection's, little-endian
    private static volatile boolean abandoned;

    private final long every;
    private final long message;
    private final long burnNs;
    private long total;
    private long number; // as far as it is received

    Hog(long every, long message, long burnNs) {
        this.every = every;
        this.message = message;
        this.burnNs = burnNs;
    }

    static Hog of(Request request) {
        return new Hog(request.integer("hog_every"), request.integer("message_bytes"),
                request.integer("burn_us") * 1000);
    }

    static List<Setting> settings() {
        return List.of(
                Setting.integer("burn_us", "microseconds of CPU before a hog's reply", 5000, 0,
                        1_000_000).only("hog"),
                Setting.integer("hog_every", "each n-th connection is a hog; 0: none", 10, 0,
                        1_000_000).only("hog"),
                Setting.integer("message_bytes", "received bytes that make one reply", 64, 8,
                        65536).only("hog"));
    }

    /** Takes the bytes in; gives how many messages they complete that have to be burnt for. */
    long due(ByteBuffer bytes) {
        for (int i = bytes.position(); i < bytes.limit() && total + i - bytes.position()
                < NUMBER_BYTES; i++) {
            number |= (bytes.get(i) & 0xffL) << 8 * (total + i - bytes.position());
        }
        long complete = total / message;
        total += bytes.remaining();
        // No message is complete before the number is: it has at least as many bytes.
        boolean hog = every > 0 && Long.remainderUnsigned(number, every) == 0;
        return hog ? total / message - complete : 0;
    }

    void received(ByteBuffer bytes, Session counts) {
        for (long left = due(bytes); left > 0; left--) {
            for (long start = System.nanoTime(); System.nanoTime() - start < burnNs;) {
                if (abandoned) {
                    return;
                }
            }
            counts.burns++;
        }
    }

    /** Burns that go on end now: they would outlast what {@code stop} allows. */
    static void abandon() {
        abandoned = true;
    }
}
