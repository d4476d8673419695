// Words for what goes wrong between http and https, with the option or endpoint that helps.
#pragma once

#include <io/tls.h>

#include <optional>
#include <string>
#include <string_view>

#include "electionctl/answer.h"

namespace electiond::ctl {

// What a failure of TLS at this endpoint means for a request; `sent`: it was sent before that.
[[nodiscard]] NoAnswer no_answer(const io::TlsFailure& failure, const std::string& endpoint,
                                 bool sent);

// What came from an http endpoint shows that TLS is spoken there; nullopt if it does not. `bytes`:
// all that came, head and body.
[[nodiscard]] std::optional<NoAnswer> asks_for_tls(std::string_view bytes,
                                                   const std::string& endpoint);

}  // namespace electiond::ctl
