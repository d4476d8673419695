// One visitor made of several lambdas, for std::visit.
#pragma once

namespace electiond {

template <class... Ts>
struct overloaded : Ts... {
    using Ts::operator()...;
};
template <class... Ts>
overloaded(Ts...) -> overloaded<Ts...>;

}  // namespace electiond
