// SPDX-License-Identifier: MIT
package tailrace;

import java.util.List;
import java.util.Map;

/** A workload under way, from the main thread's point of view, which alone calls it. */
interface Target {
    /** Where clients find it; empty for in-process work. */
    List<String> addresses();

    /** Settings in force beside those of the request. */
    Map<String, Object> granted();

    /** {@code start}: in-process work begins, and calls {@code done} when it has ended. */
    void begin(Runnable done);

    /** Counts now, while the work goes on. */
    Map<String, Object> sample();

    /** Ends the work within five seconds and closes what is open. */
    Outcome finish();

    /** What {@code result} tells; histograms are pairs of a value and how often it was. */
    record Outcome(Map<String, Object> counts, Map<String, Object> metrics,
            Map<String, List<List<Long>>> histograms) {}
}
