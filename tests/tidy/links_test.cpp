// The pages: every link leads to a file, and to a heading in it; the glossary is in order.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace electiond {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

// The lines of a page, with empty lines in place of the ``` blocks.
std::vector<std::string> prose(const std::string& page) {
    std::vector<std::string> lines;
    std::istringstream in(page);
    bool inside = false;
    for (std::string line; std::getline(in, line);) {
        const auto text = line.find_first_not_of(' ');
        const bool fence = text != std::string::npos && line.compare(text, 3, "```") == 0;
        lines.push_back(fence || inside ? std::string() : line);
        if (fence) inside = !inside;
    }
    return lines;
}

std::string without_code(const std::string& line) {
    static const std::regex code("(`+)[^`].*?\\1");
    return std::regex_replace(line, code, "");
}

// The words of a heading, without the marks of links, code and emphasis.
std::string words_of(const std::string& line) {
    static const std::regex link("\\[([^\\]]*)\\]\\([^)]*\\)");
    auto words = std::regex_replace(line.substr(line.find(' ')), link, "$1");
    std::erase_if(words, [](char c) { return c == '`' || c == '*'; });
    const auto first = words.find_first_not_of(' ');
    return first == std::string::npos
               ? ""
               : words.substr(first, words.find_last_not_of(' ') + 1 - first);
}

bool is_heading(const std::string& line) {
    static const std::regex heading("#{1,6} .*");
    return std::regex_match(line, heading);
}

// The anchor that GitHub makes: small letters, a hyphen for each space, no other punctuation.
// Outside of ASCII, dashes, quotes and arrows (E2 …) and signs like § (C2 …) are punctuation, too.
std::string slug(const std::string& words) {
    std::string made;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto c = static_cast<unsigned char>(words[i]);
        if (c == 0xE2) {
            i += 2;
        } else if (c == 0xC2) {
            i += 1;
        } else if (c >= 0x80 || c == '-' || c == '_') {
            made += words[i];
        } else if (c == ' ') {
            made += '-';
        } else if (std::isalnum(c) != 0) {
            made += static_cast<char>(std::tolower(c));
        }
    }
    return made;
}

struct Headings {
    std::set<std::string> anchors;
    std::set<std::string> words;
};
Headings headings(const std::string& page) {
    Headings found;
    std::map<std::string, int> times;
    for (const auto& line : prose(page)) {
        if (!is_heading(line)) continue;
        const auto words = words_of(line);
        const auto name = slug(words);
        const int before = times[name]++;
        found.anchors.insert(before == 0 ? name : name + "-" + std::to_string(before));
        found.words.insert(words);
    }
    return found;
}

