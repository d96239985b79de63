#include "model/independent_texts.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace radgen {

IndependentTexts::IndependentTexts(const TextRules& rules, std::unique_ptr<TokenChooser> chooser,
                                   int64_t limit, double length_penalty,
                                   const std::vector<Random>& random)
    : rules_(rules), chooser_(std::move(chooser)), limit_(limit), length_penalty_(length_penalty) {
  for (const Random& one : random) texts_.push_back(Text{.written = {}, .random = one});
}

std::vector<Continuation> IndependentTexts::advance(const StudyStep& step) {
  std::vector<Continuation> continuations;
  bool goes_on = false;
  for (size_t i = 0; i < texts_.size(); ++i) {
    Text& text = texts_[i];
    const int64_t row = step.rows == 1 ? 0 : static_cast<int64_t>(i);
    continuations.push_back({row, rules_.pad_id, 0});
    if (text.is_done) continue;
    // The runtime has read all words that are there now; of the new text, all but the last.
    const auto read = static_cast<int64_t>(text.written.ids.size());
    extend(text, step.of(row), step.at(row));
    if (text.is_done) continue;
    goes_on = true;
    continuations.back().id = text.written.ids.back();
    continuations.back().rewind = read + 1 - static_cast<int64_t>(text.written.ids.size());
  }
  if (!goes_on) continuations.clear();
  return continuations;
}

void IndependentTexts::begin_sentence(Text& text, size_t begin, std::span<const float> log_probs,
                                      StepRow seen) {
  text.sentence.begin = begin;
  if (log_probs.data() != text.sentence.log_probs.data())
    text.sentence.log_probs.assign(log_probs.begin(), log_probs.end());
  text.sentence.seen = seen;
  const size_t words = text.written.ids.size() - begin;  // of the new sentence: none or one
  text.margins.erase(text.margins.begin(), text.margins.end() - static_cast<std::ptrdiff_t>(words));
  text.bans.clear();
  text.rejections = 0;
}

// The next word, or the end. A sentence that is taken back is begun again at once: what the network
// says of its first word is known.
void IndependentTexts::extend(Text& text, std::span<const float> log_probs, StepRow seen) {
  Hypothesis& written = text.written;
  if (is_checked(text) && written.ids.size() == text.sentence.begin && text.rejections == 0) {
    begin_sentence(text, text.sentence.begin, log_probs, seen);
    if (rules_.checker->begins_section(written.ids)) {
      text.section = text.sentence;
      text.has_section = true;
    }
  }
  while (true) {
    const int64_t id = choose(text, log_probs);
    const bool is_end = id < 0 || id == rules_.eos_id;
    if (!is_end) {
      written.ids.push_back(id);
      written.log_probs.push_back(log_probs[static_cast<size_t>(id)]);
      written.seen.push_back(seen);
    }
    if (is_checked(text)) {
      const size_t finished =
          is_end ? written.ids.size() : rules_.checker->finished(written.ids, text.sentence.begin);
      if (finished > text.sentence.begin && !keep_sentence(text, finished)) {
        log_probs = text.sentence.log_probs;
        seen = text.sentence.seen;
        continue;
      }
      // The word that showed the end of a sentence is the first one of the next.
      if (finished > text.sentence.begin && !is_end)
        begin_sentence(text, finished, log_probs, seen);
    }
    if (id == rules_.eos_id && is_checked(text) && !keep_section(text)) {
      log_probs = text.sentence.log_probs;
      seen = text.sentence.seen;
      continue;
    }
    if (is_end) {
      written.is_complete = id >= 0;
      written.eos_log_prob = id < 0 ? 0 : log_probs[static_cast<size_t>(id)];
    }
    text.is_done = is_end || static_cast<int64_t>(written.ids.size()) >= limit_;
    return;
  }
}

int64_t IndependentTexts::choose(Text& text, std::span<const float> log_probs) {
  allowed_.assign(log_probs.begin(), log_probs.end());
  for (const auto& processor : *rules_.processors) processor->apply(text.written.ids, allowed_);
  const std::vector<int64_t>& ids = text.written.ids;
  for (const Ban& ban : text.bans)
    if (std::equal(ban.before.begin(), ban.before.end(),
                   ids.begin() + static_cast<std::ptrdiff_t>(text.sentence.begin), ids.end()))
      allowed_[static_cast<size_t>(ban.id)] = kForbidden;
  const int64_t id = chooser_->choose(allowed_, text.random);
  if (id < 0 || !is_checked(text)) return id;
  const float chosen = std::exchange(allowed_[static_cast<size_t>(id)], kForbidden);
  // The end of the text is no way out of a sentence.
  if (ids.size() > text.sentence.begin) allowed_[static_cast<size_t>(rules_.eos_id)] = kForbidden;
  text.margins.push_back(chosen - *std::max_element(allowed_.begin(), allowed_.end()));
  return id;
}

bool IndependentTexts::keep_sentence(Text& text, size_t count) {
  const Hypothesis& written = text.written;
  const std::vector<int64_t> sentences(written.ids.begin(),
                                       written.ids.begin() + static_cast<std::ptrdiff_t>(count));
  if (rules_.checker->accepts(sentences, text.sentence.begin, text.rejections)) return true;
  if (text.rejections >= rules_.sentence_retries) {
    text.written.is_consistent = false;
    return true;
  }
  text.written.ids.resize(count);  // the next sentence's first word goes too
  take_back(text);
  return false;
}

void IndependentTexts::take_back(Text& text) {
  Hypothesis& written = text.written;
  ++text.rejections;
  ++written.rejections;
  const size_t words = written.ids.size() - text.sentence.begin;
  if (chooser_->is_deterministic() || 2 * text.rejections > rules_.sentence_retries) {
    const auto least = std::min_element(text.margins.begin(),
                                        text.margins.begin() + static_cast<std::ptrdiff_t>(words));
    const auto at = text.sentence.begin + static_cast<size_t>(least - text.margins.begin());
    text.bans.push_back({{written.ids.begin() + static_cast<std::ptrdiff_t>(text.sentence.begin),
                          written.ids.begin() + static_cast<std::ptrdiff_t>(at)},
                         written.ids[at]});
  }
  text.margins.clear();
  forget_behind(text, text.sentence.begin);
}

void IndependentTexts::forget_behind(Text& text, size_t begin) {
  text.written.ids.resize(begin);
  text.written.log_probs.resize(begin);
  text.written.seen.resize(begin);
}

bool IndependentTexts::keep_section(Text& text) {
  const bool may_restart = text.has_section && !chooser_->is_deterministic() &&
                           2 * text.restarts < rules_.sentence_retries;
  if (!may_restart || rules_.checker->accepts_end(text.written.ids)) return true;
  ++text.restarts;
  ++text.written.rejections;
  forget_behind(text, text.section.begin);
  begin_sentence(text, text.section.begin, text.section.log_probs, text.section.seen);
  return false;
}

std::vector<Hypothesis> IndependentTexts::finish() {
  std::vector<Hypothesis> all;
  for (Text& text : texts_) {
    Hypothesis& written = text.written;
    const double sum = std::accumulate(written.log_probs.begin(), written.log_probs.end(), 0.0) +
                       written.eos_log_prob;
    written.score = sum / std::pow(std::max(written.length(), 1.0), length_penalty_);
    all.push_back(std::move(written));
  }
  return all;
}

}  // namespace radgen
