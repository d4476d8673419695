// The verb top: the screen, its keys and its signals.
#include "electionctl/top.h"

#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <future>
#include <memory>
#include <ostream>
#include <sstream>

#include "electionctl/exit_code.h"
#include "electionctl/top_feed.h"
#include "electionctl/top_frame.h"

// Included last because of its macros.
#include <curses.h>

namespace electiond::ctl {
namespace {

constexpr int kRedrawMs = 200;

volatile std::sig_atomic_t caught_signal = 0;

void remember_signal(int number) { caught_signal = number; }

// Puts the terminal into full-screen mode; the destructor restores it.
class Screen {
  public:
    Screen() {
        std::setlocale(LC_ALL, "");
        terminal_.reset(newterm(nullptr, stdout, stdin));
        if (!terminal_) {
            const char* name = std::getenv("TERM");
            throw UsageError("top cannot use this terminal (TERM=" + std::string(name ? name : "") +
                             "); try TERM=xterm, or top --once");
        }
        cbreak();
        noecho();
        curs_set(0);
        keypad(stdscr, TRUE);
        timeout(kRedrawMs);
        if (std::getenv("NO_COLOR") == nullptr && has_colors()) use_colours();
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
            struct sigaction action {};
            action.sa_handler = remember_signal;
            sigaction(number, &action, nullptr);
        }
    }
    ~Screen() { endwin(); }
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    void draw(const std::vector<Line>& lines) const {
        erase();
        for (std::size_t y = 0; y < lines.size() && y < height(); ++y) {
            move(static_cast<int>(y), 0);
            for (const Span& span : lines[y]) {
                attrset(attributes(span.tint));
                addstr(span.text.c_str());
            }
        }
        attrset(A_NORMAL);
        refresh();
    }

    [[nodiscard]] std::size_t width() const { return static_cast<std::size_t>(std::max(COLS, 0)); }
    [[nodiscard]] std::size_t height() const {
        return static_cast<std::size_t>(std::max(LINES, 0));
    }

  private:
    void use_colours() {
        start_color();
        use_default_colors();
        init_pair(1, COLOR_GREEN, -1);
        init_pair(2, COLOR_YELLOW, -1);
        init_pair(3, COLOR_RED, -1);
        coloured_ = true;
    }

    [[nodiscard]] int attributes(Tint tint) const {
        const auto colour = [this](short pair) {
            return coloured_ ? static_cast<int>(COLOR_PAIR(pair)) : 0;
        };
        const auto bold = static_cast<int>(A_BOLD);
        switch (tint) {
            case Tint::dim:
                return static_cast<int>(A_DIM);
            case Tint::strong:
                return bold;
            case Tint::good:
                return colour(1) | bold;
            case Tint::warn:
                return colour(2) | bold;
            case Tint::bad:
                return colour(3) | bold;
            case Tint::plain:
                break;
        }
        return static_cast<int>(A_NORMAL);
    }

    struct Delete {
        void operator()(SCREEN* screen) const { delscreen(screen); }
    };
    std::unique_ptr<SCREEN, Delete> terminal_;
    bool coloured_ = false;
};

// Handles the keys. A step-down runs in parallel, so that the screen is still updated.
class Top {
  public:
    explicit Top(const Session& session) : session_(session), feed_(session.client) {}

    int run(const Screen& screen) {
        while (caught_signal == 0) {
            news_ = feed_.latest();
            look_at_step_down();
            screen.draw(help_ ? help_frame() : frame(news_.view, state(screen)));
            const int key = getch();
            if (key == ERR && !isatty(STDIN_FILENO)) return kRefused;  // the terminal is gone
            if (key != ERR && key != KEY_RESIZE && !pressed(key)) return kDone;
        }
        return 128 + caught_signal;
    }

