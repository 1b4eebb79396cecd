// SPDX-License-Identifier: MIT
package tailrace;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Events on standard output, one JSON object a line, written whole. */
final class Events {
    private static final FileOutputStream OUTPUT = new FileOutputStream(FileDescriptor.out);

    private Events() {}

    static void print(Map<String, Object> object) {
        try {
            OUTPUT.write((Json.text(object) + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException gone) {
            // A harness that has gone away is not our failure.
        }
    }

    static void ready(Target target, Request request) {
        Map<String, Object> granted = new LinkedHashMap<>(request.options());
        granted.putAll(target.granted());
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("event", "ready");
        event.put("pid", ProcessHandle.current().pid());
        event.put("addresses", target.addresses());
        event.put("backend", Main.BACKEND);
        event.put("workers", request.workers());
        event.put("granted", granted);
        print(event);
    }

    /** nanoTime() is CLOCK_MONOTONIC on Linux. */
    static void sample(Map<String, Object> counts) {
        print(Map.of("event", "sample", "t_ns", System.nanoTime(), "counts", counts));
    }

    static void result(Target.Outcome outcome) {
        print(Map.of("event", "result", "counts", outcome.counts(), "metrics", outcome.metrics(),
                "histograms", outcome.histograms()));
    }

    static void error(String message, String remedy) {
        print(Map.of("event", "error", "message", message, "remedy", remedy));
    }
}
