// SPDX-License-Identifier: MIT
package tailrace;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A {@code run} command, read. */
record Request(String workload, int workers, String host, int port, Map<String, String> options) {

    /** Asking for an option that the workload has not is a bug. */
    String text(String option) {
        String value = options.get(option);
        if (value == null) {
            throw new IllegalStateException("the workload has no option " + option);
        }
        return value;
    }

    long integer(String option) {
        return Long.parseLong(text(option));
    }

    /**
     * Reads what stands after {@code run}.
     *
     * @throws IllegalArgumentException with one sentence, for what it does not understand
     */
    static Request parse(List<String> words, List<String> workloads, List<Setting> settings) {
        String workload = "";
        int workers = 1;
        String host = "0.0.0.0";
        int port = 0;
        List<String> given = new ArrayList<>();
        for (int i = 0; i < words.size(); i += 2) {
            String flag = words.get(i);
            if (i + 1 == words.size()) {
                throw new IllegalArgumentException("no value after " + flag);
            }
            String value = words.get(i + 1);
            switch (flag) {
                case "--workload" -> workload = value;
                case "--workers" -> workers = Integer.parseUnsignedInt(value);
                case "--host" -> host = value;
                case "--port" -> port = Integer.parseUnsignedInt(value);
                case "--set" -> given.add(value);
                default -> throw new IllegalArgumentException("run has no " + flag);
            }
        }
        if (!workloads.contains(workload)) {
            throw new IllegalArgumentException("no workload '" + workload + "': it has "
                    + String.join(", ", workloads));
        }
        if (workers < 1 || port < 0 || port > 65535 || !host.matches("[0-9]+(\\.[0-9]+){3}")) {
            throw new IllegalArgumentException("no " + workers + " workers at " + host + ":"
                    + port);
        }
        return new Request(workload, workers, host, port,
                Setting.resolve(settings, workload, given));
    }
}
