// A request to a control API and its answer.
#include "electionctl/answer.h"

#include <Poco/JSON/Parser.h>
#include <io/http1.h>

namespace electiond::ctl {

std::string Answer::why() const {
    for (const char* key : {"detail", "error", "title"}) {
        if (const std::string text = record().text(key); !text.empty()) return text;
    }
    return "HTTP " + std::to_string(status) + " " + std::string(io::reason_phrase(status));
}

void read_json(Answer& answer, const std::string& expects) {
    using Kind = NoAnswer::Kind;
    const std::string came = "HTTP " + std::to_string(answer.status);
    try {
        answer.json = Poco::JSON::Parser().parse(answer.body);
    } catch (const Poco::Exception&) {
        throw NoAnswer(
            "answered " + came + ", but not with JSON: it is not electiond, or a proxy answered",
            Kind::broken);
    }
    const bool refusal = answer.status >= 400 && answer.status != 503;
    if (!refusal && !expects.empty() && !answer.record().has(expects)) {
        throw NoAnswer("answered " + came + " without '" + expects + "': it is not electiond",
                       Kind::broken);
    }
}

}  // namespace electiond::ctl
