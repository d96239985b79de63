// References and predictions side by side, in the forms that other metrics' tools read: CheXbert
// (CSV with a column "Report Impression"), RadGraph, GREEN, RaTEScore and the like (JSON lists).
//
//   export_texts(result, folder / "export");
#pragma once

#include <filesystem>

#include "radgen/evaluation/evaluate.h"

namespace radgen::evaluation {

// Writes into `folder`, studies in the order of the references:
//   reports.csv                       study_id, reference, prediction
//   references_chexbert.csv, predictions_chexbert.csv   "Report Impression"
//   reports.json                      {"study_ids": [...], "references": [...], "predictions":
//   [...]}
// The files hold report texts: they are for the eyes that may see the data.
void export_texts(const EvaluationResult& result, const std::filesystem::path& folder);

}  // namespace radgen::evaluation
