// The Snowball stemmer for English ("Porter2"), which METEOR 1.5 uses. NLTK's METEOR uses
// porter_stemmer.h; the two give different stems. Source: Porter 2002, snowballstem.org, algorithm
// "english".
#pragma once

#include <string>
#include <string_view>

namespace radgen::evaluation {

// `word`: lower case. Bytes above 127, digits and signs count as consonants.
std::string english_stem(std::string_view word);

}  // namespace radgen::evaluation
