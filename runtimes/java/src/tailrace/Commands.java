// SPDX-License-Identifier: MIT
package tailrace;

import java.io.IOException;
import java.io.InputStream;
import java.util.function.Consumer;

/** Splits what arrives on standard input into commands, a line each. */
final class Commands {
    static final int LINE_BYTES_MAX = 256;

    private Commands() {}

    /** Calls {@code obey} with each line until the input ends; an overlong one is cut short. */
    static void read(InputStream input, Consumer<String> obey) {
        StringBuilder line = new StringBuilder();
        try {
            for (int one = input.read(); one >= 0; one = input.read()) {
                if (one == '\n') {
                    obey.accept(line.toString().strip());
                    line.setLength(0);
                } else if (line.length() < LINE_BYTES_MAX) {
                    line.append((char) one);
                }
            }
        } catch (IOException unreadable) {
            System.err.println("standard input: " + unreadable.getMessage());
        }
    }
}
