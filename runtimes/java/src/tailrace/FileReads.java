// SPDX-License-Identifier: MIT
package tailrace;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The workload {@code file-read}: virtual threads that read blocks of one file by
 * FileChannel.read(buffer, position). Such a read holds its carrier; the scheduler adds one for the
 * time (up to jdk.virtualThreadScheduler.maxPoolSize).
 */
final class FileReads extends InProcess {
    private static final long MILLISECOND = 1_000_000;

    private final FileChannel channel;
    private final BlockOrder order;
    private final int blockBytes;
    private final long stampSeed;
    private final boolean byTime;
    private final long durationNs;
    private final long limit; // reads there are to be
    private final Reader[] readers;
    private Moment begun;
    private Moment ended;

    static List<Setting> settings() {
        return List.of(
                Setting.needed("file", "path of the stamped file").only("file-read"),
                Setting.choice("cache", "warm, cold: read through the page cache, cold: no block "
                        + "twice; direct: past it", "warm", "cold", "direct").only("file-read"),
                Setting.integer("block_bytes", "of a read, a multiple of 4096", 4096, 4096, 1 << 20)
                        .multipleOf(BlockOrder.STAMPED_BYTES).only("file-read"),
                Setting.integer("concurrency", "virtual threads that read", 16, 1, 4096)
                        .only("file-read"),
                Setting.integer("reads", "of all; 0: as many as duration_ms allows", 0, 0,
                        Long.MAX_VALUE).only("file-read"),
                Setting.integer("duration_ms", "how long they read", 1000, 1, 3_600_000)
                        .only("file-read"),
                Setting.integer("stamp_seed", "of the stamps in the file", 1, 0, Long.MAX_VALUE)
                        .only("file-read"));
    }

    /** What one thread counts: it alone writes, samples read. */
    private final class Reader {
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(blockBytes
                + BlockOrder.STAMPED_BYTES).alignedSlice(BlockOrder.STAMPED_BYTES)
                .slice(0, blockBytes).order(ByteOrder.LITTLE_ENDIAN);
        private final Histogram latency = new Histogram();
        private volatile long reads;
        private volatile long bytes;
        private volatile long shortReads;
        private volatile long errors;
        private volatile long found;
        private volatile long expected;

        private void read(long first, long end) {
            for (long number = first; number < limit && !stopped(); number += readers.length) {
                long offset = order.at(number) * blockBytes;
                buffer.clear();
                long asked = System.nanoTime();
                if (byTime && asked - end >= 0) {
                    return;
                }
                int count;
                try {
                    count = Math.max(0, channel.read(buffer, offset));
                } catch (IOException refused) {
                    errors++;
                    return;
                }
                note(offset, count, System.nanoTime() - asked);
            }
        }

        private void note(long offset, int count, long tookNs) {
            latency.record(tookNs);
            long have = 0;
            for (int at = 0; at < blockBytes; at += BlockOrder.STAMPED_BYTES) {
                have += BlockOrder.stamp(stampSeed, (offset + at) / BlockOrder.STAMPED_BYTES);
            }
            expected += have;
            found += BlockOrder.stampsIn(buffer, count);
            shortReads += count != blockBytes ? 1 : 0;
            bytes += count;
            reads++;
        }
    }

    /** Opens the file and has the buffers; nothing is read before begin(). */
    FileReads(Request request) throws Refused {
        String path = request.text("file");
        blockBytes = (int) request.integer("block_bytes");
        try {
            channel = open(Path.of(path), request.text("cache").equals("direct"));
            long blocks = channel.size() / blockBytes;
            if (blocks == 0) {
                throw new IOException("it is smaller than a block");
            }
            order = BlockOrder.of(blocks, request.integer("seed"));
        } catch (IOException | UnsupportedOperationException failure) {
            throw new Refused("cannot read " + path + ": " + failure, "give a file that exists, "
                    + "may be read, and has at least one block");
        }
        stampSeed = request.integer("stamp_seed");
        byTime = request.integer("reads") == 0;
        durationNs = request.integer("duration_ms") * MILLISECOND;
        long wanted = byTime ? Long.MAX_VALUE : request.integer("reads");
        limit = request.text("cache").equals("cold") ? Math.min(wanted, order.blocks()) : wanted;
        readers = new Reader[(int) request.integer("concurrency")];
        for (int i = 0; i < readers.length; i++) {
            readers[i] = new Reader(); // its buffer is filled with zeros, so its pages are there
        }
    }

    /** The JDK's only way to O_DIRECT is in its module jdk.unsupported: javac warns of it. */
    private static FileChannel open(Path path, boolean direct) throws IOException {
        return direct
                ? FileChannel.open(path, StandardOpenOption.READ,
                        com.sun.nio.file.ExtendedOpenOption.DIRECT)
                : FileChannel.open(path, StandardOpenOption.READ);
    }

    @Override
    void work() throws InterruptedException {
        begun = Moment.now();
        long end = begun.ns() + durationNs;
        Thread[] threads = new Thread[readers.length];
        for (int i = 0; i < readers.length; i++) {
            int index = i;
            threads[i] = Thread.startVirtualThread(() -> readers[index].read(index, end));
        }
        for (Thread each : threads) {
            each.join();
        }
        ended = Moment.now();
    }

    /** What the contract asks for and Java has no way to do. */
    @Override
    public Map<String, Object> granted() {
        return Map.of("advice", "none: Java cannot give POSIX_FADV_RANDOM");
    }

    @Override
    void end() {
        // Readers look at stopped() before each read; an interrupt would close the channel.
    }

    @Override
    public Map<String, Object> sample() {
        long[] sums = new long[6];
        for (Reader each : readers) {
            sums[0] += each.reads;
            sums[1] += each.bytes;
            sums[2] += each.shortReads;
            sums[3] += each.errors;
            sums[4] += each.found;
            sums[5] += each.expected;
        }
        Map<String, Object> counts = new LinkedHashMap<>();
        String[] names = {"reads", "read_bytes", "short_reads", "errors", "stamp_sum",
            "expected_sum"};
        for (int i = 0; i < names.length; i++) {
            counts.put(names[i], sums[i]);
        }
        return counts;
    }

    @Override
    Outcome outcome() {
        Map<String, Object> counts = sample();
        Moment.count("whole", begun, ended, counts);
        Histogram latency = new Histogram();
        for (Reader each : readers) {
            latency.add(each.latency);
        }
        return new Outcome(counts, Map.of(), Map.of("read_ns", latency.pairs()));
    }
}
