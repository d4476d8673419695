// Words for what goes wrong between http and https, with the option or endpoint that helps.
#pragma once

#include <io/tls.h>

#include <optional>
#include <string>
#include <string_view>

#include "electionctl/answer.h"

namespace electiond::ctl {

// What a failure of TLS at this endpoint means for a request; `sent`: it had been sent by then.
[[nodiscard]] NoAnswer no_answer(const io::TlsFailure& failure, const std::string& endpoint,
                                 bool sent);

// The error if `bytes`, all that came from an http endpoint (head and body), show that it speaks
// TLS; else nullopt.
[[nodiscard]] std::optional<NoAnswer> asks_for_tls(std::string_view bytes,
                                                   const std::string& endpoint);

}  // namespace electiond::ctl
