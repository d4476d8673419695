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
template <class T = void>
using Async = boost::asio::awaitable<T>;

}  // namespace electiond::io
