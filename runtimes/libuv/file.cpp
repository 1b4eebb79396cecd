// SPDX-License-Identifier: MIT
#include "runtimes/libuv/file.hpp"

#include <algorithm>
#include <cerrno>

namespace tailrace::libuv {

std::expected<file, start_error> runtime::open_file(const std::string& path, file_access how) {
  auto opened = sys::open_file(path, how);
  if (!opened) return std::unexpected(std::move(opened.error()));
  return file(*this, std::move(*opened));
}

bool read_awaiter::begin(task_node& reader) noexcept {
  if (reader.owner->stop_requested()) [[unlikely]] {
    result_ = io_result::of_error(ECANCELED);
    return false;
  }
  node_ = &reader;
  request_.data = this;
  const uv_buf_t where =
      uv_buf_init(reinterpret_cast<char*>(into_.data()),
                  static_cast<unsigned>(std::min(into_.size(), std::size_t{1} << 30)));
  // Copies `where`. Not in node_->waiting: until libuv calls back the memory is the pool's.
  const int refused = uv_fs_read(&runtime_.loop(), &request_, fd_, &where, 1,
                                 static_cast<std::int64_t>(offset_), &on_read);
  if (refused == 0) return true;
  result_ = io_result::of_error(-refused);
  return false;
}

void read_awaiter::on_read(uv_fs_t* request) {
  auto& self = *static_cast<read_awaiter*>(request->data);
  const auto result = static_cast<int>(request->result);
  uv_fs_req_cleanup(request);
  if (self.node_->owner->stop_requested())
    self.result_ = io_result::of_error(ECANCELED);
  else if (result < 0)
    self.result_ = sys::refused_read("uv_fs_read", self.fd_, -result);
  else
    self.result_ = io_result::of_count(static_cast<std::size_t>(result));
  self.runtime_.resume(self.handle_);
}

}  // namespace tailrace::libuv
