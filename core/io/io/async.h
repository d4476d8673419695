// The coroutine type of the event loop, and Asio 1.74's first includes in the order it needs.
#pragma once

// Asio 1.74 uses std::exchange and std::coroutine_handle without including them.
// clang-format off
#include <utility>
#include <coroutine>
#include <boost/asio/awaitable.hpp>
// clang-format on

namespace electiond::io {

// A function that returns Async<T> may co_await others of its kind. It runs on the loop's thread
// alone. Parameters are copied into its frame, references are not: what they refer to must outlive
// it.
//
// GCC 12 generates wrong code, which crashes, for a co_await in the condition of an `if`, `while`
// or `switch` with a co_return in its body, in an operand of `?:`, and with a temporary aggregate
// as argument (its destructor runs twice). So a co_await is in a statement of its own, mostly
// `const auto event = co_await …;`, and takes variables. tests/tidy looks for the rest.
template <class T = void>
using Async = boost::asio::awaitable<T>;

}  // namespace electiond::io
