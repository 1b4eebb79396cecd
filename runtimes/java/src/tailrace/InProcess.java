// SPDX-License-Identifier: MIT
package tailrace;

import java.util.List;
import java.util.Map;

/** What targets have in common whose work needs no client: it runs on a thread of its own. */
abstract class InProcess implements Target {
    private Thread coordinator;
    private volatile boolean stopped;

    /** From `start` until all tasks have ended. */
    abstract void work() throws InterruptedException;

    /** The sleeping or reading tasks end now; stopped() says so already. */
    abstract void end();

    abstract Outcome outcome();

    final boolean stopped() {
        return stopped;
    }

    @Override
    public final List<String> addresses() {
        return List.of();
    }

    @Override
    public Map<String, Object> granted() {
        return Map.of();
    }

    @Override
    public final void begin(Runnable done) {
        if (coordinator != null) {
            return;
        }
        coordinator = Thread.ofVirtual().name("coordinator").start(() -> {
            try {
                work();
            } catch (InterruptedException nobody) {
                throw new IllegalStateException(nobody); // nobody interrupts the coordinator
            }
            done.run();
        });
    }

    @Override
    public final Outcome finish() {
        stopped = true;
        end();
        try {
            if (coordinator != null) {
                coordinator.join();
            }
        } catch (InterruptedException nobody) {
            throw new IllegalStateException(nobody); // nobody interrupts the main thread
        }
        return outcome();
    }
}
