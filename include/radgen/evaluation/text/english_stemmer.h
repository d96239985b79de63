// The Snowball stemmer for English ("Porter2"), which METEOR 1.5 uses: libstemmer's algorithm
// "english" (Porter 2002, snowballstem.org). NLTK's METEOR uses porter_stemmer.h; the two give
// different stems.
#pragma once

#include <string>
#include <string_view>

namespace radgen::evaluation {

// `word`: UTF-8 in lower case. What is no letter of English counts as a consonant.
std::string english_stem(std::string_view word);

}  // namespace radgen::evaluation
