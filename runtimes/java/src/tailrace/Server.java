// SPDX-License-Identifier: MIT
package tailrace;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** The workloads that clients connect to: echo, idle, hog. A virtual thread a connection. */
final class Server implements Target {
    // Out of descriptors or memory: sessions that end will free some.
    private static final Duration PAUSE_AFTER_REFUSAL = Duration.ofMillis(10);
    // Less than what the protocol allows from stop to the end.
    private static final long STOP_NS = 4_000_000_000L;
    private static final long ROUND_NS = 1_000_000;

    private final Request request;
    private final Listening listener;
    private volatile boolean ending;
    private final Ledger ledger = new Ledger();
    private final List<Thread> sleepers = new ArrayList<>();
    private final AtomicLong sleeping = new AtomicLong();
    private final AtomicLong wokenEarly = new AtomicLong();

    static List<Setting> settings() {
        List<Setting> all = new ArrayList<>(Hog.settings());
        all.add(Setting.choice("io", "stream: Socket and its streams, as usual; channel: "
                + "SocketChannel with a buffer outside of the heap", "stream", "channel"));
        all.add(Setting.integer("buffer_bytes", "size of a connection's buffer", 8192, 64,
                1 << 20));
        all.add(Setting.integer("tasks", "virtual threads that sleep: in idle until one hour from "
                + "now", 0, 0, 10_000_000).only("idle", "timer"));
        return all;
    }

    /** Listens, accepts, and returns when all sleepers are asleep. */
    Server(Request request) throws Refused {
        this.request = request;
        try {
            listener = Listening.open(request.text("io"),
                    new InetSocketAddress(request.host(), request.port()));
        } catch (IOException failure) {
            throw new Refused("cannot listen on " + request.host() + ":" + request.port() + ": "
                    + failure.getMessage(), "choose a free --port from 1024 up, or 0 for any, and "
                    + "a --host that this machine has");
        }
        if (request.workload().equals("idle")) {
            sleep(request.integer("tasks"));
        }
        Thread.ofVirtual().name("accept").start(this::accept);
    }

    private void sleep(long tasks) {
        for (long i = 0; i < tasks; i++) {
            sleepers.add(Thread.startVirtualThread(this::sleeper));
        }
        while (sleeping.get() < tasks) {
            LockSupport.parkNanos(ROUND_NS);
        }
    }

    private void sleeper() {
        sleeping.incrementAndGet();
        try {
            Thread.sleep(Duration.ofHours(1));
            wokenEarly.incrementAndGet();
        } catch (InterruptedException stopped) {
            // That is how it ends.
        }
        sleeping.decrementAndGet();
    }

    private void accept() {
        while (!ending) {
            try {
                Session session = listener.accept();
                Thread.startVirtualThread(() -> serve(session));
            } catch (IOException refused) { // or the listener was closed
                if (!ending) {
                    ledger.refused();
                }
                LockSupport.parkNanos(PAUSE_AFTER_REFUSAL.toNanos());
            }
        }
    }

    private void serve(Session session) {
        if (!ledger.enter(session)) {
            session.close();
            return;
        }
        if (request.workload().equals("hog")) {
            session.burnFor(Hog.of(request));
        }
        Session.End end = session.echo((int) request.integer("buffer_bytes"));
        session.close();
        ledger.leave(session, end);
    }

    @Override
    public List<String> addresses() {
        String host = request.host().equals("0.0.0.0") ? "127.0.0.1" : request.host();
        return List.of(host + ":" + listener.port());
    }

    @Override
    public Map<String, Object> granted() {
        return Map.of("receive_buffer", "one a connection");
    }

    @Override
    public void begin(Runnable done) {
        // It serves already, and ends when it is told to.
    }

    @Override
    public Map<String, Object> sample() {
        Map<String, Object> counts = ledger.counts(request.workload().equals("hog"));
        if (request.workload().equals("idle")) {
            counts.put("sleeping", sleeping.get());
            counts.put("woken_early", wokenEarly.get());
        }
        return counts;
    }

    @Override
    public Outcome finish() {
        ending = true;
        Hog.abandon();
        try {
            listener.close();
        } catch (IOException unlikely) {
            System.err.println("closing the listener: " + unlikely.getMessage());
        }
        sleepers.forEach(Thread::interrupt);
        ledger.endAll();
        long start = System.nanoTime();
        while ((ledger.openNow() > 0 || sleeping.get() > 0)
                && System.nanoTime() - start < STOP_NS) {
            LockSupport.parkNanos(ROUND_NS);
        }
        return new Outcome(sample(), Map.of(), Map.of());
    }
}
