// SPDX-License-Identifier: MIT
package tailrace;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The workloads by name, their options, and the forms to measure. */
final class Workloads {
    static final List<String> NAMES = List.of("echo", "idle", "hog", "timer", "file-read");
    /** Those of them that have no client. */
    static final List<String> IN_PROCESS = List.of("timer", "file-read");
    static final Map<String, String> BEST = Map.of("io", "channel", "buffer_bytes", "16384");

    private Workloads() {}

    static List<Setting> settings() {
        List<Setting> all = new ArrayList<>(Server.settings());
        all.addAll(Timers.settings());
        all.addAll(FileReads.settings());
        // The script that starts the virtual machine acts on it.
        all.add(Setting.choice("gc", "collector: as the machine suggests to the JVM, or by name",
                "ergonomic", "serial", "parallel", "g1", "z"));
        return all;
    }

    static Target start(Request request) throws Refused {
        return switch (request.workload()) {
            case "timer" -> new Timers(request);
            case "file-read" -> new FileReads(request);
            default -> new Server(request);
        };
    }
}