  private:
    FrameState state(const Screen& screen) {
        for (const NodeRow& row : news_.view.rows) {
            lease_full_ms_ = std::max(lease_full_ms_, row.lease_ms.value_or(0));
        }
        const std::size_t rows = news_.view.rows.size();
        scroll_ = std::min(scroll_, rows == 0 ? 0 : rows - 1);
        FrameState result{.width = screen.width(),
                          .height = screen.height(),
                          .scroll = scroll_,
                          .live = news_.live,
                          .trouble = news_.trouble,
                          .not_live = news_.not_live,
                          .message = message_,
                          .lease_full_ms = lease_full_ms_};
        if (news_.at) {
            result.age = std::chrono::duration_cast<std::chrono::milliseconds>(
                std::chrono::steady_clock::now() - *news_.at);
        }
        return result;
    }

    // False: quit.
    bool pressed(int key) {
        if (help_) {
            help_ = false;
        } else if (!asked_.empty()) {
            if (key == 'y' || key == 'Y') start_step_down();
            if (!pending_.valid()) message_.clear();
            asked_.clear();
        } else if (key == 'q' || key == 'Q') {
            return false;
        } else if (key == 'h' || key == 'H' || key == '?') {
            help_ = true;
        } else if (key == 's' || key == 'S') {
            ask_for_step_down();
        } else if (key == KEY_DOWN || key == KEY_NPAGE) {
            scroll_ += key == KEY_DOWN ? 1 : 10;
        } else if (key == KEY_UP || key == KEY_PPAGE) {
            scroll_ -= std::min<std::size_t>(scroll_, key == KEY_UP ? 1 : 10);
        } else if (!pending_.valid()) {
            message_.clear();
        }
        return true;
    }

    void ask_for_step_down() {
        if (pending_.valid()) return;
        const View& view = news_.view;
        if (view.leader.empty()) {
            message_ = news_.at ? "no node leads, so there is no leader to step down"
                                : "nothing is known about the cluster yet";
            return;
        }
        asked_ = view.leader;
        message_ = "ask node " + view.leader + " to step down? y/n";
    }

    void start_step_down() {
        message_ = "stepping down...";
        pending_ =
            std::async(std::launch::async, [this, leader = asked_, endpoints = news_.endpoints] {
                std::ostringstream said;
                Arguments arguments = session_.arguments;
                arguments.output = Output::table;
                try {
                    const auto timeout = arguments.timeout.value_or(kChangeTimeout);
                    const ApiClient client = session_.client.to(endpoints).within(timeout);
                    step_down({arguments, client, said, said}, leader);
                } catch (const std::exception& error) {
                    said << error.what();
                }
                std::string text = said.str();
                std::ranges::replace(text, '\n', ' ');
                return text;
            });
    }

    void look_at_step_down() {
        if (pending_.valid() &&
            pending_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
            message_ = pending_.get();
        }
    }

    const Session& session_;
    TopFeed feed_;
    News news_;
    bool help_ = false;
    std::string asked_;  // the leader whose step-down the user is asked to confirm
    std::string message_;
    std::future<std::string> pending_;
    std::size_t scroll_ = 0;
    std::int64_t lease_full_ms_ = 1000;
};

int print_once(const Session& session) {
    const View view = Fetcher(session.client).fetch();
    const char* columns = std::getenv("COLUMNS");
    const long width = columns ? std::strtol(columns, nullptr, 10) : 0;
    const FrameState state{.width = width > 0 ? static_cast<std::size_t>(width) : 100,
                           .height = view.rows.size() + 7,
                           .age = std::chrono::milliseconds(0)};
    std::vector<Line> lines = frame(view, state);
    lines.pop_back();  // the keys
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    for (const Line& line : lines) session.out << plain(line) << '\n';
    return kDone;
}

}  // namespace

int top(const Session& session) {
    if (session.arguments.once) return print_once(session);
    if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
        throw UsageError("top needs a terminal; without one, use top --once");
    }
    Top top(session);
    const Screen screen;  // destroyed first: restores the terminal before the feed ends
    return top.run(screen);
}

}  // namespace electiond::ctl
