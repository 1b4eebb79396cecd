// SPDX-License-Identifier: MIT
package tailrace;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Map;

/** A wall-clock time (CLOCK_MONOTONIC) and the CPU time that the process had used by then. */
record Moment(long ns, long cpuNs) {
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    static Moment now() {
        return new Moment(System.nanoTime(), SYSTEM.getProcessCpuTime());
    }

    /** Both times from one moment to a later one as counts; 0 where either did not happen. */
    static void count(String phase, Moment from, Moment to, Map<String, Object> into) {
        boolean happened = from != null && to != null && to.ns >= from.ns;
        into.put(phase + "_ns", happened ? to.ns - from.ns : 0);
        into.put(phase + "_cpu_ns", happened ? Math.max(0, to.cpuNs - from.cpuNs) : 0);
    }
}
