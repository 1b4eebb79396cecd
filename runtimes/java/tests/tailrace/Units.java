// SPDX-License-Identifier: MIT
package tailrace;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.LongStream;

/** Unit tests without a framework: prints what failed and exits 1, or exits 0. */
final class Units {
    private static final List<String> WORKLOADS = List.of("echo", "idle");
    private static final List<Setting> SETTINGS = List.of(
            Setting.choice("io", "", "stream", "channel"),
            Setting.integer("tasks", "", 3, 0, 100).multipleOf(3).only("idle"));
    private static int failures;

    private Units() {}

    public static void main(String[] words) throws Exception {
        wholeRequest();
        badUsage();
        histograms();
        commands();
        hogs();
        json();
        timers();
        files();
        System.out.println(failures + " failed");
        System.exit(failures == 0 ? 0 : 1);
    }

    private static void same(Object got, Object wanted, String what) {
        if (!Objects.equals(got, wanted)) {
            failures++;
            System.out.println(what + ": got " + got + ", wanted " + wanted);
        }
    }

    private static Request parsed(String words) {
        return Request.parse(List.of(words.split(" ")), WORKLOADS, SETTINGS);
    }

    private static void wholeRequest() {
        Request request = parsed("--workload idle --workers 2 --host 127.0.0.1 --port 7 "
                + "--set tasks=9");
        same(request.workers() + " " + request.port() + " " + request.host(), "2 7 127.0.0.1",
                "a whole request");
        same(request.options(), Map.of("tasks", "9", "io", "stream"), "its options");
        request = parsed("--workload echo");
        same(request.workers() + " " + request.port() + " " + request.host(), "1 0 0.0.0.0",
                "defaults");
        same(request.options(), Map.of("io", "stream"), "options of its workload alone");
    }

    private static void badUsage() {
        for (String words : List.of("", "--workload", "--workload fly", "--workload echo --fly 1",
                "--workload echo more", "--workload echo --workers 0",
                "--workload echo --workers two", "--workload echo --port 70000",
                "--workload echo --port -1", "--workload echo --host here",
                "--workload echo --host ::1", "--workload echo --set io",
                "--workload echo --set io=none", "--workload echo --set tasks=1",
                "--workload idle --set tasks=-1", "--workload idle --set tasks=10",
                "--workload echo --set")) {
            try {
                same(parsed(words), "a refusal", "'" + words + "'");
            } catch (IllegalArgumentException bad) {
                same(bad.getMessage().lines().count(), 1L, "lines of the refusal of " + words);
            }
        }
    }

    private static void histograms() {
        Histogram one = new Histogram();
        for (long value : new long[] {-1, 2047, 2048, 2049, 4095, 4096, 1_000_001, 1_000_002}) {
            one.record(value);
        }
        Histogram all = new Histogram();
        all.record(5);
        all.add(one);
        all.record(5);
        all.record(Long.MAX_VALUE);
        same(all.pairs(), List.of(List.of(0L, 1L), List.of(5L, 2L), List.of(2047L, 1L),
                List.of(2048L, 2L), List.of(4094L, 1L), List.of(4096L, 1L), List.of(999_936L, 2L),
                List.of(Long.MAX_VALUE >> 52 << 52, 1L)), "values are grouped to eleven bits");
    }

    /** Gives a byte a read. */
    private static InputStream piecemeal(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)) {
            @Override
            public int read(byte[] into) throws IOException {
                return read(into, 0, 1);
            }
        };
    }

    private static void commands() {
        List<String> seen = new ArrayList<>();
        Commands.read(piecemeal("sample\nstop\r\n\n"), seen::add);
        same(seen, List.of("sample", "stop", ""), "a command is a line and not a read");
        seen.clear();
        Commands.read(piecemeal("x".repeat(100_000) + "\nstop\n"), seen::add);
        same(seen.size(), 2, "an overlong line comes once");
        same(seen.get(0).length(), Commands.LINE_BYTES_MAX, "cut short");
        same(seen.get(1), "stop", "and then the next");
    }

    private static byte[] stream(long number, int bytes) {
        ByteBuffer all = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(number);
        while (all.hasRemaining()) {
            all.put((byte) 0xff);
        }
        return all.array();
    }

    private static void hogs() {
        byte[] all = stream(20, 640);
        for (int piece : new int[] {1, 3, 7, 8, 63, 64, 65, 128, 640}) {
            Hog one = new Hog(10, 64, 0);
            long burns = 0;
            for (int at = 0; at < all.length; at += piece) {
                burns += one.due(ByteBuffer.wrap(all, at, Math.min(piece, all.length - at)));
            }
            same(burns, 10L, "burns in pieces of " + piece);
        }
        Hog one = new Hog(10, 64, 0);
        same(one.due(ByteBuffer.wrap(stream(0, 63))), 0L, "no burn before the message is whole");
        same(one.due(ByteBuffer.wrap(all, 63, 1)), 1L, "one when it is");
        for (long[] each : new long[][] {{10, 0, 1}, {10, 1, 0}, {10, 19, 0}, {10, 30, 1},
            {1, 7, 1}, {0, 0, 0}, {0, 5, 0}, {1 << 8, 1L << 40, 1}}) {
            same(new Hog(each[0], 8, 0).due(ByteBuffer.wrap(stream(each[1], 8))), each[2],
                    "connection " + each[1] + " of every " + each[0]);
        }
    }

    private static void timers() {
        same(Timers.offset(1, 0, 1_000_000_000), 200822465L, "the contract's first deadline");
        same(Timers.offset(1, 1, 1_000_000_000), 66428519L, "its second");
    }

    private static void files() {
        BlockOrder order = BlockOrder.of(1000, 1);
        same(List.of(order.at(0), order.at(1), order.at(2)), List.of(44L, 515L, 728L),
                "the contract's order");
        same(List.of(BlockOrder.stamp(1, 0), BlockOrder.stamp(1, 1)),
                List.of(2433363436L, 3203108257L), "its stamps");
        for (long blocks : new long[] {1, 2, 3, 64, 1000}) {
            BlockOrder one = BlockOrder.of(blocks, 7);
            LongStream all = LongStream.range(0, blocks).map(one::at);
            same(all.filter(block -> block < blocks).distinct().count(), blocks,
                    "different blocks");
        }
    }

    private static void json() {
        same(Json.text(Map.of("a", List.of(1, true, "\"\\\n"))),
                "{\"a\":[1,true,\"\\\"\\\\\\u000a\"]}", "JSON");
    }
}
