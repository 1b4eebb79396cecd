// SPDX-License-Identifier: MIT
package tailrace;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;

/** A validated {@code run} command; {@code cpus} is empty where the process is not confined. */
record Request(String workload, int workers, BitSet cpus, String host, int port,
        Map<String, String> options) {

    /** Asking for an option that the workload has not is a bug. */
    String text(String option) {
        String value = options.get(option);
        if (value == null) {
            throw new IllegalStateException("option '" + option + "' is not among those in force");
        }
        return value;
    }

    long integer(String option) {
        return Long.parseLong(text(option));
    }

    /** Reads what stands after {@code run}. */
    static Request parse(List<String> words, List<String> workloads, List<Setting> settings)
            throws BadUsage {
        String workload = "";
        String workers = "1";
        String host = "0.0.0.0";
        String port = "0";
        BitSet cpus = new BitSet();
        List<String> given = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            String[] parts = words.get(i).split("=", 2);
            String value;
            if (parts.length == 2) {
                value = parts[1];
            } else if (i + 1 < words.size()) {
                value = words.get(++i);
            } else {
                throw new BadUsage("run takes no '" + BadUsage.excerpt(words.get(i))
                        + "' without a value");
            }
            switch (parts[0]) {
                case "--workload" -> workload = value;
                case "--workers" -> workers = value;
                case "--cpus" -> cpus = CpuList.parse(value);
                case "--host" -> host = value;
                case "--port" -> port = value;
                case "--set" -> given.add(value);
                default -> throw new BadUsage("run has no '" + BadUsage.excerpt(parts[0]) + "'");
            }
        }
        if (!workloads.contains(workload)) {
            throw new BadUsage("no workload '" + BadUsage.excerpt(workload) + "': --workload is "
                    + "one of " + String.join(", ", workloads));
        }
        return new Request(workload, number("--workers", workers, 1, 1024), cpus, address(host),
                number("--port", port, 0, 65535), Setting.resolve(settings, workload, given));
    }

    private static int number(String name, String text, int least, int most) throws BadUsage {
        if (!text.matches("[0-9]{1,9}") || Integer.parseInt(text) < least
                || Integer.parseInt(text) > most) {
            throw new BadUsage(name + " is from " + least + " to " + most + ", not '"
                    + BadUsage.excerpt(text) + "'");
        }
        return Integer.parseInt(text);
    }

    private static String address(String text) throws BadUsage {
        String byteText = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
        if (!text.matches("(" + byteText + "\\.){3}" + byteText)) {
            throw new BadUsage("--host takes an IPv4 address such as 127.0.0.1, not '"
                    + BadUsage.excerpt(text) + "'");
        }
        return text;
    }
}
