// SPDX-License-Identifier: MIT
// A process that does nothing for a while (SIGSTOP), so that what it holds can be read at a moment
// that would otherwise pass. Main thread only.
#pragma once

namespace tailrace::session {

class stopped_process {
 public:
  // Returns once all of its threads have stopped; throws a refusal where they have not in 5 s.
  explicit stopped_process(int pid);
  ~stopped_process();  // it goes on
  stopped_process(const stopped_process&) = delete;
  stopped_process& operator=(const stopped_process&) = delete;

 private:
  int pid_;
};

}  // namespace tailrace::session
