// SPDX-License-Identifier: MIT
package tailrace;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An option that {@code --set name=value} gives. {@code values} is as in {@code describe}: a list
 * of texts, "integer a..b" or "text"; the harness sees to it that an integer is in its range.
 */
record Setting(String name, String preset, String help, Object values, long unit,
        List<String> workloads) {

    /** One of the values; the first is the default. */
    static Setting choice(String name, String help, String... values) {
        return new Setting(name, values[0], help, List.of(values), 1, List.of());
    }

    static Setting integer(String name, String help, long preset, long least, long most) {
        return new Setting(name, "" + preset, help, "integer " + least + ".." + most, 1,
                List.of());
    }

    /** Any text but none: the workload does not run without. */
    static Setting needed(String name, String help) {
        return new Setting(name, "", help, "text", 1, List.of());
    }

    /** Belongs to these workloads only. */
    Setting only(String... for_) {
        return new Setting(name, preset, help, values, unit, List.of(for_));
    }

    /** The integer is a multiple. */
    Setting multipleOf(long number) {
        return new Setting(name, preset, help, values, number, workloads);
    }

    Map<String, Object> described() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("name", name);
        object.put("default", preset);
        object.put("values", values);
        object.put("help", help);
        if (!workloads.isEmpty()) {
            object.put("workloads", workloads);
        }
        return object;
    }

    private boolean canBe(String value) {
        if (values instanceof List<?> choices) {
            return choices.contains(value);
        }
        return values.equals("text") ? !value.isEmpty()
                : value.matches("[0-9]{1,18}|[0-8][0-9]{18}") && Long.parseLong(value) % unit == 0;
    }

    /**
     * The options of a workload: as set, else by default.
     *
     * @throws IllegalArgumentException with one sentence, for what the workload does not know
     */
    static Map<String, String> resolve(List<Setting> all, String workload, List<String> given) {
        Map<String, String> inForce = new LinkedHashMap<>();
        for (Setting one : all) {
            if (one.workloads.isEmpty() || one.workloads.contains(workload)) {
                inForce.put(one.name, one.preset);
            }
        }
        for (String setting : given) {
            String[] parts = setting.split("=", 2);
            if (inForce.replace(parts[0], parts.length == 2 ? parts[1] : "") == null) {
                throw new IllegalArgumentException("workload " + workload + " has no option "
                        + parts[0]);
            }
        }
        for (Setting one : all) {
            String value = inForce.get(one.name);
            if (value != null && !one.canBe(value)) {
                throw new IllegalArgumentException("option " + one.name + " cannot be '" + value
                        + "'");
            }
        }
        return inForce;
    }
}
