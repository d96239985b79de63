// Words for the text metrics. Which tokenization a score was made with changes it by several
// points, so there are two and every definition in metrics.json names its own.
//
//   scoring_tokens("Nodule of 1.4 cm, right-sided.") -> nodule of 1.4 cm , right-sided .
//   split_raw("Nodule of  1.4 cm.")                  -> Nodule of 1.4 cm.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace radgen::evaluation {

// Runs of anything but ASCII white space, as they stand (Python's str.split()).
std::vector<std::string> split_raw(std::string_view text);

// Split at every single space, empty words kept (Python's str.split(" "), which the COCO tools use;
// "" gives {""}).
std::vector<std::string> split_spaces(std::string_view text);

// What our own scores use: ASCII lower case; a word is a run of letters, digits and bytes above
// 127; inside a word "." and "," stay between two digits (1.4), "-" and "'" between two word
// characters; every other character is a word of its own. Numbers are kept whole: "3.5 cm" and "35
// cm" must never become the same text.
std::vector<std::string> scoring_tokens(std::string_view text);

}  // namespace radgen::evaluation
