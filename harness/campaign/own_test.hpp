// SPDX-License-Identifier: MIT
// The self-test that a campaign begins with where its profile asks for one: measured once, its rows
// are selftest.json in the folder (results/README.md). Main thread only.
#pragma once

#include "harness/campaign/campaign_setup.hpp"
#include "harness/campaign/run_campaign.hpp"

namespace tailrace::campaign {

// Whether the profile asks for it and has points under load; `asked`: the user did not refuse it.
bool has_own_test(const campaign_setup& setup, bool asked);

// Does nothing where the campaign was begun without it, or has its rows already. What fails in it
// is in its rows and does not stop the campaign. Seconds. Throws session::interrupted.
void run_own_test(const run_options& options, const campaign_setup& setup,
                  const record::campaign& campaign);

}  // namespace tailrace::campaign
