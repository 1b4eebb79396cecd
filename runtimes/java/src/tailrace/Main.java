// SPDX-License-Identifier: MIT
package tailrace;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** tailrace-target-java-virtual: a virtual thread for each connection. */
final class Main {
    static final String BACKEND = "epoll";
    private static final String ID = "java-virtual";
    private static final String SUMMARY = "Java's virtual threads and blocking sockets; workers=N "
            + "is the parallelism of their scheduler";
    private static final int FAILED = 1;
    private static final int BAD_USAGE = 2;
    private static final String DONE = "\n"; // in the queue of commands; no line has it

    private Main() {}

    public static void main(String[] words) {
        // halt(): threads of the virtual machine's own must not hold up the end.
        Runtime.getRuntime().halt(run(Arrays.asList(words)));
    }

    private static int run(List<String> words) {
        Request request;
        try {
            if (words.equals(List.of("describe"))) {
                Events.print(described());
                return 0;
            }
            if (words.isEmpty() || !words.get(0).equals("run")) {
                throw new IllegalArgumentException("it is run by tailrace; by hand: describe, or "
                        + "run --workload W [--workers N] [--host A] [--port P] "
                        + "[--set name=value ...]");
            }
            request = Request.parse(words.subList(1, words.size()), Workloads.NAMES,
                    Workloads.settings());
        } catch (IllegalArgumentException bad) {
            System.err.println("tailrace-target-" + ID + ": " + bad.getMessage());
            return BAD_USAGE;
        }
        endOnUncaught();
        // Read when the first virtual thread starts, which is later.
        System.setProperty("jdk.virtualThreadScheduler.parallelism", "" + request.workers());
        try {
            control(Workloads.start(request), request);
        } catch (Refused refused) {
            Events.error(refused.getMessage(), refused.remedy);
            System.err.println(refused.getMessage() + ": " + refused.remedy);
            return FAILED;
        }
        return 0;
    }

    /** An exception that nobody catches is a bug: it must not pass as a thread quietly gone. */
    private static void endOnUncaught() {
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> {
            failure.printStackTrace();
            Events.error(failure.toString(),
                    "look at standard error for what came before");
            Runtime.getRuntime().halt(FAILED);
        });
    }

    /** Until {@code stop}, or until in-process work is done; then the result. */
    private static void control(Target target, Request request) {
        BlockingQueue<String> commands = new LinkedBlockingQueue<>();
        Thread.ofPlatform().daemon().name("commands").start(() -> {
            Commands.read(System.in, commands::add);
            System.err.println("standard input was closed: exiting at once");
            Runtime.getRuntime().halt(FAILED);
        });
        Events.ready(target, request);
        for (String command = next(commands); !ends(command); command = next(commands)) {
            switch (command) {
                case "" -> { }
                case "start" -> target.begin(() -> commands.add(DONE));
                case "sample" -> Events.sample(target.sample());
                default -> Events.error("unknown command '" + command + "'",
                        "send start, sample or stop, one a line");
            }
        }
        Target.Outcome outcome = target.finish();
        Map<String, Object> metrics = new LinkedHashMap<>(outcome.metrics());
        metrics.putAll(machineMetrics());
        Events.result(new Target.Outcome(outcome.counts(), metrics, outcome.histograms()));
    }

    private static boolean ends(String command) {
        return command.equals("stop") || command.equals(DONE);
    }

    private static String next(BlockingQueue<String> commands) {
        try {
            return commands.take();
        } catch (InterruptedException impossible) {
            throw new IllegalStateException(impossible); // nobody interrupts the main thread
        }
    }

    /** What the virtual machine counts about itself. */
    private static Map<String, Object> machineMetrics() {
        long collections = 0;
        long milliseconds = 0;
        for (GarbageCollectorMXBean each : ManagementFactory.getGarbageCollectorMXBeans()) {
            collections += Math.max(0, each.getCollectionCount());
            milliseconds += Math.max(0, each.getCollectionTime());
        }
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        return Map.of("gc_cycles", collections, "gc_ms", milliseconds, "heap_bytes", heap);
    }

    private static Map<String, Object> described() {
        Map<String, Object> versions = new LinkedHashMap<>();
        versions.put("tailrace", System.getProperty("tailrace.version"));
        versions.put("java", System.getProperty("java.runtime.version"));
        versions.put("vm", System.getProperty("java.vm.name"));
        versions.put("vendor", System.getProperty("java.vendor"));
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("protocol", 2);
        object.put("id", ID);
        object.put("family", "peer");
        object.put("order", 140);
        object.put("language", "Java");
        object.put("summary", SUMMARY);
        object.put("versions", versions);
        object.put("backend", BACKEND);
        object.put("timer_granularity_ns", 1);
        object.put("one_worker", "nothing is stolen, for there is no other worker");
        object.put("allocator", "own");
        object.put("workloads", Workloads.NAMES);
        object.put("in_process", Workloads.IN_PROCESS);
        object.put("options", Workloads.settings().stream().map(Setting::described).toList());
        object.put("forms", Map.of("best", Workloads.BEST, "default", Map.of()));
        object.put("needs", Map.of("kernel", "3.2"));
        object.put("available", true);
        return object;
    }
}
