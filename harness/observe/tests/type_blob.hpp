// SPDX-License-Identifier: MIT
// Made-up type information of a kernel (BTF), for tests of who reads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace tailrace::observe {

class type_blob {
 public:
  enum kind : std::uint32_t {
    integer = 1,
    structure = 4,
    union_ = 5,
    function_type = 13,
    enum64 = 19
  };

  // `parts` of so many bytes each follow the record, `fixed` bytes before them.
  type_blob& add(kind what, const std::string& name, std::uint32_t bytes, std::uint32_t parts = 0,
                 std::uint32_t part_bytes = 12, std::uint32_t fixed = 0) {
    const auto name_at = static_cast<std::uint32_t>(names_.size());
    names_.append(name).push_back('\0');
    for (const std::uint32_t word : {name_at, (std::uint32_t{what} << 24) | parts, bytes})
      put(word);
    types_.resize(types_.size() + fixed + std::size_t{parts} * part_bytes);
    return *this;
  }
  type_blob& a_struct(const std::string& name, std::uint32_t bytes, std::uint32_t parts = 3) {
    return add(structure, name, bytes, parts);
  }

  std::vector<std::byte> bytes() const {
    const auto types = static_cast<std::uint32_t>(types_.size());
    const std::uint32_t head[] = {0x0001EB9F, 24,    0,
                                  types,      types, static_cast<std::uint32_t>(names_.size())};
    std::vector<std::byte> all(sizeof head + types_.size() + names_.size());
    std::memcpy(all.data(), head, sizeof head);
    std::memcpy(all.data() + sizeof head, types_.data(), types_.size());
    std::memcpy(all.data() + sizeof head + types_.size(), names_.data(), names_.size());
    return all;
  }
  std::string text() const {
    const auto all = bytes();
    return {reinterpret_cast<const char*>(all.data()), all.size()};
  }

 private:
  void put(std::uint32_t word) {
    const auto* const at = reinterpret_cast<const std::byte*>(&word);
    types_.insert(types_.end(), at, at + sizeof word);
  }

  std::vector<std::byte> types_;
  std::string names_ = std::string(1, '\0');
};

}  // namespace tailrace::observe
