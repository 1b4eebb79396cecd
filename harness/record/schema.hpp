// SPDX-License-Identifier: MIT
// Checks a JSON value against results/schema.json. The subset of JSON Schema that it understands:
// type (string or list), required, properties, additionalProperties (false or a schema), enum,
// const, items, minimum, maximum, minItems, pattern-free strings, $ref to "#/$defs/<name>".
// A keyword outside of that subset is refused when the schema is loaded, never ignored.
// Not a general validator. Pure functions, any thread; linear in the size of the value.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::record {

inline constexpr int schema_version = 1;

// One sentence for each place that breaks the schema, at most `most` of them; empty: it fits.
// `definition` names an entry of $defs: "manifest", "plan", "cell".
std::vector<std::string> schema_violations(const nlohmann::json& schema,
                                           std::string_view definition, const nlohmann::json& value,
                                           std::size_t most = 8);

// The schema of this build (results/schema.json, embedded). Throws refusal if it is not one.
const nlohmann::json& results_schema();

// Throws refusal with one sentence that names `what`, when `value` does not fit `definition`.
void require_schema(std::string_view definition, const nlohmann::json& value,
                    const std::string& what);

// The names of unknown keywords in a schema, for the loader and its test.
std::vector<std::string> unknown_keywords(const nlohmann::json& schema);

}  // namespace tailrace::record
