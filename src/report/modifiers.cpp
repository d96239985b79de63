#include "report/modifiers.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "report/characters.h"

namespace radgen {
namespace {

constexpr size_t kHitPenalty = 8, kCommaPenalty = 6, kBehindPenalty = 1;  // words of distance
constexpr size_t kSideReach = 16;
constexpr size_t kSeverityReach = 6;

struct SideHit {
  size_t first, last;
  Side side;
};

std::vector<SideHit> sides_in(const Lexicon& lexicon, const std::vector<Word>& words) {
  std::vector<SideHit> found;
  for (size_t i = 0; i < words.size();) {
    const auto match = lexicon.sides.match(words, i, words.size());
    if (match.length > 0 && match.values[0] != static_cast<int>(Side::kNone)) {
      found.push_back({i, i + match.length, static_cast<Side>(match.values[0])});
    }
    i += std::max<size_t>(match.length, 1);
  }
  return found;
}

bool begins_hit(const std::vector<Hit>& hits, size_t word) {
  return std::any_of(hits.begin(), hits.end(), [&](const Hit& hit) { return hit.first == word; });
}

size_t distance(const std::vector<Word>& words, const std::vector<Hit>& hits, size_t from,
                size_t to) {
  size_t cost = 0;
  for (size_t i = from; i < to; ++i) {
    cost += begins_hit(hits, i) ? kHitPenalty : words[i].text == "," ? kCommaPenalty : 1;
  }
  return cost;
}

bool are_linked(const Lexicon& lexicon, const std::vector<Word>& words, const SideHit& a,
                const SideHit& b) {
  bool is_joined =
      false;  // "right lower lobe, left base" is; "left ... right" in one row of words is not
  for (size_t i = a.last; i < b.first; ++i) {
    const std::string_view word = words[i].text;
    if (!lexicon.side_links.contains(word)) return false;
    is_joined = is_joined || word == "and" || word == "," || word == "or" || word == "than";
  }
  return is_joined;
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// Whether the side stands behind a comma (or, to the right of the hit, an "and") and nearer to
// another hit: "no pneumothorax, small left effusion".
bool belongs_to_other(const std::vector<Word>& words, const std::vector<Hit>& hits,
                      const SideHit& side, const Hit& hit) {
  const bool is_before = side.first < hit.first;
  const size_t from = is_before ? side.last : hit.last, to = is_before ? hit.first : side.first;
  bool is_separated = false;
  for (size_t i = from; i < to; ++i) {
    is_separated = is_separated || words[i].text == "," || (!is_before && words[i].text == "and");
  }
  const size_t own = to > from ? to - from : 0;
  return is_separated && std::any_of(hits.begin(), hits.end(), [&](const Hit& other) {
           if (other.first == hit.first) return false;
           const size_t gap = other.first >= side.last
                                  ? other.first - side.last
                                  : side.first - std::min(side.first, other.last);
           return gap < own;
         });
}

double unit_mm(std::string_view word) {
  if (word == "mm" || word.substr(0, 9) == "millimete" || word.substr(0, 9) == "millimetr")
    return 1;
  if (word == "cm" || word.substr(0, 9) == "centimete" || word.substr(0, 9) == "centimetr")
    return 10;
  return 0;
}

// "4mm" is one word: its number and its unit.
std::optional<double> joined_size(std::string_view word) {
  if (word.size() < 3 || !is_digit(word[0])) return std::nullopt;
  const double unit = unit_mm(word.substr(word.size() - 2));
  const auto number = parse_number(word.substr(0, word.size() - 2));
  return unit > 0 && number ? std::optional(*number * unit) : std::nullopt;
}

bool is_distance_word(std::string_view word) {
  static constexpr std::array<std::string_view, 8> kWords{
      "above", "below", "from", "proximal", "distal", "superior", "beyond", "past"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

}  // namespace

Side side_of(const Lexicon& lexicon, const Sentence& sentence, const Hit& hit,
             const std::vector<Hit>& hits) {
  const auto& words = sentence.words();
  const std::vector<SideHit> sides = sides_in(lexicon, words);
  size_t best = sides.size(), best_cost = kSideReach + 1;
  for (size_t i = 0; i < sides.size(); ++i) {
    const SideHit& side = sides[i];
    if (sentence.clause(side.first) != sentence.clause(hit.first) ||
        belongs_to_other(words, hits, side, hit))
      continue;
    const bool is_before = side.first < hit.first;
    const size_t cost =
        is_before
            ? distance(words, hits, std::min(side.last, hit.first), hit.first)
            : distance(words, hits, hit.last, std::max(side.first, hit.last)) + kBehindPenalty;
    if (cost < best_cost) best = i, best_cost = cost;
  }
  if (best == sides.size()) return Side::kNone;
  for (size_t i = 0; i < sides.size(); ++i) {
    if (i == best || sides[i].side == sides[best].side) continue;
    const SideHit& first = sides[std::min(i, best)];
    const SideHit& second = sides[std::max(i, best)];
    if (second.first - first.last <= kSideReach && are_linked(lexicon, words, first, second))
      return Side::kBilateral;
  }
  return sides[best].side;
}

Severity severity_of(const Lexicon& lexicon, const Sentence& sentence, const Hit& hit,
                     const std::vector<Hit>& hits) {
  const auto& words = sentence.words();
  const auto match_at = [&](size_t i, size_t end) {
    const auto match = lexicon.severities.match(words, i, end);
    return match.length > 0 ? static_cast<Severity>(match.values[0]) : Severity::kUnstated;
  };
  Severity worst = Severity::kUnstated;
  for (size_t i = hit.first; i-- > 0 && hit.first - i <= kSeverityReach;) {
    if (sentence.clause(i) != sentence.clause(hit.first) || sentence.is_verb(i)) break;
    if (words[i].text == "," || words[i].text == "and") break;
    const bool is_inside_other = std::any_of(hits.begin(), hits.end(), [&](const Hit& other) {
      return other.first <= i && i < other.last;
    });
    if (is_inside_other) break;
    worst = std::max(worst, match_at(i, hit.first));
  }
  if (worst != Severity::kUnstated) return worst;
  for (size_t i = hit.first; i < hit.last; ++i) worst = std::max(worst, match_at(i, hit.last));
  if (worst != Severity::kUnstated) return worst;
  bool has_verb = false;
  for (size_t i = hit.last; i < words.size() && i < hit.last + kSeverityReach; ++i) {
    if (sentence.clause(i) != sentence.clause(hit.first) || words[i].text == "," ||
        begins_hit(hits, i))
      break;
    if (words[i].text == "with") break;
    has_verb = has_verb || sentence.is_verb(i);
    if (has_verb) worst = std::max(worst, match_at(i, words.size()));
  }
  return worst;
}

std::vector<Size> sizes_in(const Sentence& sentence) {
  const auto& words = sentence.words();
  std::vector<Size> sizes;
  for (size_t i = 0; i < words.size(); ++i) {
    Size size{0, {i, i + 1}};
    if (const auto joined = joined_size(words[i].text)) {
      size.mm = *joined;
    } else if (auto largest = parse_number(words[i].text)) {
      // Numbers joined by "x" or "by", then one unit for all of them.
      size_t at = i + 1;
      while (at + 1 < words.size() &&
             (words[at].text == "x" || words[at].text == "by" || unit_mm(words[at].text) > 0)) {
        const bool is_unit = unit_mm(words[at].text) > 0;
        const size_t number = is_unit ? at + 2 : at + 1;
        if (is_unit && (words[at + 1].text != "x" && words[at + 1].text != "by")) break;
        const auto next = number < words.size() ? parse_number(words[number].text) : std::nullopt;
        if (!next) break;
        largest = std::max(*largest, *next);
        at = number + 1;
      }
      const double unit = at < words.size() ? unit_mm(words[at].text) : 0;
      if (unit == 0) continue;
      size.mm = *largest * unit;
      size.words.last = at + 1;
    } else {
      continue;
    }
    i = size.words.last - 1;
    const bool is_distance =
        size.words.last < words.size() && is_distance_word(words[size.words.last].text);
    if (!is_distance && size.mm > 0 && size.mm < 1000) sizes.push_back(size);
  }
  return sizes;
}

}  // namespace radgen