std::string read(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// The targets of a page's links and pictures, except those on the network.
std::vector<std::string> targets(const std::string& page) {
    static const std::regex link("\\]\\(([^)\\s]+)[^)]*\\)|(?:src|srcset|href)=\"([^\"]+)\"");
    static const std::regex network("[a-z]+:.*");
    std::vector<std::string> found;
    for (const auto& line : prose(page)) {
        if (line.find("](") == std::string::npos && line.find("=\"") == std::string::npos) continue;
        const auto text = without_code(line);
        for (std::sregex_iterator at(text.begin(), text.end(), link), end; at != end; ++at) {
            const auto target = (*at)[1].matched ? (*at)[1].str() : (*at)[2].str();
            if (!std::regex_match(target, network)) found.push_back(target);
        }
    }
    return found;
}

// References of the form "[page.md](page.md), *Section*": pairs of page and section.
std::vector<std::pair<std::string, std::string>> named_sections(const std::string& page) {
    static const std::regex named("\\]\\(([^)\\s#]+\\.md)\\), \\*([^*]+)\\*");
    std::string text;
    for (const auto& line : prose(page)) {
        const auto begin = line.find_first_not_of(' ');  // of a list, too
        text += (begin == std::string::npos ? "" : line.substr(begin)) + " ";
    }
    std::vector<std::pair<std::string, std::string>> found;
    for (std::sregex_iterator at(text.begin(), text.end(), named), end; at != end; ++at) {
        found.emplace_back((*at)[1].str(), (*at)[2].str());
    }
    return found;
}

std::vector<std::string> link_faults(const fs::path& path, const std::string& page) {
    std::vector<std::string> faults;
    for (const auto& target : targets(page)) {
        const auto hash = target.find('#');
        const auto file = target.substr(0, hash);
        const auto to = file.empty() ? path : path.parent_path() / file;
        if (!file.empty() && !fs::exists(to)) {
            faults.push_back(target + ": no such file");
        } else if (hash != std::string::npos && !headings(file.empty() ? page : read(to))
                                                     .anchors.contains(target.substr(hash + 1))) {
            faults.push_back(target + ": no such heading");
        }
    }
    for (const auto& [file, section] : named_sections(page)) {
        const auto to = path.parent_path() / file;
        if (fs::exists(to) && !headings(read(to)).words.contains(section)) {
            faults.push_back(file + ", " + section + ": no such section");
        }
    }
    return faults;
}

std::vector<fs::path> pages() {
    std::vector<fs::path> found{fs::path(ELECTIOND_SOURCE) / "README.md"};
    for (const auto* top : {"docs", "config", "core", "plugins", "apps", "tests"}) {
        for (const auto& entry :
             fs::recursive_directory_iterator(fs::path(ELECTIOND_SOURCE) / top)) {
            if (entry.path().extension() == ".md") found.push_back(entry.path());
        }
    }
    return found;
}

TEST(Links, LeadToAFileAndAHeadingInIt) {
    EXPECT_GT(pages().size(), 25U);
    for (const auto& path : pages()) {
        for (const auto& fault : link_faults(path, read(path))) {
            ADD_FAILURE() << path.string() << " links to " << fault;
        }
    }
}

TEST(Links, ThatArePlantedWrongAreFound) {
    const auto here = fs::path(ELECTIOND_SOURCE) / "docs/none.md";
    const std::string page =
        "# The `one` page\n## Two: what it's *for* – 1.2\n## Two: what it's *for* – 1.2\n"
        "[a](#the-one-page) [b](#two-what-its-for--12) [c](#two-what-its-for--12-1) [d](#three)\n"
        "[e](lab.md) [f](../README.md#electiond) [g](lab.md#none) ![h](none.svg) <img "
        "src=\"no.svg\">\n"
        "`[i](none.md)` [j](https://example.org/none.md#x) [k](lab.md), *A lab on one\n"
        "  machine*, [l](lab.md), *Nothing*\n"
        "```\n[m](none.md)\n# Three\n```\n";
    EXPECT_THAT(link_faults(here, page),
                ElementsAre("#three: no such heading", "lab.md#none: no such heading",
                            "none.svg: no such file", "no.svg: no such file",
                            "lab.md, Nothing: no such section"));
}

// The pages that programs and scripts name must exist, too.
TEST(Links, PagesThatTheSourceNamesExist) {
    static const std::regex named("docs/[\\w./-]+\\.(md|svg|json)");
    for (const auto* top : {"core", "plugins", "apps", "config", "tests"}) {
        for (const auto& entry :
             fs::recursive_directory_iterator(fs::path(ELECTIOND_SOURCE) / top)) {
            if (!entry.is_regular_file() || entry.path().filename() == "links_test.cpp") continue;
            std::istringstream lines(read(entry.path()));
            for (std::string line; std::getline(lines, line);) {
                if (line.find("docs/") == std::string::npos) continue;
                for (std::sregex_iterator at(line.begin(), line.end(), named), end; at != end;
                     ++at) {
                    EXPECT_TRUE(fs::exists(fs::path(ELECTIOND_SOURCE) / at->str()))
                        << entry.path().string() << " names " << at->str();
                }
            }
        }
    }
}

// One term of the glossary: its heading, and its text.
struct Term {
    std::string name;
    std::string text;
};
std::vector<Term> terms(const std::string& page) {
    std::vector<Term> found;
    for (const auto& line : prose(page)) {
        if (line.starts_with("## ")) {
            found.push_back({words_of(line), ""});
        } else if (!found.empty()) {
            found.back().text += line + "\n";
        }
    }
    return found;
}

// Faults in the order of the terms, or in one of them.
std::vector<std::string> term_faults(const std::vector<Term>& all) {
    std::vector<std::string> faults;
    const auto order = [](const Term& term) {
        std::string letters;
        for (const auto c : term.name) {
            if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == ' ') {
                letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            }
        }
        return letters;
    };
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i > 0 && order(all[i]) <= order(all[i - 1]))
            faults.push_back(all[i].name + " is not in its place");
        if (targets(all[i].text).empty()) faults.push_back(all[i].name + " links to no page");
    }
    return faults;
}

TEST(Glossary, IsInOrderAndEachTermLinksToThePageThatExplainsIt) {
    const auto all = terms(read(fs::path(ELECTIOND_SOURCE) / "docs/glossary.md"));
    EXPECT_GT(all.size(), 40U);
    EXPECT_THAT(term_faults(all), IsEmpty());
    EXPECT_THAT(term_faults({{"lease", "[a](b)"}, {"grant", "[a](b)"}, {"quorum", "no page"}}),
                ElementsAre("grant is not in its place", "quorum links to no page"));
}

}  // namespace
}  // namespace electiond
