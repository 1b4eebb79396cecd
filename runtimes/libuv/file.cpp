// SPDX-License-Identifier: MIT
#include "runtimes/libuv/file.hpp"

#include <algorithm>

namespace tailrace::libuv {

bool read_awaiter::begin(task_node& reader) noexcept {
  request_.data = this;
  const uv_buf_t where =
      uv_buf_init(reinterpret_cast<char*>(into_.data()),
                  static_cast<unsigned>(std::min(into_.size(), std::size_t{1} << 30)));
  // Copies `where`.
  const int refused = uv_fs_read(&owner_.uv(), &request_, fd_, &where, 1,
                                 static_cast<std::int64_t>(offset_), &on_read);
  if (refused != 0) {
    result_ = io_result::of_error(-refused);
    return false;
  }
  sleep(reader);
  return true;
}

void read_awaiter::on_read(uv_fs_t* request) {
  auto& self = *static_cast<read_awaiter*>(request->data);
  const auto result = static_cast<int>(request->result);
  uv_fs_req_cleanup(request);
  self.result_ = result < 0 ? sys::refused_read("uv_fs_read", self.fd_, -result)
                            : io_result::of_count(static_cast<std::size_t>(result));
  self.owner_.resume(self);
}

}  // namespace tailrace::libuv
