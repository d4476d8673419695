// One screenful of `top` as coloured text; pure.
#include "electionctl/top_frame.h"

#include <algorithm>
#include <array>

#include "electionctl/table.h"

namespace electiond::ctl {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::int64_t kBarWidth = 6;
constexpr std::chrono::milliseconds kOld{2000};
constexpr std::chrono::milliseconds kOldLive{7000};  // a live view is fetched at least each 5 s

Tint state_tint(const NodeRow& row) {
    if (row.state == "LEADER") return Tint::good;
    if (row.state == "CANDIDATE") return Tint::warn;
    return row.online ? Tint::plain : Tint::bad;
}

std::string lease_bar(const NodeRow& row, std::int64_t full_ms) {
    if (!row.lease_ms) return "";
    const std::int64_t left = std::clamp<std::int64_t>(*row.lease_ms, 0, full_ms);
    // A lease that has not run out shows at least one mark.
    const auto marks = static_cast<std::size_t>((left * kBarWidth + full_ms - 1) / full_ms);
    return "[" + std::string(marks, '#') + std::string(kBarWidth - marks, ' ') + "] " +
           std::to_string(*row.lease_ms) + "ms";
}

bool is_old(const FrameState& state) {
    if (!state.age) return false;
    return !state.trouble.empty() || *state.age > (state.live ? kOldLive : kOld);
}

// The part of a view that is still valid after `age`: in an old one it is unknown which nodes are
// up and which one leads.
View aged(View view, const FrameState& state) {
    const auto age = state.age.value_or(std::chrono::milliseconds(0)).count();
    for (NodeRow& row : view.rows) {
        if (row.lease_ms && (!state.live || is_old(state))) row.lease_ms = *row.lease_ms - age;
        if (row.lease_ms && *row.lease_ms <= 0) row.lease_ms.reset();
        if (!is_old(state)) continue;
        row.contact_ms.reset();
        row.rtt_ms.reset();
        row.leader.clear();
        row.trouble.clear();
    }
    if (!is_old(state)) return view;
    if (!view.leader.empty()) view.leader = "was " + view.leader;
    view.token.clear();
    view.uptime_ms.reset();
    return view;
}

struct Column {
    std::string title;
    int keep;  // the larger, the longer it stays on a narrowing screen
    std::vector<Span> cells;
    std::size_t width;
};

std::vector<Column> columns(const View& view, const FrameState& state) {
    std::vector<Column> all;
    const auto add = [&](const char* title, int keep, auto cell) {
        Column column{title, keep, {}, width_of(title)};
        for (const NodeRow& row : view.rows) {
            Span span = cell(row);
            if (span.text.empty()) span.text = "-";
            column.width = std::max(column.width, width_of(span.text));
            column.cells.push_back(std::move(span));
        }
        all.push_back(std::move(column));
    };
    add("ID", 9, [](const NodeRow& row) { return Span{row.id, Tint::strong}; });
    add("ROLE", 4, [](const NodeRow& row) { return Span{row.role}; });
    const bool old = is_old(state);
    add("STATE", 8, [old](const NodeRow& row) {
        return old ? Span{"was " + row.state, Tint::dim} : Span{row.state, state_tint(row)};
    });
    add("UP", 1, [old](const NodeRow& row) {
        if (old) return Span{"?", Tint::dim};
        return Span{row.online ? "yes" : "no", row.online ? Tint::good : Tint::bad};
    });
    add("TERM", 7, [](const NodeRow& row) { return Span{row.term}; });
    add("LEADER", 6, [](const NodeRow& row) { return Span{row.leader}; });
    add("CONTACT", 3, [](const NodeRow& row) { return Span{in_words(row.contact_ms)}; });
    add("RTT", 0, [](const NodeRow& row) { return Span{in_words(row.rtt_ms)}; });
    add("LEASE", 5, [&state](const NodeRow& row) {
        return Span{lease_bar(row, state.lease_full_ms), row.lease_ms ? Tint::good : Tint::plain};
    });
    add("API", 2, [](const NodeRow& row) { return Span{row.api}; });
    if (std::ranges::any_of(view.rows, [](const NodeRow& row) { return !row.trouble.empty(); })) {
        add("TROUBLE", 0, [](const NodeRow& row) { return Span{row.trouble, Tint::bad}; });
    }
    return all;
}

std::vector<Column> fitting(std::vector<Column> all, std::size_t width) {
    while (all.size() > 1) {
        std::size_t sum = kGap * (all.size() - 1);
        for (const Column& column : all) sum += column.width;
        if (sum <= width) break;
        all.erase(std::ranges::min_element(all, {}, &Column::keep));
    }
    return all;
}

// The line cut at `width` columns, never in the middle of a character.
Line clipped(Line line, std::size_t width) {
    std::size_t used = 0;
    for (Span& span : line) {
        while (used + width_of(span.text) > width) span.text.pop_back();
        used += width_of(span.text);
    }
    return line;
}

void put(Line& line, const std::string& text, Tint tint, std::size_t width) {
    line.push_back({text, tint});
    line.push_back({std::string(width - std::min(width, width_of(text)) + kGap, ' ')});
}

void label(Line& line, const char* name, const std::string& value, Tint tint = Tint::strong) {
    line.push_back({std::string(name) + " ", Tint::dim});
    line.push_back({value.empty() ? "-" : value, tint});
    line.push_back({"   "});
}

std::string number(std::optional<std::int64_t> value) {
    return value ? std::to_string(*value) : "";
}

void add_header(std::vector<Line>& lines, const View& view, const FrameState& state) {
    Line first;
    label(first, "cluster", view.name);
    label(first, "leader", view.leader.empty() ? "none" : view.leader,
          view.leader.empty() || is_old(state) ? Tint::bad : Tint::good);
    label(first, "term", view.term);
    label(first, "fencing token", view.token);
    Line second;
    label(second, "voters", number(view.voters));
    label(second, "quorum", number(view.quorum));
    label(second, "up", in_words(view.uptime_ms));
    if (is_old(state)) {
        label(second, "last answer", in_words(state.age->count()) + " ago", Tint::bad);
    } else {
        label(second, state.live ? "live, figures" : "data",
              state.age ? in_words(state.age->count()) + " old" : "not yet",
              state.age ? Tint::plain : Tint::bad);
    }
    if (!view.endpoint.empty()) {
        constexpr std::string_view kScheme = "http://";
        const auto begin = view.endpoint.starts_with(kScheme) ? kScheme.size() : 0;
        second.push_back({"from " + view.endpoint.substr(begin), Tint::dim});
    }
    lines.push_back(std::move(first));
    lines.push_back(std::move(second));
    if (!state.trouble.empty()) {
        lines.push_back({{state.trouble, Tint::bad}});
    } else if (is_old(state)) {
        lines.push_back({{"no answer since then; what is shown here may have changed", Tint::bad}});
    } else {
        lines.push_back({{view.health.text, view.health.tint}});
        if (!state.not_live.empty()) {
            lines.back().push_back(
                {"   not live, asked each second: " + state.not_live, Tint::dim});
        }
    }
    lines.emplace_back();
}

}  // namespace

