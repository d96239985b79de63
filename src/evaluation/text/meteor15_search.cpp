#include "evaluation/text/meteor15_search.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>

namespace radgen::evaluation {
namespace {

constexpr size_t kBeam = 40;
constexpr size_t kNone = static_cast<size_t>(-1);

// Words of the draft that a path has used, a bit each.
using Bits = std::vector<uint64_t>;
bool is_set(const Bits& bits, size_t i) { return (bits[i / 64] >> (i % 64)) & 1; }
void set(Bits& bits, size_t i) { bits[i / 64] |= uint64_t{1} << (i % 64); }

// Choices of a path, the last one first; shared by the paths that come from it.
struct Choice {
  WordMatch match;
  size_t before;  // index of the choice before; kNone: this is the first
};

struct Path {
  Bits used;
  size_t choice = kNone;
  int64_t exact = 0, chunks = 0, distance = 0;
  size_t last_end = kNone;  // draft word behind the last match; kNone: the word before is unmatched
};

// A path that may be gone on with: its parent and the match it takes (null: it skips the word).
struct Candidate {
  int64_t exact, chunks, distance;
  size_t parent, order;
  const WordMatch* match;
  bool operator<(const Candidate& other) const {
    return std::tuple(-exact, chunks, distance, order) <
           std::tuple(-other.exact, other.chunks, other.distance, other.order);
  }
};

int64_t moved_by(const WordMatch& m) {
  return m.draft > m.reference ? static_cast<int64_t>(m.draft - m.reference)
                               : static_cast<int64_t>(m.reference - m.draft);
}

// Only exact matches count in the search: the weight of the others, .5, is added to an integer.
int64_t exact_of(const WordMatch& m) { return m.module == 0 ? 2 : 0; }

class Search {
 public:
  explicit Search(const WordMatches& matches) : matches_(matches) {}

  Alignment run() {
    Path start;
    start.used.assign(matches_.draft_coverage.size() / 64 + 1, 0);
    fix_certain_matches(start);
    paths_.push_back(std::move(start));
    for (size_t r = 0; r < matches_.by_reference.size(); ++r) step(r);
    for (Path& path : paths_) path.chunks += path.last_end != kNone;
    const Path& best = *std::min_element(paths_.begin(), paths_.end(), is_better);
    Alignment alignment;
    alignment.chunks = static_cast<size_t>(best.chunks);
    for (size_t c = best.choice; c != kNone; c = choices_[c].before) {
      alignment.matches.push_back(choices_[c].match);
    }
    std::reverse(alignment.matches.begin(), alignment.matches.end());
    return alignment;
  }

 private:
  static bool is_better(const Path& a, const Path& b) {
    return std::tuple(-a.exact, a.chunks, a.distance) < std::tuple(-b.exact, b.chunks, b.distance);
  }

  // A match that is the only one of both its words is taken from the start.
  void fix_certain_matches(Path& start) {
    fixed_.resize(matches_.by_reference.size());
    for (size_t r = 0; r < fixed_.size(); ++r) {
      if (matches_.by_reference[r].size() != 1) continue;
      const WordMatch& match = matches_.by_reference[r].front();
      if (matches_.reference_coverage[r] != 1 || matches_.draft_coverage[match.draft] != 1)
        continue;
      fixed_[r] = match;
      set(start.used, match.draft);
    }
  }

  static int64_t chunks_with(const Path& path, const WordMatch& match) {
    return path.chunks + (path.last_end != kNone && match.draft != path.last_end ? 1 : 0);
  }

  void take(Path& path, const WordMatch& match) {
    path.exact += exact_of(match);
    path.chunks = chunks_with(path, match);
    path.last_end = match.draft + 1;
    choices_.push_back({match, path.choice});
    path.choice = choices_.size() - 1;
  }

  void step(size_t r) {
    if (fixed_[r]) {
      for (Path& path : paths_) {
        path.distance += moved_by(*fixed_[r]);
        take(path, *fixed_[r]);
      }
      // All paths gain the same matches and distance, but not the same chunks.
      std::stable_sort(paths_.begin(), paths_.end(), is_better);
      return;
    }
    std::vector<Candidate> candidates;
    for (size_t p = 0; p < paths_.size(); ++p) {
      Path& path = paths_[p];
      for (const WordMatch& match : matches_.by_reference[r]) {
        if (is_set(path.used, match.draft)) continue;
        candidates.push_back({path.exact + exact_of(match), chunks_with(path, match), path.distance,
                              p, candidates.size(), &match});
        // As the original does: the distance is charged to the path that is left behind.
        path.distance += moved_by(match);
      }
      candidates.push_back({path.exact, path.chunks + (path.last_end != kNone), path.distance, p,
                            candidates.size(), nullptr});
    }
    const size_t kept = std::min(kBeam, candidates.size());
    std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(kept),
                      candidates.end());
    std::vector<Path> next;
    next.reserve(kept);
    for (size_t c = 0; c < kept; ++c) {
      const Candidate& candidate = candidates[c];
      Path path = paths_[candidate.parent];
      if (candidate.match != nullptr) {
        take(path, *candidate.match);
        set(path.used, candidate.match->draft);
      } else {
        path.last_end = kNone;
      }
      path.chunks = candidate.chunks;
      path.distance = candidate.distance;
      next.push_back(std::move(path));
    }
    paths_ = std::move(next);
  }

  const WordMatches& matches_;
  std::vector<std::optional<WordMatch>> fixed_;
  std::vector<Choice> choices_;
  std::vector<Path> paths_;
};

}  // namespace

Alignment best_alignment(const WordMatches& matches) { return Search(matches).run(); }

}  // namespace radgen::evaluation
