// SPDX-License-Identifier: MIT
package tailrace;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Writes JSON: maps, lists, texts, numbers, truth values. */
final class Json {
    private Json() {}

    static String text(Object value) {
        StringBuilder into = new StringBuilder();
        write(value, into);
        return into.toString();
    }

    private static void write(Object value, StringBuilder into) {
        switch (value) {
            case Map<?, ?> map -> {
                into.append('{');
                Iterator<? extends Map.Entry<?, ?>> each = map.entrySet().iterator();
                while (each.hasNext()) {
                    Map.Entry<?, ?> entry = each.next();
                    writeText(entry.getKey().toString(), into);
                    into.append(':');
                    write(entry.getValue(), into);
                    into.append(each.hasNext() ? "," : "");
                }
                into.append('}');
            }
            case List<?> list -> {
                into.append('[');
                for (int i = 0; i < list.size(); i++) {
                    into.append(i > 0 ? "," : "");
                    write(list.get(i), into);
                }
                into.append(']');
            }
            case Number number -> into.append(number);
            case Boolean truth -> into.append(truth);
            default -> writeText(value.toString(), into);
        }
    }

    private static void writeText(String text, StringBuilder into) {
        into.append('"');
        for (int i = 0; i < text.length(); i++) {
            char one = text.charAt(i);
            if (one == '"' || one == '\\') {
                into.append('\\').append(one);
            } else if (one < ' ' || Character.isSurrogate(one)) {
                into.append(String.format("\\u%04x", (int) one));
            } else {
                into.append(one);
            }
        }
        into.append('"');
    }
}