std::vector<Line> frame(const View& newest, const FrameState& state) {
    const View view = aged(newest, state);
    std::vector<Line> lines;
    add_header(lines, view, state);
    const auto shown = fitting(columns(view, state), state.width);
    Line head;
    for (const Column& column : shown) put(head, column.title, Tint::dim, column.width);
    lines.push_back(std::move(head));

    // The last line shows the keys, the line before it how many rows are not shown.
    const std::size_t rows = view.rows.size();
    const std::size_t room = state.height > lines.size() + 2 ? state.height - lines.size() - 2 : 0;
    const std::size_t first = std::min(state.scroll, rows - std::min(rows, room));
    const std::size_t last = std::min(rows, first + room);
    for (std::size_t i = first; i < last; ++i) {
        Line line;
        for (const Column& column : shown) {
            put(line, column.cells[i].text, column.cells[i].tint, column.width);
        }
        lines.push_back(std::move(line));
    }
    if (last - first < rows) {
        lines.push_back({{"nodes " + std::to_string(first + 1) + " to " + std::to_string(last) +
                              " of " + std::to_string(rows) + "; arrow keys move",
                          Tint::dim}});
    }
    lines.resize(std::min(lines.size(), state.height - std::min<std::size_t>(state.height, 1)));
    if (state.height > 0) {
        lines.resize(state.height - 1);
        lines.push_back(state.message.empty() ? Line{{"q quit   s step down   h help", Tint::dim}}
                                              : Line{{state.message, Tint::warn}});
    }
    for (Line& line : lines) line = clipped(std::move(line), state.width);
    return lines;
}

std::vector<Line> help_frame() {
    static constexpr std::array kText{
        "electionctl top: the whole cluster, live",
        "",
        "  q        quit",
        "  s        ask the leader to step down (asks you first)",
        "  h        this page; any key closes it",
        "  arrows   scroll through the nodes if they do not all fit",
        "",
        "STATE    LEADER: its lease is valid. CANDIDATE: asks for votes.",
        "         OFFLINE: did not answer the node that you asked.",
        "CONTACT  how long ago the leader last heard the node, at the last answer",
        "RTT      how long the node's answer to the leader took",
        "LEASE    how long the leader may lead without hearing from a quorum",
        "live     changes show at once; how old CONTACT, RTT and LEASE are",
        "data     how old all figures are, if no stream of events can be followed",
        "up       how long that node has been running",
    };
    std::vector<Line> lines;
    for (const char* text : kText) lines.push_back({{text}});
    return lines;
}

std::string plain(const Line& line) {
    std::string text;
    for (const Span& span : line) text += span.text;
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

}  // namespace electiond::ctl
