// SPDX-License-Identifier: MIT
package tailrace;

import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;

/** The workload {@code timer}: virtual threads that sleep, each until a deadline of its own. */
final class Timers extends InProcess {
    private static final long NOT_FIRED = Long.MIN_VALUE;
    private static final long MILLISECOND = 1_000_000;

    private final String mode;
    private final int tasks;
    private final long spreadNs;
    private final long leadNs;
    private final int atOnce;
    private final long seed;
    private final long[] lateness; // by task
    private final AtomicLong armed = new AtomicLong();
    private final AtomicLong fired = new AtomicLong();
    private final LongAdder cancelled = new LongAdder();
    private final LongAdder early = new LongAdder();
    // Who writes a moment is alone with it, and it is read once all tasks have ended.
    private Moment begun;
    private Moment armedLast;
    private Moment firedFirst;
    private Moment firedLast;
    private Moment ended;
    private final AtomicReferenceArray<Thread> sleepers; // end() reads it meanwhile

    static List<Setting> settings() {
        return List.of(
                Setting.choice("mode", "random: deadlines drawn below the spread; expiry: one for "
                        + "all; cancel: timers that are armed and cancelled", "random", "expiry",
                        "cancel").only("timer"),
                Setting.integer("spread_ms", "from the first deadline to the last", 1000, 1, 60_000)
                        .only("timer"),
                Setting.integer("lead_ms", "from the start to the first deadline", 1000, 0, 600_000)
                        .only("timer"),
                Setting.integer("at_once", "cancel: timers armed before they are cancelled", 1000,
                        1, 1_000_000).only("timer"),
                Setting.integer("seed", "of the deadlines, of the order of reads", 1, 0,
                        Long.MAX_VALUE).only("timer", "file-read"),
                // The script that starts the virtual machine acts on it.
                Setting.integer("timer_slack_ns", "timer slack of every thread; 0: the kernel's", 0,
                        0, 1_000_000_000).only("timer"));
    }

    Timers(Request request) {
        mode = request.text("mode");
        tasks = (int) request.integer("tasks");
        spreadNs = request.integer("spread_ms") * MILLISECOND;
        leadNs = request.integer("lead_ms") * MILLISECOND;
        atOnce = (int) request.integer("at_once");
        seed = request.integer("seed");
        lateness = new long[mode.equals("cancel") ? 0 : tasks];
        Arrays.fill(lateness, NOT_FIRED);
        sleepers = new AtomicReferenceArray<>(
                mode.equals("cancel") ? Math.min(tasks, atOnce) : tasks);
    }

    /** The deadline of a task after the first possible. */
    static long offset(long seed, long index, long spreadNs) {
        return Long.remainderUnsigned(Draw.of(seed, index), spreadNs);
    }

    private long offset(int index) {
        return mode.equals("random") ? offset(seed, index, spreadNs) : 0;
    }

    /** The timer slack that the script saw: every thread inherits it, and Java cannot ask. */
    @Override
    public Map<String, Object> granted() {
        return Map.of("timer_slack_ns", Long.getLong("tailrace.timerSlack", 0));
    }

    @Override
    void work() throws InterruptedException {
        begun = Moment.now();
        if (mode.equals("cancel")) {
            armAndCancel();
        } else {
            sleepAll();
        }
        ended = Moment.now();
    }

    private void sleepAll() throws InterruptedException {
        long first = begun.ns() + leadNs;
        int started = 0;
        for (; started < tasks && !stopped(); started++) {
            int index = started;
            long deadline = first + offset(index);
            sleepers.set(index, Thread.startVirtualThread(() -> sleeper(index, deadline)));
        }
        for (int i = 0; i < started; i++) {
            if (stopped()) {
                sleepers.get(i).interrupt(); // also those that end() came too early for
            }
            sleepers.get(i).join();
        }
    }

    private void sleeper(int index, long deadline) {
        long wait = deadline - System.nanoTime();
        if (armed.incrementAndGet() == tasks) {
            armedLast = Moment.now();
        }
        try {
            if (wait > 0) {
                Thread.sleep(Duration.ofNanos(wait));
            }
        } catch (InterruptedException stop) {
            cancelled.increment();
            return;
        }
        long late = System.nanoTime() - deadline;
        lateness[index] = late;
        if (late < 0) {
            early.increment();
        }
        long before = fired.getAndIncrement();
        if (before == 0) {
            firedFirst = Moment.now();
        }
        if (before + 1 == tasks) {
            firedLast = Moment.now();
        }
    }

    /** Timers that never fire. */
    private void armAndCancel() throws InterruptedException {
        for (int left = tasks; left > 0 && !stopped();) {
            int now = Math.min(left, atOnce);
            CountDownLatch allArmed = new CountDownLatch(now);
            for (int i = 0; i < now; i++) {
                sleepers.set(i, Thread.startVirtualThread(() -> {
                    armed.incrementAndGet();
                    allArmed.countDown();
                    try {
                        Thread.sleep(Duration.ofHours(1));
                        early.increment();
                    } catch (InterruptedException cancel) {
                        cancelled.increment();
                    }
                }));
            }
            allArmed.await();
            for (int i = 0; i < now; i++) {
                sleepers.get(i).interrupt();
            }
            for (int i = 0; i < now; i++) {
                sleepers.get(i).join();
            }
            left -= now;
        }
    }

    @Override
    void end() {
        for (int i = 0; i < sleepers.length() && sleepers.get(i) != null; i++) {
            sleepers.get(i).interrupt();
        }
    }

    @Override
    public Map<String, Object> sample() {
        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put("armed", armed.get());
        counts.put("fired", fired.get());
        counts.put("cancelled", cancelled.sum());
        counts.put("refused", 0); // nothing is: a sleep needs memory alone
        counts.put("woken_early", early.sum());
        return counts;
    }

    @Override
    Outcome outcome() {
        Map<String, Object> counts = sample();
        boolean cancels = mode.equals("cancel");
        Moment.count("arm", begun, cancels ? null : armedLast, counts);
        Moment.count("wait", armedLast, firedFirst, counts);
        Moment.count("fire", firedFirst, firedLast, counts);
        Moment.count("whole", begun, ended, counts);
        Histogram histogram = new Histogram();
        long sum = 0;
        for (int i = 0; i < lateness.length; i++) {
            if (lateness[i] != NOT_FIRED) {
                sum += offset(i);
                histogram.record(lateness[i]);
            }
        }
        counts.put("deadline_sum_ns", sum);
        return new Outcome(counts, Map.of(),
                cancels ? Map.of() : Map.of("lateness_ns", histogram.pairs()));
    }
}
