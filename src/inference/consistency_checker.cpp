#include "radgen/inference/consistency_checker.h"

#include <algorithm>
#include <string>

#include "radgen/report/consistency.h"

namespace radgen {
namespace {

bool is_stop(char c) { return c == '.' || c == '!' || c == '?'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

size_t impression_begin(const std::string& text) {
  const size_t newline = text.find('\n');
  return newline == std::string::npos ? std::string::npos : newline + 1;
}

}  // namespace

ConsistencyChecker::ConsistencyChecker(std::shared_ptr<const Tokenizer> tokenizer,
                                       std::shared_ptr<const Labeler> labeler)
    : tokenizer_(std::move(tokenizer)), labeler_(std::move(labeler)) {
  const int64_t letter = tokenizer_->encode_ids("a").back();
  pieces_.resize(static_cast<size_t>(tokenizer_->vocabulary_size()));
  for (size_t id = 0; id < pieces_.size(); ++id) {
    // Behind a letter, so that a leading space is seen.
    std::vector<std::pair<size_t, size_t>> spans;
    const std::string both = tokenizer_->decode({letter, static_cast<int64_t>(id)}, &spans);
    const std::string text = both.substr(spans[1].first, spans[1].second - spans[1].first);
    if (text.empty()) continue;
    Piece& piece = pieces_[id];
    piece.begins_word = text.front() == ' ';
    piece.is_separator = text.find('\n') != std::string::npos;
    piece.is_stop = is_stop(text.back());
    piece.is_lone_stop = piece.is_stop && text.size() == 1;
    piece.ends_with_digit = is_digit(text.back());
    piece.has_digit_before_stop =
        piece.is_stop && text.size() > 1 && is_digit(text[text.size() - 2]);
  }
}

size_t ConsistencyChecker::finished(const std::vector<int64_t>& ids, size_t begin) const {
  const size_t count = ids.size();
  const Piece& last = piece(ids[count - 1]);
  if (last.is_separator) return count;
  if (last.begins_word && count - 1 > begin && piece(ids[count - 2]).is_stop) return count - 1;
  if (!last.is_stop) return begin;
  const bool is_behind_digit = last.is_lone_stop
                                   ? count >= 2 && piece(ids[count - 2]).ends_with_digit
                                   : last.has_digit_before_stop;
  return is_behind_digit ? begin : count;
}

bool ConsistencyChecker::denies(const std::vector<int64_t>& ids, size_t begin,
                                const std::set<Finding>& findings) const {
  if (findings.empty()) return false;
  const std::string text =
      tokenizer_->decode({ids.begin() + static_cast<std::ptrdiff_t>(begin), ids.end()});
  const std::vector<Mention> mentions = labeler_->mentions(text);
  return std::any_of(mentions.begin(), mentions.end(), [&](const Mention& mention) {
    return mention.assertion == Assertion::kNegative && findings.count(mention.finding) > 0;
  });
}

bool ConsistencyChecker::accepts(const std::vector<int64_t>& ids, size_t begin,
                                 int64_t /*rejections*/) const {
  if (ids.size() == begin + 1 && piece(ids.back()).is_separator) return true;
  const std::string text = tokenizer_->decode(ids);
  return find_contradictions(labeler_->mentions(text), text,
                             {.impression_begin = impression_begin(text), .is_finished = false})
      .empty();
}

bool ConsistencyChecker::begins_section(const std::vector<int64_t>& ids) const {
  const auto is_separator = [&](int64_t id) { return piece(id).is_separator; };
  return !ids.empty() && is_separator(ids.back()) &&
         std::count_if(ids.begin(), ids.end(), is_separator) == 1;
}

bool ConsistencyChecker::accepts_end(const std::vector<int64_t>& ids) const {
  const std::string text = tokenizer_->decode(ids);
  return report_faults(text, labeler_->mentions(text)).omissions == 0;
}

ReportFaults report_faults(const std::string& text, const std::vector<Mention>& mentions) {
  ReportFaults counts;
  for (const Contradiction& one :
       find_contradictions(mentions, text, {.impression_begin = impression_begin(text)})) {
    if (one.kind == ContradictionKind::kMissingInImpression) {
      ++counts.omissions;
    } else {
      ++counts.faults;
    }
  }
  return counts;
}

}  // namespace radgen
