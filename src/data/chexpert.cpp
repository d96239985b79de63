// CheXpert (Irvin et al. 2019), and the reports of CheXpert Plus (Chambon et al. 2024).
//
//   train.csv, valid.csv[, test.csv]   Path, Sex, Age, Frontal/Lateral, AP/PA and the 14 labels.
//                                      Also train_cheXbert.csv or train_visualCheXbert.csv for the
//                                      first, val_labels.csv and test_labels.csv (CheXlocalize)
//   <Path>                             CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg,
//                                      with or without its first folder; PNG/ and .png as in Plus
//   df_chexpert_plus_*.csv[.gz]        path_to_image, section_findings, section_impression, ..., in
//                                      the input folder or named by --reports; it also lists
//                                      images that the tables above do not
//
// The download unpacks into four folders, "CheXpert-v1.0 batch 1 (validate & csv)" with the tables
// and valid/, and "batch 2 (train 1)" to "batch 4 (train 3)" with patients' folders right below
// them: they are found as they are, wherever below the input the tables stand.
//
// Without Plus there is no text: labels come from the tables. valid is called validate. A study is
// "patient00001-study1". The reports are kept in memory (about 1 KB a study).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/listing.h"
#include "data/sources.h"

namespace radgen {
namespace {

// "train/patient00001/study1/view1_frontal", wherever the path begins and however it ends.
std::string chexpert_key(const std::string& path) {
  const fs::path whole(path);
  std::vector<std::string> parts;
  for (const fs::path& part : whole) parts.push_back(part.string());
  if (parts.size() < 4) return "";
  parts.back() = whole.stem().string();
  return fmt::format("{}", fmt::join(parts.end() - 4, parts.end(), "/"));
}

Labels read_labels(const Table& rows, const std::array<std::optional<size_t>, kFindingCount>& at) {
  Labels labels;
  for (const Finding finding : all_findings()) {
    const auto value = parse_number(rows.at(at[static_cast<size_t>(finding)]));
    if (value && (*value == 1 || *value == 0 || *value == -1)) {
      labels[finding] = static_cast<int>(*value);
    }
  }
  return labels;
}

// The names of a split's table and folder, the set's own first.
struct SplitNames {
  const char* split;
  std::vector<std::string> tables, folders;
};
const std::vector<SplitNames>& split_names() {
  static const std::vector<SplitNames> names{
      {"train", {"train.csv", "train_cheXbert.csv", "train_visualCheXbert.csv"}, {"train"}},
      {"valid", {"valid.csv", "val_labels.csv"}, {"valid", "val"}},
      {"test", {"test.csv", "test_labels.csv"}, {"test"}}};
  return names;
}

bool has_a_table(const fs::path& folder) {
  for (const SplitNames& names : split_names()) {
    for (const std::string& table : names.tables) {
      if (!exact_table(folder, table).empty()) return true;
    }
  }
  return !find_table(folder, "df_chexpert_plus", ".csv").empty();
}

// A folder that holds splits, or the patients of one: CheXpert-v1.0, CheXpert-v1.0-small,
// "CheXpert-v1.0 batch 2 (train 1)", CheXlocalize's CheXpert, Plus' PNG.
bool is_part(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return (name.starts_with("CheXpert") || name == "PNG") && fs::is_directory(folder);
}

// The input, and the parts in it and in one another: some programs unpack an archive into a folder
// of its name.
std::vector<fs::path> find_parts(const fs::path& root) {
  std::vector<fs::path> parts{root};
  for (size_t i = 0; i < parts.size() && parts.size() < 64; ++i) {
    std::vector<fs::path> inner;
    for (const auto& item : fs::directory_iterator(parts[i])) {
      if (is_part(item.path())) inner.push_back(item.path());
    }
    std::ranges::sort(inner);
    parts.insert(parts.end(), inner.begin(), inner.end());
  }
  return parts;
}

// The folder that holds the tables, or whose parts hold them.
fs::path find_input(const fs::path& input) {
  const fs::path folder = (input / "").parent_path();  // without a slash at the end
  const auto holds = [](const fs::path& root) {
    return std::ranges::any_of(find_parts(root), has_a_table);
  };
  // One of the four folders was named: the others lie beside it.
  const bool is_batch = folder.filename().string().starts_with("CheXpert-v1.0 batch");
  if (is_batch && folder.has_parent_path()) return folder.parent_path();
  return find_roots(folder, holds).front();
}

class Chexpert : public StudySource {
 public:
  explicit Chexpert(const SourceOptions& options) : options_(options) {
    options_.input = find_input(options_.input);
    parts_ = find_parts(options_.input);
  }
  std::string name() const override { return "chexpert"; }
  bool is_synthetic() const override { return fs::exists(options_.input / "SYNTHETIC"); }

  SourceListing list() const override {
    ListingBuilder listing;
    bool has_table = false;
    for (const SplitNames& names : split_names()) {
      const fs::path table = find_split_table(names);
      if (table.empty()) continue;
      has_table = true;
      listing.try_table(table, [&] { read_table(table, names.split, listing); });
    }
    const fs::path plus = find_plus();
    if (plus.empty()) {
      listing.has_no_reports();
      if (!has_table) {
        throw Error(ErrorCode::kData,
                    fmt::format("{}: neither train.csv nor df_chexpert_plus_*.csv is there",
                                options_.input.string()),
                    "--input names the folder of CheXpert's tables");
      }
    } else {
      read_plus(plus, listing);
    }
    return listing.take();
  }

 private:
  fs::path find_split_table(const SplitNames& names) const {
    for (const std::string& name : names.tables) {
      for (const fs::path& part : parts_) {
        const fs::path table = exact_table(part, name);
        if (!table.empty()) return table;
      }
    }
    return {};
  }

