// The one owner of stderr: log lines and the progress bar go through it, so that neither tears the
// other.
#pragma once

#include <string>
#include <string_view>

namespace radgen::terminal {

bool is_live();  // stderr is a terminal that can redraw a line (and this is no CI job)
void write_line(std::string_view line);  // erases the bar, writes the line, draws the bar again
void set_bar(const std::string& bar);    // draws or replaces the bar, cut to the terminal's width
void clear_bar();

}  // namespace radgen::terminal
