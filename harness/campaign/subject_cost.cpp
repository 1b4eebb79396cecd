// SPDX-License-Identifier: MIT
// See subject_cost.hpp.
#include "harness/campaign/subject_cost.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/campaign/cell_run.hpp"
#include "harness/cost/short_pass.hpp"
#include "harness/record/campaign.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {

nlohmann::json subject_cost(const subject& who, const contestant& program, bool instructions) {
  nlohmann::json record = {{"schema", record::schema_version},
                           {"subject", subject_json(who)},
                           {"status", "failed"},
                           {"cause", nullptr},
                           {"remedy", nullptr},
                           {"sheet", nullptr}};
  try {
    require_workload(program, "echo");
    record["sheet"] = cost::short_pass(
        program.about, {program.path, form_options_for(program.about, "echo", who.options),
                        who.workers, instructions});
    record["status"] = "ok";
  } catch (const refusal& refused) {
    note_refusal(record, refused);
  } catch (const std::exception& error) {
    note_refusal(record, refusal(error.what()));
  }
  return record;
}

double expected_cost_s(bool instructions) {
  return instructions ? 20 : 2;
}

}  // namespace tailrace::campaign
