// Asks a node's control API.
#include "api.h"

#include <Poco/Exception.h>
#include <Poco/JSON/Parser.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/StreamCopier.h>

namespace electiond::cluster {

std::string Answer::text(const std::string& key) const {
    const auto value = json->get(key);
    return value.isEmpty() ? "" : value.convert<std::string>();
}

std::int64_t Answer::number(const std::string& key) const {
    const auto value = json->get(key);
    return value.isInteger() ? value.convert<std::int64_t>() : -1;
}

bool Answer::is(const std::string& key) const {
    const auto value = json->get(key);
    return value.isBoolean() && value.extract<bool>();
}

Answer ask(std::uint16_t port, const std::string& method, const std::string& path,
           const std::string& body, std::chrono::milliseconds limit) {
    return ask("127.0.0.1", port, method, path, body, limit);
}

Answer ask(const std::string& host, std::uint16_t port, const std::string& method,
           const std::string& path, const std::string& body, std::chrono::milliseconds limit) try {
    using namespace Poco::Net;
    HTTPClientSession session(host, port);
    session.setTimeout(Poco::Timespan(limit.count() * 1000));
    HTTPRequest request(method, path, HTTPMessage::HTTP_1_1);
    request.setContentLength(static_cast<std::streamsize>(body.size()));
    session.sendRequest(request) << body;
    HTTPResponse response;
    Answer answer;
    Poco::StreamCopier::copyToString(session.receiveResponse(response), answer.body);
    answer.code = response.getStatus();
    try {
        answer.json = Poco::JSON::Parser().parse(answer.body).extract<Poco::JSON::Object::Ptr>();
    } catch (const Poco::Exception&) {  // a page, a metric: no JSON
    }
    return answer;
} catch (const Poco::Exception&) {
    return {};
}

}  // namespace electiond::cluster
