// A runtime that is no network: what it says next depends on the last word alone, by a table. It
// shows what a runtime is asked for, and remembers each row's words as a list.
#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "radgen/model/runtime.h"

namespace radgen {

class TableRuntime : public Runtime {
 public:
  // log_odds [X,X]: row w is what follows w.
  TableRuntime(ModelConfig config, torch::Tensor log_odds)
      : config_(std::move(config)), log_odds_(std::move(log_odds)) {}

  const ModelConfig& config() const override { return config_; }

  EncodedImage encode(const torch::Tensor& images) const override {
    EncodedImage encoded;
    encoded.grid = {2, 2};
    encoded.memory = images.flatten(1).mean(1).view({-1, 1, 1}).expand({images.size(0), 4, 1});
    encoded.patches = encoded.memory;
    return encoded;
  }
  torch::Tensor finding_probabilities(const EncodedImage&) const override { return {}; }

  std::pair<std::unique_ptr<DecoderState>, NextTokens> start(
      const EncodedImage&, const std::vector<std::vector<int64_t>>& texts, int64_t) const override {
    auto state = std::make_unique<Lists>();
    state->rows = texts;
    NextTokens next = predict(*state);
    return {std::move(state), std::move(next)};
  }
  NextTokens step(DecoderState& state, const std::vector<int64_t>& ids) const override {
    auto& rows = dynamic_cast<Lists&>(state).rows;
    EXPECT_EQ(rows.size(), ids.size());
    for (size_t i = 0; i < rows.size(); ++i) rows[i].push_back(ids[i]);
    return predict(dynamic_cast<Lists&>(state));
  }
  void select(DecoderState& state, const std::vector<int64_t>& rows,
              const std::vector<int64_t>&) const override {
    auto& lists = dynamic_cast<Lists&>(state);
    std::vector<std::vector<int64_t>> selected;
    for (int64_t row : rows) selected.push_back(lists.rows.at(static_cast<size_t>(row)));
    lists.rows = std::move(selected);
  }
  void rewind(DecoderState& state, const std::vector<int64_t>& counts) const override {
    auto& rows = dynamic_cast<Lists&>(state).rows;
    for (size_t i = 0; i < rows.size(); ++i)
      rows[i].resize(rows[i].size() - static_cast<size_t>(counts.at(i)));
  }
  TextPredictions read(const EncodedImage&, const std::vector<std::vector<int64_t>>& texts,
                       bool) const override {
    std::vector<torch::Tensor> logits;
    int64_t longest = 0;
    for (const auto& text : texts) longest = std::max(longest, static_cast<int64_t>(text.size()));
    for (const auto& text : texts)
      logits.push_back(
          torch::constant_pad_nd(log_odds_.index_select(0, torch::tensor(text)),
                                 {0, 0, 0, longest - static_cast<int64_t>(text.size())}, 0));
    const auto batch = static_cast<int64_t>(texts.size());
    return {torch::stack(logits),
            torch::full({batch, longest, 4}, 0.25F),
            torch::zeros({batch, longest}),
            {}};
  }

 private:
  struct Lists : DecoderState {
    std::vector<std::vector<int64_t>> rows;
  };
  // The map says how many words were read: that many in the first patch.
  NextTokens predict(const Lists& state) const {
    std::vector<torch::Tensor> logits;
    const auto rows = static_cast<int64_t>(state.rows.size());
    torch::Tensor attention = torch::zeros({rows, 4});
    for (int64_t i = 0; i < rows; ++i) {
      const auto& row = state.rows[static_cast<size_t>(i)];
      logits.push_back(log_odds_[row.back()]);
      attention[i][0] = static_cast<float>(row.size());
    }
    return {torch::stack(logits), attention, torch::zeros({rows})};
  }

  ModelConfig config_;
  torch::Tensor log_odds_;
};

}  // namespace radgen
