// SPDX-License-Identifier: MIT
// See own_test.hpp.
#include "harness/campaign/own_test.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/observe/proc_text.hpp"
#include "harness/record/durable_file.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

constexpr const char* file_name = "selftest.json";

// As the campaign itself: the same CPUs and load generator, and in SCHED_FIFO with --tune; points
// that ask for it alone are not tested on their own.
run_options like_campaign(const run_options& options, const campaign_setup& setup) {
  run_options like;
  like.kinds = options.kinds;
  like.target_cpus = observe::cpus_text(setup.setting.cpus.target);
  like.client_cpus = observe::cpus_text(setup.setting.cpus.client);
  like.keep_awake = setup.setting.keep_awake;
  like.tune = options.tune;
  like.load_program = setup.setting.load_program;
  return like;
}

}  // namespace

bool has_own_test(const campaign_setup& setup, bool asked) {
  return asked && setup.from.selftest &&
         std::ranges::any_of(setup.from.points,
                             [](const point& at) { return at.work->sliced() != nullptr; });
}

void run_own_test(const run_options& options, const campaign_setup& setup,
                  const record::campaign& campaign) {
  const std::filesystem::path path = campaign.folder() / file_name;
  std::error_code error;
  const bool wanted = campaign.manifest().value("selftest", false);
  if (!wanted || !options.own_test || std::filesystem::exists(path, error)) return;
  record::write_whole(path, options.own_test(like_campaign(options, setup)).dump(1) + "\n");
}

}  // namespace tailrace::campaign