  fs::path find_plus() const {
    if (fs::is_regular_file(options_.reports)) return options_.reports;
    for (const fs::path& folder : {options_.reports, options_.input}) {
      const fs::path table = find_table(folder, "df_chexpert_plus", ".csv");
      if (!table.empty()) return table;
    }
    return {};
  }

  // False, with a problem, when the path is not one of CheXpert's.
  bool identify(const std::string& path, const std::string& where, SourceImage& image,
                ListingBuilder& listing) const {
    const std::string key = chexpert_key(path);
    if (key.empty() || path.find("..") != std::string::npos) {
      listing.problem(where, "bad_id", "expected .../patient00001/study1/view1_frontal.jpg");
      return false;
    }
    const fs::path parts(key);
    image.patient_id = parts.parent_path().parent_path().filename();
    image.study_id = image.patient_id + "-" + parts.parent_path().filename().string();
    image.image_id = image.study_id + "-" + parts.filename().string();
    image.relative_path = options_.text_only ? path : find_image(path, key);
    image.image_path = options_.input / image.relative_path;
    return true;
  }

  // `key` is "train/patient00001/study1/view1_frontal". A patient's folder is looked for once: with
  // the split's folder or, in the batches, right below the part.
  std::string find_image(const std::string& path, const std::string& key) const {
    if (fs::exists(options_.input / path)) return path;
    const fs::path split = *fs::path(key).begin(), rest = fs::path(key).lexically_relative(split);
    for (const fs::path& folder : folders_of(split.string(), rest.begin()->string())) {
      for (const char* extension : {".jpg", ".png", ".dcm"}) {
        const fs::path image = folder / (rest.string() + extension);
        if (fs::exists(image)) return image.lexically_relative(options_.input).generic_string();
      }
    }
    return path;
  }

  // The folders that hold `patient`'s.
  const std::vector<fs::path>& folders_of(const std::string& split,
                                          const std::string& patient) const {
    const auto [entry, is_new] = folders_.try_emplace(split + "/" + patient);
    if (!is_new) return entry->second;
    std::vector<std::string> below{split};
    for (const SplitNames& names : split_names()) {
      if (names.split == split) below = names.folders;
    }
    below.emplace_back("");
    for (const fs::path& part : parts_) {
      for (const std::string& folder : below) {
        if (fs::is_directory(part / folder / patient)) entry->second.push_back(part / folder);
      }
    }
    return entry->second;
  }

  void read_table(const fs::path& table, const std::string& split, ListingBuilder& listing) const {
    Table rows(table, listing);
    const size_t path = rows.column("Path");
    const auto sex = rows.find_column("Sex"), age = rows.find_column("Age"),
               side = rows.find_column("Frontal/Lateral"), view = rows.find_column("AP/PA");
    std::array<std::optional<size_t>, kFindingCount> labels;
    for (const Finding finding : all_findings()) {
      labels[static_cast<size_t>(finding)] = rows.find_column(finding_name(finding));
    }
    while (rows.next()) {
      SourceImage image;
      if (!identify(rows.at(path), rows.where(), image, listing)) continue;
      image.split = normalised_split(split);
      image.view = view_of(rows.at(side), rows.at(view));
      image.sex = normalised_sex(rows.at(sex));
      image.age = parse_number(rows.at(age));
      if (image.age && *image.age <= 0) image.age.reset();  // 0 stands for unknown
      image.labels = read_labels(rows, labels);
      listing.add(std::move(image), rows.where());
    }
  }

  static std::string view_of(const std::string& side, const std::string& position) {
    return normalised_view(side) == "LATERAL" ? "LATERAL" : normalised_view(position);
  }

  void read_plus(const fs::path& table, ListingBuilder& listing) const {
    Table rows(table, listing);
    const size_t path = rows.column("path_to_image"), findings = rows.column("section_findings"),
                 impression = rows.column("section_impression");
    const auto history = rows.find_column("section_clinical_history"),
               other_history = rows.find_column("section_history"),
               comparison = rows.find_column("section_comparison"), sex = rows.find_column("sex"),
               race = rows.find_column("race"), age = rows.find_column("age"),
               split = rows.find_column("split"), side = rows.find_column("frontal_lateral"),
               view = rows.find_column("ap_pa");
    while (rows.next()) {
      SourceImage image;
      if (!identify(rows.at(path), rows.where(), image, listing)) continue;
      auto report = std::make_shared<ReportSections>();
      report->findings = rows.at(findings);
      report->impression = rows.at(impression);
      report->comparison = rows.at(comparison);
      report->indication = rows.at(history).empty() ? rows.at(other_history) : rows.at(history);
      const bool is_empty = report->findings.empty() && report->impression.empty();
      SourceImage* listed = listing.find(image.image_id);
      if (listed == nullptr) {
        image.split = normalised_split(rows.at(split));
        image.view = view_of(rows.at(side), rows.at(view));
        const std::string id = image.image_id;
        if (!listing.add(std::move(image), rows.where())) continue;
        listed = listing.find(id);
      }
      if (!is_empty) listed->report = std::move(report);
      if (listed->sex.empty()) listed->sex = normalised_sex(rows.at(sex));
      if (!listed->age) listed->age = parse_number(rows.at(age));
      const std::string named = rows.at(race);
      if (named != "Unknown" && named != "Patient Refused") listed->race = named;
    }
  }

  SourceOptions options_;        // input: the folder that holds the tables or the parts
  std::vector<fs::path> parts_;  // that folder, and those below it that may hold tables and images
  mutable std::unordered_map<std::string, std::vector<fs::path>> folders_;  // by split and patient
};

}  // namespace

std::unique_ptr<StudySource> open_chexpert(const SourceOptions& options) {
  return std::make_unique<Chexpert>(options);
}

}  // namespace radgen
