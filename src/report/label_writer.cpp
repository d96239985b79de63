#include "radgen/report/label_writer.h"

#include <algorithm>

#include "radgen/core/parallel.h"
#include "radgen/report/label_table.h"
#include "radgen/report/prediction.h"

namespace radgen {
namespace {

constexpr size_t kAtOnce = 4096;  // reports in memory

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

void label(const Labeler& labeler, LabelledReport& report) {
  if (is_blank(report.text)) return;  // nothing is said
  report.decisions = labeler.decisions(report.text, /*with_others=*/true);
  std::vector<Mention> mentions;
  for (const Decision& one : report.decisions) mentions.push_back(one.mention);
  report.labels = Labeler::aggregate(mentions);
  std::erase_if(report.decisions,
                [](const Decision& one) { return one.mention.finding == Finding::kNoFinding; });
}

nlohmann::ordered_json line_of(const LabelledReport& report) {
  Draft draft;  // the names and forms of labels and mentions are those of predictions.jsonl
  draft.labels = report.labels;
  for (const Decision& one : report.decisions) draft.mentions.push_back(one.mention);
  auto all = draft_to_json(draft);
  const auto words = [&](size_t begin, size_t end) {
    return report.text.substr(begin, end - begin);
  };
  for (size_t i = 0; i < report.decisions.size(); ++i) {
    const Decision& one = report.decisions[i];
    auto& mention = all["mentions"][i];
    mention["words"] = words(one.mention.begin, one.mention.end);
    if (one.cue_end == one.cue_begin) continue;  // nothing denies or hedges it
    mention["decided_by"] = {{"words", words(one.cue_begin, one.cue_end)},
                             {"begin", one.cue_begin},
                             {"end", one.cue_end}};
  }
  return {{"study_id", report.study_id},
          {"text", report.text},
          {"labels", all["labels"]},
          {"mentions", all["mentions"]}};
}

}  // namespace

LabelWriter::LabelWriter(Options options)
    : options_(std::move(options)), is_table_(options_.labels.extension() == ".csv") {
  if (is_table_) table_ = label_table_header();
  if (!is_table_ && !options_.labels.empty()) lines_.emplace(options_.labels);
  if (!options_.mentions.empty()) mentions_.emplace(options_.mentions);
}

void LabelWriter::add(LabelledReport report) {
  waiting_.push_back(std::move(report));
  if (waiting_.size() == kAtOnce) flush();
}

size_t LabelWriter::finish() {
  flush();
  if (count_ == 0) return 0;
  if (is_table_) write_file_atomic(options_.labels, table_);
  if (lines_) lines_->commit();
  if (mentions_) mentions_->commit();
  return count_;
}

void LabelWriter::flush() {
  parallel_for(waiting_.size(), options_.threads, [&](size_t i) { label(labeler_, waiting_[i]); });
  for (const LabelledReport& report : waiting_) {
    empty_ += is_blank(report.text);
    if (is_table_) table_ += label_table_row(report.subject_id, report.study_id, report.labels);
    if (lines_) lines_->write(line_of(report));
    if (mentions_) mentions_->write(line_of(report));
  }
  count_ += waiting_.size();
  waiting_.clear();
}

}  // namespace radgen
