// SPDX-License-Identifier: MIT
// Load on the workload `hog`, whose target burns CPU time before some replies and awaits nothing
// meanwhile; at a fixed rate. `hog`: some connections make it burn, and what counts is the latency
// of the others. `skew`: few connections carry most of the rate and every message burns a little,
// so that there is work to balance between workers.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/kinds/registry.hpp"
#include "harness/kinds/reported_counts.hpp"
#include "harness/kinds/under_load.hpp"

namespace tailrace::kinds {
namespace {

// What both kinds have: the burning, and the proof of it.
class burning_work : public work_under_load {
 public:
  burning_work(load_keys keys, std::int64_t burn_us)
      : work_under_load(std::move(keys)), burn_us_(burn_us) {}
  bool needs_a_core_per_worker() const override { return true; }

 protected:
  std::string id_after(const char* kind) const {
    return fmt::format("{}-{}x{}-{:.0f}-{}us", kind, keys().connections, keys().message_bytes,
                       keys().rate_per_s, burn_us_);
  }
  nlohmann::json json_with(nlohmann::json more) const {
    more.update(work_under_load::json());
    more["burn_us"] = burn_us_;
    return more;
  }
  // hog_every: connections 0, n, 2n, ... burn.
  std::map<std::string, std::string> options_with(std::int64_t hog_every) const {
    return {{"burn_us", std::to_string(burn_us_)},
            {"hog_every", std::to_string(hog_every)},
            {"message_bytes", std::to_string(keys().message_bytes)}};
  }

 private:
  virtual std::vector<std::string> burning_classes() const = 0;

  std::vector<std::string> own_faults(const nlohmann::json& load,
                                      const session::count_map& counts) const override {
    return burn_faults(load, counts, burning_classes());
  }

  std::int64_t burn_us_;
};

class hog_work : public burning_work {
 public:
  hog_work(load_keys keys, std::int64_t burn_us, std::int64_t every, double rate_per_s)
      : burning_work(std::move(keys), burn_us), every_(every), hog_rate_per_s_(rate_per_s) {}
  nlohmann::json json() const override {
    return json_with({{"hog_every", every_}, {"hog_rate_per_s", hog_rate_per_s_}});
  }
  std::map<std::string, std::string> target_options() const override {
    return options_with(every_);
  }

 private:
  std::string own_id() const override { return id_after("hog"); }
  std::vector<std::string> load_options() const override {
    return {"--hog-every", std::to_string(every_), "--hog-rate",
            fmt::format("{}", hog_rate_per_s_)};
  }
  std::vector<std::string> classes() const override { return {"others", "hogs"}; }
  std::vector<std::string> burning_classes() const override { return {"hogs"}; }

  std::int64_t every_;     // which connections are hogs
  double hog_rate_per_s_;  // of all hogs; rate_per_s is that of the others
};

class skew_work : public burning_work {
 public:
  skew_work(load_keys keys, std::int64_t burn_us, std::int64_t hot, double share)
      : burning_work(std::move(keys), burn_us), hot_connections_(hot), hot_share_(share) {}
  nlohmann::json json() const override {
    return json_with({{"hot_connections", hot_connections_}, {"hot_share", hot_share_}});
  }
  std::map<std::string, std::string> target_options() const override { return options_with(1); }

 private:
  std::string own_id() const override { return id_after("skew"); }
  std::vector<std::string> load_options() const override {
    return {"--hot-connections", std::to_string(hot_connections_), "--hot-share",
            fmt::format("{}", hot_share_)};
  }
  std::vector<std::string> classes() const override { return {"cold", "hot"}; }
  std::vector<std::string> burning_classes() const override { return classes(); }

  std::int64_t hot_connections_;  // so many connections carry ...
  double hot_share_;              // ... this share of rate_per_s
};

// The number that makes a connection a hog is in the first bytes of its messages, which must be
// long enough for it: 24 bytes in the load generator's, 64 KiB at most in the target's.
load_keys read_burning_keys(const campaign::table_reader& in) {
  load_keys keys = read_load_keys(in, true);
  in.integer("message_bytes", 64, 24, 65536);
  return keys;
}

std::shared_ptr<const campaign::point_work> read_hog(const campaign::table_reader& in) {
  load_keys keys = read_burning_keys(in);
  if (keys.connections < 2)
    in.refuse("connections", "a hog point needs two connections: a hog and another");
  return std::make_shared<hog_work>(std::move(keys), in.integer("burn_us", 5000, 0, 1'000'000),
                                    in.integer("hog_every", 10, 2, 1'000'000),
                                    in.number("hog_rate_per_s", campaign::needed, 0.1, 1e6));
}

std::shared_ptr<const campaign::point_work> read_skew(const campaign::table_reader& in) {
  load_keys keys = read_burning_keys(in);
  const std::int64_t hot = in.integer("hot_connections", 4, 1, 100'000);
  if (hot >= keys.connections)
    in.refuse("hot_connections", "hot_connections must leave at least one connection cold");
  return std::make_shared<skew_work>(std::move(keys), in.integer("burn_us", 50, 0, 1'000'000), hot,
                                     in.number("hot_share", 0.8, 0.001, 0.999));
}

}  // namespace

const campaign::kind hog = {"hog", "hog", read_hog};
const campaign::kind skew = {"skew", "hog", read_skew};

}  // namespace tailrace::kinds
