#include "radgen/evaluation/text/english_stemmer.h"

#include <libstemmer.h>

#include <memory>

#include "radgen/core/error.h"

namespace radgen::evaluation {
namespace {

struct DeleteSnowball {
  void operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }
};
using Snowball = std::unique_ptr<sb_stemmer, DeleteSnowball>;

}  // namespace

std::string english_stem(std::string_view word) {
  // It holds the word while it works: one a thread.
  thread_local const Snowball stemmer(sb_stemmer_new("english", "UTF_8"));
  RADGEN_CHECK(stemmer != nullptr, "libstemmer has no algorithm 'english'");
  const sb_symbol* stem =
      sb_stemmer_stem(stemmer.get(), reinterpret_cast<const sb_symbol*>(word.data()),
                      static_cast<int>(word.size()));
  RADGEN_CHECK(stem != nullptr, "libstemmer is out of memory");
  return {reinterpret_cast<const char*>(stem),
          static_cast<size_t>(sb_stemmer_length(stemmer.get()))};
}

}  // namespace radgen::evaluation
