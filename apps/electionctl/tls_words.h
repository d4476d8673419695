// Messages for failures between http and https, with the option or endpoint that helps.
#pragma once

#include <io/tls.h>

#include <optional>
#include <string>
#include <string_view>

#include "electionctl/answer.h"

namespace electiond::ctl {

// The error of a request for a TLS failure at this endpoint; `sent`: the request was sent before.
[[nodiscard]] NoAnswer no_answer(const io::TlsFailure& failure, const std::string& endpoint,
                                 bool sent);

// The error if `bytes`, the whole answer of an http endpoint, show that it speaks TLS; else
// nullopt.
[[nodiscard]] std::optional<NoAnswer> asks_for_tls(std::string_view bytes,
                                                   const std::string& endpoint);

}  // namespace electiond::ctl
