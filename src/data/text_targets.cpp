#include "radgen/data/text_targets.h"

#include <algorithm>
#include <map>
#include <set>

#include "radgen/core/error.h"
#include "radgen/data/box_phrase_matching.h"
#include "radgen/report/prompt.h"
#include "radgen/report/text.h"

namespace radgen {
namespace {

bool overlaps(const Token& token, const Span& span) {
  return token.begin < span.end && span.begin < token.end;
}

// Spans of text with the boxes that their tokens should look at.
struct LinkedSpan {
  Span span;
  const std::vector<size_t>* boxes;
};

std::vector<LinkedSpan> linked_spans(const std::string& text, const std::vector<Mention>& mentions,
                                     const std::vector<BoxLink>& links, bool whole_sentences) {
  std::vector<LinkedSpan> spans;
  const std::vector<Span> sentences = whole_sentences ? split_sentences(text) : std::vector<Span>();
  for (size_t m = 0; m < mentions.size(); ++m) {
    if (links[m].boxes.empty()) continue;
    const bool has_sentence = whole_sentences && mentions[m].sentence < sentences.size();
    spans.push_back(
        {has_sentence ? sentences[mentions[m].sentence] : Span{mentions[m].begin, mentions[m].end},
         &links[m].boxes});
  }
  return spans;
}

}  // namespace

TextTargets make_text_targets(const ManifestEntry& entry, const Tokenizer& tokenizer,
                              const Labeler& labeler, const TextTargetOptions& options) {
  RADGEN_CHECK(options.max_tokens > options.prompt_max_tokens + 1,
               "no room for words behind the prompt");
  TextTargets targets;
  if (options.prompt_max_tokens > 0) {
    targets.ids =
        prompt_ids(tokenizer, {entry.age, entry.sex, entry.indication}, options.prompt_max_tokens);
  }
  targets.prompt_length = static_cast<int64_t>(targets.ids.size());
  targets.ids.push_back(kBosId);

  const std::string text = entry.text();
  std::vector<Token> words = tokenizer.encode(text);
  const auto room = static_cast<size_t>(options.max_tokens) - targets.ids.size();
  targets.is_cut = words.size() + 1 > room;  // eos needs a place too
  if (targets.is_cut) words.resize(room);
  for (const Token& word : words) targets.ids.push_back(word.id);
  if (!targets.is_cut) targets.ids.push_back(kEosId);

  const size_t length = targets.ids.size(), bos = static_cast<size_t>(targets.prompt_length);
  targets.counts.assign(length, 0);
  targets.is_positive.assign(length, 0);
  targets.group.assign(length, -1);
  std::fill(targets.counts.begin() + targets.prompt_length, targets.counts.end() - 1, uint8_t{1});

  const std::vector<Mention> mentions = labeler.mentions(text);
  const std::vector<BoxLink> links = link_boxes(mentions, entry.boxes);
  for (const BoxLink& link : links) {
    targets.ambiguous_mentions += link.is_ambiguous ? 1 : 0;
    targets.linked_mentions += link.boxes.empty() ? 0 : 1;
  }
  const auto spans = linked_spans(text, mentions, links, options.whole_sentences);
  std::map<std::set<size_t>, int32_t> groups;
  for (size_t w = 0; w < words.size(); ++w) {
    const size_t position =
        bos + w;  // words[w] is ids[bos + 1 + w]: predicted one position earlier
    for (const Mention& mention : mentions) {
      const bool is_positive =
          mention.assertion == Assertion::kPositive && mention.finding != Finding::kNoFinding;
      if (is_positive && overlaps(words[w], {mention.begin, mention.end}))
        targets.is_positive[position] = 1;
    }
    std::set<size_t> boxes;
    for (const LinkedSpan& linked : spans) {
      if (overlaps(words[w], linked.span)) boxes.insert(linked.boxes->begin(), linked.boxes->end());
    }
    if (boxes.empty()) continue;
    const auto [it, is_new] =
        groups.emplace(boxes, static_cast<int32_t>(targets.box_groups.size()));
    if (is_new) targets.box_groups.emplace_back(boxes.begin(), boxes.end());
    targets.group[position] = it->second;
  }
  return targets;
}

}  // namespace radgen
