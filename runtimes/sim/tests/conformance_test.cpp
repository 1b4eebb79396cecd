// SPDX-License-Identifier: MIT
// The simulator's sockets are its own: the suite reaches them through an external client.
#include "runtimes/sim/external_client.hpp"
#include "runtimes/sim/runtime.hpp"
#include "runtimes/tests/conformance_harness.hpp"

namespace tailrace {

using runtime_under_test = sim::runtime;

template <>
struct conformance_harness<sim::runtime> {
  using client = sim::external_client;
  class famine {
   public:
    explicit famine(sim::runtime& simulation) : network_(simulation.network()) { set(true); }
    famine(const famine&) = delete;
    famine& operator=(const famine&) = delete;
    ~famine() { set(false); }
    void free_one() {}

   private:
    void set(bool refuses) {
      const std::lock_guard lock(network_.mutex());
      network_.refuses_accepts = refuses;
    }
    sim::network& network_;
  };
  static constexpr std::chrono::microseconds timer_granularity{0};
  static constexpr bool shares_ports = false;
  static std::unique_ptr<sim::runtime> make() {
    sim::options options;
    options.shuffle = false;
    options.external = true;
    return std::make_unique<sim::runtime>(options);
  }
  static client connect(sim::runtime& simulation, std::uint16_t port, int) {
    return client(simulation, port);
  }
  static std::unique_ptr<famine> starve(sim::runtime& simulation) {
    return std::make_unique<famine>(simulation);
  }
};

}  // namespace tailrace

#include "runtimes/tests/conformance.hpp"
