// The Porter stemmer with the changes that NLTK calls NLTK_EXTENSIONS (its default, which its
// METEOR uses). Source: M. F. Porter, An algorithm for suffix stripping, Program 14(3), 1980; the
// changes (irregular forms, "ies" and "ied" of four-letter words, "y" only after a consonant, words
// of two letters untouched, "bli", "fulli", "logi") as documented by NLTK 3.8. It is ours since no
// library has these changes.
#pragma once

#include <string>
#include <string_view>

namespace radgen::evaluation {

// ASCII lower case first; bytes above 127 count as consonants.
std::string porter_stem(std::string_view word);

}  // namespace radgen::evaluation
