// SPDX-License-Identifier: MIT
// Echo under load. `open`: requests at a fixed rate, whatever the answers do, and latency from the
// planned send time. `closed`: `depth` messages outstanding on each connection, each answer brings
// the next request; what the server and the client can do at most.
#include <fmt/format.h>

#include "harness/kinds/registry.hpp"
#include "harness/kinds/under_load.hpp"

namespace tailrace::kinds {
namespace {

class open_echo : public work_under_load {
 public:
  using work_under_load::work_under_load;

 private:
  std::string own_id() const override {
    return fmt::format("open-{}x{}-{:.0f}", keys().connections, keys().message_bytes,
                       keys().rate_per_s);
  }
};

class closed_echo : public work_under_load {
 public:
  using work_under_load::work_under_load;

 private:
  std::string own_id() const override {
    return fmt::format("closed-{}x{}{}", keys().connections, keys().message_bytes,
                       keys().depth > 1 ? fmt::format("-d{}", keys().depth) : "");
  }
};

std::shared_ptr<const campaign::point_work> read_open(const campaign::table_reader& in) {
  return std::make_shared<open_echo>(read_load_keys(in, true));
}

std::shared_ptr<const campaign::point_work> read_closed(const campaign::table_reader& in) {
  load_keys keys = read_load_keys(in, false);
  keys.depth = in.integer("depth", 1, 1, 1024);
  return std::make_shared<closed_echo>(std::move(keys));
}

}  // namespace

const campaign::kind open_loop = {"open", "echo", read_open};
const campaign::kind closed_loop = {"closed", "echo", read_closed};

}  // namespace tailrace::kinds
