// SPDX-License-Identifier: MIT
// How large structures of the running kernel are, from the type information (BTF) that it carries
// along: /sys/kernel/btf/vmlinux, which any user may read, of Linux 5.4 and later where it was
// built with CONFIG_DEBUG_INFO_BTF, as those of distributions are. Modules have files of their own,
// which are not read. Any one thread; the first question reads the file, some 10 ms for 5 MB.
// Format: Documentation/bpf/btf.rst; the bytes are bounded before they are believed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

namespace tailrace::observe {

using type_sizes = std::map<std::string, std::int64_t>;  // bytes of a struct or union by its name

struct types_read {
  type_sizes sizes;   // of the wanted ones that are there
  std::string cause;  // why the bytes are no such information, or empty; then there are no sizes
};

// Those of the structs and unions that have one of the wanted names. One that is there twice with
// two sizes is left out.
types_read sizes_in_btf(std::span<const std::byte> bytes, std::span<const char* const> wanted);

class kernel_types {
 public:
  // Tests give the root of another file tree. `wanted` must outlive this.
  explicit kernel_types(std::span<const char* const> wanted, const std::string& root = "");

  std::optional<std::int64_t> bytes_of(const std::string& name) const;
  // Why there are no sizes at all, or empty.
  const std::string& cause() const;

 private:
  const types_read& read() const;

  std::span<const char* const> wanted_;
  std::string path_;
  mutable std::optional<types_read> found_;
};

}  // namespace tailrace::observe
