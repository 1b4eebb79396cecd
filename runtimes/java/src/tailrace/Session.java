// SPDX-License-Identifier: MIT
package tailrace;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** One connection that echoes. It counts in a place of its own, which its thread alone writes. */
abstract class Session {
    enum End { BY_PEER, BY_RESET, BY_ERROR }

    private final Closeable socket;
    private Hog hog; // of the workload hog
    volatile long received;
    volatile long sent;
    volatile long burns;

    Session(Closeable socket) {
        this.socket = socket;
    }

    void burnFor(Hog one) {
        hog = one;
    }

    /** Until the end of the stream; what was received before it is sent. */
    End echo(int bufferBytes) {
        try {
            exchange(bufferBytes);
            return End.BY_PEER;
        } catch (IOException failure) {
            // Java tells the error number as text alone.
            String text = String.valueOf(failure.getMessage());
            return text.contains("reset") || text.contains("Broken pipe")
                    ? End.BY_RESET : End.BY_ERROR;
        }
    }

    /** Sets TCP_NODELAY and echoes; counts what is sent. */
    abstract void exchange(int bufferBytes) throws IOException;

    /** Before received bytes go back. */
    final void take(ByteBuffer bytes) {
        received += bytes.remaining();
        if (hog != null) {
            hog.received(bytes, this);
        }
    }

    final void close() {
        try {
            socket.close();
        } catch (IOException unflushed) {
            // It is closed all the same.
        }
    }
}
