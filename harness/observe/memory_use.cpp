// SPDX-License-Identifier: MIT
// See memory_use.hpp.
#include "harness/observe/memory_use.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/observe/kernel_objects.hpp"
#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

double value_or_zero(const std::map<std::string, std::int64_t>& numbers, const char* name) {
  const auto found = numbers.find(name);
  return found == numbers.end() ? 0.0 : static_cast<double>(found->second);
}

// nullopt once the process is gone: a zombie's file is empty.
std::optional<std::map<std::string, std::int64_t>> read_pages(int pid) {
  const auto smaps = read_text(fmt::format("/proc/{}/smaps_rollup", pid));
  if (!smaps.text) return std::nullopt;
  auto pages = number_lines(*smaps.text);
  if (!pages.contains("Private_Dirty")) return std::nullopt;
  return pages;
}

double user_bytes_of(const std::map<std::string, std::int64_t>& pages) {
  return value_or_zero(pages, "Private_Clean") + value_or_zero(pages, "Private_Dirty") -
         value_or_zero(pages, "LazyFree");
}

void set_parts(const object_bytes& bytes, memory_reading& into) {
  into.kernel_bytes = bytes.sum();
  into.parts["kernel_stack"] = bytes.stacks;
  into.parts["page_tables"] = bytes.page_tables;
  into.parts["socket_buffers"] = bytes.buffers;
  into.parts["slab_and_sockets"] = bytes.others;
}

}  // namespace

std::optional<double> read_user_bytes(int pid) {
  const auto pages = read_pages(pid);
  if (!pages) return std::nullopt;
  return user_bytes_of(*pages);
}

const char* memory_source_name(memory_source source) {
  switch (source) {
    case memory_source::cgroup_v2:
      return "cgroup-v2";
    case memory_source::cgroup_v1:
      return "cgroup-v1";
    case memory_source::slab:
      return "slab";
    case memory_source::computed:
      return "computed";
    case memory_source::none:
      return "none";
  }
  return "none";
}

memory_meter::memory_meter(const std::vector<memory_source>& allowed) {
  const auto may = [&](memory_source source) {
    return allowed.empty() || std::ranges::find(allowed, source) != allowed.end();
  };
  if (may(memory_source::cgroup_v2) || may(memory_source::cgroup_v1)) {
    group_.emplace();
    const auto found = group_->v2() ? memory_source::cgroup_v2 : memory_source::cgroup_v1;
    cause_ = group_->cause();
    if (group_->is_there() && may(found)) {
      charges_accepted_ = group_->charges_accepted();
      if (charges_accepted_) {
        source_ = found;
        return;
      }
      cause_ = "whether its cgroup is charged for the sockets it accepts could not be tried";
    }
    group_.reset();
  }
  if (may(memory_source::computed)) {
    source_ = memory_source::computed;
    return;
  }
  // Only where it is asked for: what others open meanwhile would be in it, unseen.
  if (may(memory_source::slab) && slabs_.cause().empty()) source_ = memory_source::slab;
  if (!slabs_.cause().empty()) cause_ += (cause_.empty() ? "" : "; ") + slabs_.cause();
}

std::string memory_meter::size_source() const {
  return size_source_name(sizes_.source());
}

void memory_meter::read_kernel(int pid, const reading_context& context, memory_reading& into) {
  const bool halved = source_ == memory_source::slab && context.client_pid > 0;
  const auto target = count_kernel_objects(pid);
  const auto client = halved ? count_kernel_objects(context.client_pid) : kernel_objects{};
  if (!target || !client) {
    into.kernel_cause = "a process ended while its objects were counted";
    return;
  }
  into.kernel_cause = target->cause.empty() ? client->cause : target->cause;
  if (!into.kernel_cause.empty()) return;
  if (target->tcp + target->tcp6 < context.sockets) {
    into.kernel_cause =
        fmt::format("{} TCP sockets can be seen of the target, which holds {} connections",
                    target->tcp + target->tcp6, context.sockets);
    return;
  }
  const bool by_objects = source_ == memory_source::computed || source_ == memory_source::slab;
  if (by_objects && !target->unknown.empty()) {
    into.kernel_cause =
        fmt::format("the size of {}, which the target holds, is not known", target->unknown);
    return;
  }
  const auto bytes = sum_up(*target, *client, into.kernel_cause);
  if (!sizes_.missing().empty()) {
    into.kernel_cause = fmt::format("how large an object of {} is cannot be found out here ({})",
                                    sizes_.missing(), types_.cause());
  } else if (bytes) {
    into.kernel_cause.clear();
    set_parts(*bytes, into);
    if (group_) {  // the buffers are among the others
      into.parts.erase("socket_buffers");
      into.parts["uncharged"] = uncharged(*target);
    }
  }
}

double memory_meter::uncharged(const kernel_objects& held) const {
  return sizes_.uncharged(held, charges_accepted_.value_or(false));
}

std::optional<object_bytes> memory_meter::sum_up(const kernel_objects& target,
                                                 const kernel_objects& client, std::string& cause) {
  if (source_ == memory_source::computed) return sizes_.computed(target);
  if (source_ == memory_source::slab) {
    cause = "/proc/slabinfo lacks a cache that is needed";
    if (!slabs_.refresh(counted_caches())) return std::nullopt;
    return sizes_.from_slabs(target, client);
  }
  cause = cause_.empty() ? "the cgroup could not be read" : cause_;
  const auto charged = group_ ? group_->kernel_bytes() : std::nullopt;
  if (!charged) return std::nullopt;
  object_bytes bytes;
  bytes.stacks = static_cast<double>(target.threads) * kernel_stack_bytes();
  bytes.page_tables = static_cast<double>(target.page_table_bytes);
  bytes.others = *charged + uncharged(target) - bytes.stacks - bytes.page_tables;
  return bytes;
}

std::optional<memory_reading> memory_meter::read(int pid, const reading_context& context) {
  const auto pages = read_pages(pid);
  if (!pages) return std::nullopt;
  memory_reading reading;
  reading.user_bytes = user_bytes_of(*pages);
  reading.parts["pss"] = value_or_zero(*pages, "Pss") - value_or_zero(*pages, "LazyFree");
  reading.parts["anonymous"] = value_or_zero(*pages, "Anonymous");
  reading.parts["lazy_free"] = value_or_zero(*pages, "LazyFree");
  read_kernel(pid, context, reading);
  return reading;
}

}  // namespace tailrace::observe
