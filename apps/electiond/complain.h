// Messages to whoever called the program.
#pragma once

#include <iostream>
#include <string>

namespace electiond {

// To standard error, with the program's name in front of the text.
inline void complain(const std::string& text) { std::cerr << "electiond: " << text << std::endl; }

}  // namespace electiond
