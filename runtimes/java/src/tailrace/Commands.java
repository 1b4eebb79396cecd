// SPDX-License-Identifier: MIT
package tailrace;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Splits what arrives on standard input into commands, a line each. Lines are bounded. */
final class Commands {
    static final int LINE_BYTES_MAX = 256;

    private Commands() {}

    /** Calls {@code obey} with each line until the input ends; of an overlong one the beginning. */
    static void read(InputStream input, Consumer<String> obey) {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        boolean discarding = false; // within the rest of an overlong line
        byte[] buffer = new byte[4096];
        try {
            for (int count = input.read(buffer); count >= 0; count = input.read(buffer)) {
                for (int i = 0; i < count; i++) {
                    if (buffer[i] != '\n') {
                        if (discarding) {
                            continue;
                        }
                        line.write(buffer[i]);
                        discarding = line.size() > LINE_BYTES_MAX;
                    }
                    boolean ended = buffer[i] == '\n';
                    if (ended && discarding) {
                        discarding = false; // it was told already
                    } else if (ended || discarding) {
                        obey.accept(line.toString(StandardCharsets.UTF_8).stripTrailing());
                    }
                    if (ended || discarding) {
                        line.reset();
                    }
                }
            }
        } catch (IOException unreadable) {
            System.err.println("standard input: " + unreadable.getMessage());
        }
    }
}
