// SPDX-License-Identifier: MIT
package tailrace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.StringJoiner;

/** CPU lists as {@code --cpus} gives them: {@code 0,2-3}. */
final class CpuList {
    private static final int MAX = 1024; // of a kernel's cpu_set_t

    private CpuList() {}

    static BitSet parse(String text) throws BadUsage {
        BitSet cpus = new BitSet();
        for (String part : text.split(",", -1)) {
            String[] ends = part.split("-", -1);
            int first = number(ends[0], text);
            int last = ends.length == 1 ? first : number(ends[1], text);
            if (ends.length > 2 || last < first) {
                throw bad(text);
            }
            cpus.set(first, last + 1);
        }
        return cpus;
    }

    private static int number(String word, String text) throws BadUsage {
        if (!word.matches("[0-9]{1,4}") || Integer.parseInt(word) >= MAX) {
            throw bad(text);
        }
        return Integer.parseInt(word);
    }

    private static BadUsage bad(String text) {
        return new BadUsage("--cpus: '" + BadUsage.excerpt(text) + "' is not a list of CPUs: write "
                + "CPU numbers from 0 to " + (MAX - 1) + " as in 0,2-3");
    }

    /** The inverse of parse. */
    static String text(BitSet cpus) {
        StringJoiner parts = new StringJoiner(",");
        for (int first = cpus.nextSetBit(0); first >= 0;) {
            int end = cpus.nextClearBit(first);
            parts.add(end - first == 1 ? "" + first : first + "-" + (end - 1));
            first = cpus.nextSetBit(end);
        }
        return parts.toString();
    }

    /**
     * That this process keeps to exactly these CPUs. The script that started it has seen to that,
     * since a thread inherits its CPUs at birth and a virtual machine has many before main().
     */
    static void requireConfined(BitSet cpus) throws BadUsage {
        String granted = allowed();
        if (!granted.equals(text(cpus))) {
            throw new BadUsage("--cpus: CPUs " + text(cpus) + " cannot all be used here: choose "
                    + "from those this process may use (" + granted + ")");
        }
    }

    private static String allowed() {
        String name = "Cpus_allowed_list:";
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith(name)) {
                    return text(parse(line.substring(name.length()).strip()));
                }
            }
        } catch (IOException | BadUsage unreadable) {
            return "unknown: /proc/self/status does not tell";
        }
        return "unknown: /proc/self/status does not tell";
    }
}
