// SPDX-License-Identifier: MIT
// A workload that clients ask for, as work of a target: each runtime has a listener of its own, and
// all share one port. See workloads/workload.hpp for who calls what when.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/targets/listeners.hpp"
#include "harness/targets/target_description.hpp"
#include "workloads/workload.hpp"

namespace tailrace {

template <Runtime R>
class served_work final : public workload<R> {
 public:
  served_work(const run_request& request, std::unique_ptr<served_workload<R>> served,
              std::size_t runtimes)
      : request_(request), served_(std::move(served)), listeners_(runtimes) {}

  named_counts prepare() override {
    refuse_port_in_use(request_);
    return {};
  }
  void set_up(R& runtime, std::size_t index) override {
    if (index != 0) return listen(runtime, index, first_port_.get());
    try {
      listen(runtime, index, request_.port);
      first_listens_.set_value(listeners_[index]->port());
    } catch (...) {
      first_listens_.set_exception(std::current_exception());
      throw;
    }
  }
  void tear_down(std::size_t index) noexcept override { listeners_[index].reset(); }
  task<void> run(R& runtime, std::size_t index) override {
    return served_->serve(runtime, *listeners_[index], index);
  }
  void stop() noexcept override { served_->stop(); }
  named_counts counts() const override { return served_->counts(); }
  std::uint64_t own_tasks(std::size_t index) const override { return served_->own_tasks(index); }
  bool waits_for_start() const override { return false; }
  bool all_there() const override { return served_->all_there(); }
  std::vector<std::string> addresses() const override {
    return {reachable_address(request_.host, first_port_.get())};
  }

 private:
  void listen(R& runtime, std::size_t index, std::uint16_t port) {
    endpoint where = endpoint_of(request_);
    where.port = port;
    auto listener = runtime.listen(where);
    if (!listener) refuse_listening(where, listener.error());
    listeners_[index].emplace(std::move(*listener));
  }

  run_request request_;
  std::unique_ptr<served_workload<R>> served_;
  std::vector<std::optional<typename R::listener>> listeners_;  // by runtime, while it serves
  std::promise<std::uint16_t> first_listens_;  // set by runtime 0: the port that all share
  std::shared_future<std::uint16_t> first_port_ = first_listens_.get_future().share();
};

}  // namespace tailrace
