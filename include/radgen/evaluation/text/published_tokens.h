// Tokenizations that published scores were made with, for comparison only: they change a score by
// several points, and two of them damage the text ("3.5 cm" becomes "35 cm").
//
//   clean_r2gen_mimic("1. Nodule of 3.5 cm.")   // "nodule of 35 cm ."
//   ptb_tokens("No effusion, today's film.")    // no effusion today 's film
//   tokens_13a("Nodule, 3.5 cm.")               // Nodule , 3.5 cm .
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace radgen::evaluation {

// The cleaning of R2Gen (Chen et al. 2020) for IU X-ray and for MIMIC-CXR: list numbers 1 to 5 go,
// a full stop before a blank ends a sentence, every other point, comma and bracket disappears.
// Words are separated by single blanks in the result, sentences end in " .".
std::string clean_r2gen_iu(std::string_view report);
std::string clean_r2gen_mimic(std::string_view report);

// Penn Treebank tokens as the COCO caption tools use them (Stanford CoreNLP 3.4.1, lower case,
// then 17 punctuation tokens taken out). The rules that report text meets: abbreviations, decimals,
// hyphens and slashes inside words, clitics ('s), brackets as "-lrb-". Not the whole lexer: web
// addresses, emoticons and the like come out as words and signs.
std::vector<std::string> ptb_tokens(std::string_view text);

// mteval's 13a tokens, sacreBLEU's default: punctuation split off but inside numbers, case kept.
std::vector<std::string> tokens_13a(std::string_view text);

}  // namespace radgen::evaluation
