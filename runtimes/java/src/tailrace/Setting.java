// SPDX-License-Identifier: MIT
package tailrace;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * An option that {@code --set name=value} gives. Exactly one of these says what is allowed:
 * {@code values}; {@code least} to {@code most}, of block_bytes multiples of 4096; {@code text}.
 */
record Setting(String name, String preset, String help, List<String> values, long least, long most,
        String text, List<String> workloads) {

    /** One of the values; the first is the default. */
    static Setting choice(String name, String help, String... values) {
        return new Setting(name, values[0], help, List.of(values), 0, 0, null, List.of());
    }

    static Setting integer(String name, String help, long preset, long least, long most) {
        return new Setting(name, "" + preset, help, null, least, most, null, List.of());
    }

    /** Any text but none: the workload does not run without. */
    static Setting needed(String name, String help) {
        return new Setting(name, "", help, null, 0, 0, "text", List.of());
    }

    /** Belongs to these workloads only. */
    Setting only(String... for_) {
        return new Setting(name, preset, help, values, least, most, text, List.of(for_));
    }

    boolean belongsTo(String workload) {
        return workloads.isEmpty() || workloads.contains(workload);
    }

    Map<String, Object> described() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("name", name);
        object.put("default", preset);
        object.put("values", values != null ? values
                : text != null ? text : "integer " + least + ".." + most);
        object.put("help", help);
        if (!workloads.isEmpty()) {
            object.put("workloads", workloads);
        }
        return object;
    }

    private void check(String value) throws BadUsage {
        String shown = BadUsage.excerpt(value);
        if (values != null) {
            if (!values.contains(value)) {
                throw new BadUsage("option '" + name + "' is one of " + String.join(", ", values)
                        + ", not '" + shown + "'");
            }
        } else if (text == null) {
            boolean digits = value.matches("[0-9]{1,18}|[0-8][0-9]{18}");
            if (!digits || Long.parseLong(value) < least || Long.parseLong(value) > most) {
                throw new BadUsage("option '" + name + "' is an integer from " + least + " to "
                        + most + ", not '" + shown + "'");
            }
            if (name.equals("block_bytes") && Long.parseLong(value) % 4096 != 0) {
                throw new BadUsage("option '" + name + "' is a multiple of 4096, not " + value);
            }
        } else if (value.isEmpty()) {
            throw new BadUsage("option '" + name + "' is needed");
        }
    }

    /** The options of a workload, given or by default, validated. */
    static Map<String, String> resolve(List<Setting> all, String workload, List<String> given)
            throws BadUsage {
        Map<String, Setting> own = all.stream().filter(one -> one.belongsTo(workload))
                .collect(Collectors.toMap(Setting::name, one -> one, (one, other) -> one,
                        LinkedHashMap::new));
        Map<String, String> inForce = new LinkedHashMap<>();
        for (String setting : given) {
            String[] parts = setting.split("=", 2);
            if (parts.length < 2) {
                throw new BadUsage("--set takes name=value, not '" + BadUsage.excerpt(setting)
                        + "'");
            }
            Setting one = own.get(parts[0]);
            if (one == null) {
                throw new BadUsage("workload " + workload + " has no option '"
                        + BadUsage.excerpt(parts[0]) + "': it has "
                        + String.join(", ", own.keySet()));
            }
            if (inForce.put(parts[0], parts[1]) != null) {
                throw new BadUsage("option '" + parts[0] + "' is set twice");
            }
        }
        own.forEach((name, one) -> inForce.putIfAbsent(name, one.preset));
        for (Map.Entry<String, String> each : inForce.entrySet()) {
            own.get(each.getKey()).check(each.getValue());
        }
        return inForce;
    }
}
