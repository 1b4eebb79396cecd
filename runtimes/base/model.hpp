// SPDX-License-Identifier: MIT
// Atomics, fences, guarded data and mutexes as Relacy has them, under the names and signatures of
// base/atomic.hpp and base/mutex.hpp, so that a model runs the real source. Only with
// TAILRACE_MODEL; nothing that is measured contains it.
//
// A *mutation* makes one operation of the source weaker while a model runs: it is found by the name
// of the function that contains it and its kind, so the source itself carries no mutants.
#pragma once

#ifdef TAILRACE_MODEL
// The standard headers come first: Relacy defines macros called new, delete, free and the like.
#include <atomic>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <relacy/relacy.hpp>
#include <source_location>

// Relacy's macros of the names of the orders (relaxed and seq_cst among them) would break ours.
#undef memory_order_relaxed
#undef memory_order_seq_cst
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef errno

namespace tailrace {

namespace model {

enum class operation : std::uint8_t { load, store, read_modify_write, fence, lock, get };

struct mutation {
  const char* function = nullptr;  // part of the function's full name; null: nothing is changed
  operation kind = operation::load;
  // Used instead of the source's; relaxed on a fence or a lock leaves it out.
  std::memory_order order = std::memory_order_relaxed;
  std::size_t bytes = 0;  // only atomics of this size; 0: of any
  // For a load, or a get of guarded data: the order stays, the value changes.
  std::uint64_t (*seen)(std::uint64_t) = nullptr;
  unsigned hits = 0;  // how often it was applied
};

inline mutation active;

using place = std::source_location;

inline bool applies(operation kind, std::size_t bytes, const place& where) noexcept {
  if (active.function == nullptr || active.kind != kind) return false;
  if (active.bytes != 0 && active.bytes != bytes) return false;
  if (std::strstr(where.function_name(), active.function) == nullptr) return false;
  ++active.hits;
  return true;
}

inline rl::debug_info info_of(const place& where) noexcept {
  return {where.function_name(), where.file_name(), where.line()};
}

inline rl::memory_order relacy_order(std::memory_order order) noexcept {
  switch (order) {  // a translation: relaxed pairs with nothing here
    case std::memory_order_relaxed:
      return rl::mo_relaxed;
    case std::memory_order_consume:
      return rl::mo_consume;
    case std::memory_order_acquire:
      return rl::mo_acquire;
    case std::memory_order_release:
      return rl::mo_release;
    case std::memory_order_acq_rel:
      return rl::mo_acq_rel;
    default:
      return rl::mo_seq_cst;
  }
}

template <class T>
rl::memory_order order_of(operation kind, std::memory_order order, const place& where) noexcept {
  const bool weakened = active.seen == nullptr && applies(kind, sizeof(T), where);
  return relacy_order(weakened ? active.order : order);
}

// What a mutant sees instead of `value`.
template <class T>
T changed(operation kind, T value, const place& where) noexcept {
  if constexpr (std::is_integral_v<T>)
    if (active.seen != nullptr && applies(kind, sizeof(T), where))
      return static_cast<T>(active.seen(static_cast<std::uint64_t>(value)));
  return value;
}

// What a failed compare-exchange may use beside this order of success.
inline rl::memory_order failure_of(rl::memory_order success, std::memory_order failure) noexcept {
  if (success == rl::mo_relaxed || success == rl::mo_release) return rl::mo_relaxed;
  return relacy_order(failure);
}

inline void fail(const char* expression, const char* file, int line) {
  rl::ctx().fail_test(expression, rl::test_result_user_assert_failed,
                      rl::debug_info("", file, static_cast<unsigned>(line)));
}

}  // namespace model

template <class T>
class atomic {
  using place = model::place;
  using operation = model::operation;

 public:
  atomic() = default;
  atomic(T value) : value_(value) {}

  T load(std::memory_order order, place where = place::current()) const {
    return model::changed(
        operation::load,
        value_.load(model::order_of<T>(operation::load, order, where), model::info_of(where)),
        where);
  }
  void store(T value, std::memory_order order, place where = place::current()) {
    value_.store(value, model::order_of<T>(operation::store, order, where), model::info_of(where));
  }
  T exchange(T value, std::memory_order order, place where = place::current()) {
    return change<rl::rmw_type_swap>(value, order, where);
  }
  T fetch_add(T value, std::memory_order order, place where = place::current()) {
    return change<rl::rmw_type_add>(value, order, where);
  }
  T fetch_sub(T value, std::memory_order order, place where = place::current()) {
    return change<rl::rmw_type_sub>(value, order, where);
  }
  T fetch_or(T value, std::memory_order order, place where = place::current()) {
    return change<rl::rmw_type_or>(value, order, where);
  }
  T fetch_and(T value, std::memory_order order, place where = place::current()) {
    return change<rl::rmw_type_and>(value, order, where);
  }
  bool compare_exchange_weak(T& expected, T value, std::memory_order success,
                             std::memory_order failure, place where = place::current()) {
    return compare_exchange<true>(expected, value, success, failure, where);
  }
  bool compare_exchange_strong(T& expected, T value, std::memory_order success,
                               std::memory_order failure, place where = place::current()) {
    return compare_exchange<false>(expected, value, success, failure, where);
  }

 private:
  template <rl::rmw_type_e Type>
  T change(T value, std::memory_order order, const place& where) {
    return value_.rmw(rl::rmw_type_t<Type>(), value,
                      model::order_of<T>(operation::read_modify_write, order, where),
                      model::info_of(where));
  }
  template <bool Weak>
  bool compare_exchange(T& expected, T value, std::memory_order success, std::memory_order failure,
                        const place& where) {
    const rl::memory_order order = model::order_of<T>(operation::read_modify_write, success, where);
    return value_.compare_exchange(rl::bool_t<Weak>(), expected, value, order,
                                   model::failure_of(order, failure), model::info_of(where));
  }

  rl::atomic<T> value_;
};

inline void atomic_fence(std::memory_order order, model::place where = model::place::current()) {
  if (!model::applies(model::operation::fence, 0, where))
    rl::atomic_thread_fence(model::relacy_order(order), model::info_of(where));
}

template <class T>
class guarded {
  using place = model::place;

 public:
  guarded() = default;
  explicit guarded(T value) : value_(value) {}
  T get(place where = place::current()) const {
    return model::changed(model::operation::get, value_(model::info_of(where)).load(), where);
  }
  void set(T value, place where = place::current()) { value_(model::info_of(where)).store(value); }

 private:
  rl::var<T> value_;
};

class mutex {
  using place = model::place;

 public:
  // A lock is taken through std::scoped_lock, so a mutation of kind lock changes all locks.
  void lock(place where = place::current()) {
    if (!model::applies(model::operation::lock, 0, where)) mutex_.lock(model::info_of(where));
  }
  void unlock(place where = place::current()) {
    if (!model::applies(model::operation::lock, 0, where)) mutex_.unlock(model::info_of(where));
  }

 private:
  rl::mutex mutex_;
};

}  // namespace tailrace
#endif
