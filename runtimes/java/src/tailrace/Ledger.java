// SPDX-License-Identifier: MIT
package tailrace;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** The open connections, and what those that have closed had counted. Any thread. */
final class Ledger {
    // Not `synchronized`: before Java 24 that would hold the carrier of a virtual thread.
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<Session> open = new HashSet<>();
    private long accepted;
    private long closed;
    private long received;
    private long sent;
    private long burns;
    private long errors;
    private long resets;
    private long acceptErrors;
    private boolean ending;

    /** False where the server is ending, and nobody is let in any more. */
    boolean enter(Session session) {
        lock.lock();
        try {
            accepted++;
            if (ending) {
                closed++;
                return false;
            }
            return open.add(session);
        } finally {
            lock.unlock();
        }
    }

    /** Once the socket is closed. */
    void leave(Session session, Session.End end) {
        lock.lock();
        try {
            open.remove(session);
            closed++;
            received += session.received;
            sent += session.sent;
            burns += session.burns;
            resets += end == Session.End.BY_RESET ? 1 : 0;
            errors += end == Session.End.BY_ERROR && !ending ? 1 : 0;
        } finally {
            lock.unlock();
        }
    }

    void refused() {
        lock.lock();
        try {
            acceptErrors++;
        } finally {
            lock.unlock();
        }
    }

    /** Closes all connections: each session ends by an error that is none. */
    void endAll() {
        lock.lock();
        try {
            ending = true;
            for (Session each : open) {
                each.close();
            }
        } finally {
            lock.unlock();
        }
    }

    long openNow() {
        lock.lock();
        try {
            return accepted - closed;
        } finally {
            lock.unlock();
        }
    }

    Map<String, Object> counts(boolean withBurns) {
        lock.lock();
        try {
            long sentNow = sent;
            long receivedNow = received;
            long burnsNow = burns;
            for (Session each : open) {
                sentNow += each.sent; // before what was received: never more than that
                receivedNow += each.received;
                burnsNow += each.burns;
            }
            Map<String, Object> counts = new LinkedHashMap<>();
            counts.put("accepted", accepted);
            counts.put("closed", closed);
            counts.put("open", accepted - closed);
            counts.put("received_bytes", receivedNow);
            counts.put("sent_bytes", sentNow);
            counts.put("errors", errors);
            counts.put("resets", resets);
            counts.put("accept_errors", acceptErrors);
            if (withBurns) {
                counts.put("burns", burnsNow);
            }
            return counts;
        } finally {
            lock.unlock();
        }
    }
}
