#include "data/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "data/class_names.h"
#include "radgen/core/ids.h"
#include "radgen/core/log.h"

namespace radgen {

bool is_plain_name(const std::string& id) {
  return !id.empty() && id.size() <= 128 && id.front() != '.' &&
         std::ranges::all_of(id, [](unsigned char c) {
           return std::isalnum(c) || c == '-' || c == '_' || c == '.';
         });
}

fs::path find_table(const fs::path& folder, const std::string& prefix, const std::string& suffix) {
  fs::path best;
  if (!fs::is_directory(folder)) return best;
  for (const auto& item : fs::directory_iterator(folder)) {
    std::string stem = item.path().filename().string();
    if (stem.ends_with(".gz")) stem.resize(stem.size() - 3);
    const bool fits = stem.size() >= prefix.size() + suffix.size() && stem.starts_with(prefix) &&
                      stem.ends_with(suffix);
    if (!fits) continue;
    const auto key = [](const fs::path& path) {
      const bool is_packed = path.extension() == ".gz";
      return std::make_pair(is_packed ? path.stem().string() : path.filename().string(),
                            !is_packed);
    };
    if (best.empty() || key(item.path()) > key(best)) best = item.path();
  }
  return best;
}

fs::path exact_table(const fs::path& folder, const std::string& name) {
  for (const std::string& file : {name, name + ".gz"}) {
    if (fs::is_regular_file(folder / file)) return folder / file;
  }
  return {};
}

namespace {

// Folders of one patient or study, of which there are tens of thousands.
bool is_patient_folder(const std::string& name) {
  const size_t digits = name.find_first_of("0123456789");
  const bool ends_in_digits = digits != std::string::npos &&
                              name.find_first_not_of("0123456789", digits) == std::string::npos;
  const std::string word = name.substr(0, digits);
  return ends_in_digits && (word == "p" || word == "s" || word == "patient" || word == "study");
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator it(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with(".") || is_patient_folder(name)) continue;
    if (it->is_directory(error)) folders.push_back(it->path());
  }
  std::ranges::sort(folders);
  return folders;
}

}  // namespace

std::vector<fs::path> find_roots(const fs::path& input,
                                 const std::function<bool(const fs::path&)>& is_root) {
  constexpr int kLevels = 4;
  constexpr size_t kMostFolders = 4000;
  std::vector<fs::path> level{input};
  for (int depth = 0; depth <= kLevels && !level.empty(); ++depth) {
    std::vector<fs::path> roots, below;
    std::ranges::copy_if(level, std::back_inserter(roots), is_root);
    if (!roots.empty()) return roots;
    for (const fs::path& folder : level) {
      for (fs::path& inner : folders_in(folder)) below.push_back(std::move(inner));
      if (below.size() > kMostFolders) break;
    }
    level = std::move(below);
  }
  return {input};
}

bool ListingBuilder::add(SourceImage image, const std::string& where) {
  if (!is_plain_name(image.patient_id) || !is_plain_name(image.study_id) ||
      !is_plain_name(image.image_id)) {
    problem(where, "bad_id",
            "patient, study and picture must have plain names (letters, digits, '-', '_', '.')");
    return false;
  }
  if (!index_.emplace(image.image_id, listing_.images.size()).second) {
    problem(where, "duplicate_id", "the picture is listed before; the first one counts");
    return false;
  }
  listing_.images.push_back(std::move(image));
  return true;
}

SourceImage* ListingBuilder::find(const std::string& image_id) {
  const auto it = index_.find(image_id);
  return it == index_.end() ? nullptr : &listing_.images[it->second];
}

void ListingBuilder::problem(const std::string& where, const std::string& reason,
                             const std::string& message) {
  listing_.problems.push_back({where, reason, message});
}

void ListingBuilder::try_table(const fs::path& table, const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kData) throw;
    log::warning("{}; going on without it", error.what());
    problem(table.filename().string(), "bad_table", error.what());
  }
}

void ListingBuilder::add_box(const std::string& image_id, const std::string& class_name,
                             SourceBox box, const std::string& where) {
  SourceImage* image = find(image_id);
  if (image == nullptr) {
    count("boxes_of_unlisted_pictures");
    unlisted_id_ = image_id;
    return;
  }
  const auto finding = finding_of_class(class_name);
  if (!finding || *finding == Finding::kNoFinding) {
    count("boxes_of_other_findings");
    return;
  }
  if (box.box.area() <= 0) {
    problem(where, "bad_box", "expected a box with a width and a height above 0");
    return;
  }
  box.finding = finding_name(*finding);
  image->boxes.push_back(std::move(box));
}

SourceListing ListingBuilder::take() {
  const bool has_boxes = std::ranges::any_of(
      listing_.images, [](const SourceImage& image) { return !image.boxes.empty(); });
  if (!unlisted_id_.empty() && !has_boxes && !listing_.images.empty()) {
    const std::string hint = written_alike(unlisted_id_, listing_.images.front().image_id);
    log::warning("none of {} boxes names a listed picture: {}",
                 listing_.counts["boxes_of_unlisted_pictures"], hint);
    problem("boxes", "no_box_matches", hint);
  }
  return std::move(listing_);
}

bool Table::next() {
  while (true) {
    const CsvReader::Step step = reader_.step();
    if (step == CsvReader::Step::kRow) return true;
    if (step == CsvReader::Step::kEnd) return false;
    const bool is_cut = step == CsvReader::Step::kBroken;
    listing_.problem(where(), is_cut ? "cut_table" : "bad_row", reader_.problem());
    if (is_cut) {
      log::warning("{}; what comes before is used", reader_.problem());
      return false;
    }
  }
}

std::string Table::where() const {
  return fmt::format("{}:{}", reader_.path().filename().string(), reader_.line());
}

std::optional<std::array<double, 4>> four_numbers(const Table& row,
                                                  const std::array<size_t, 4>& columns) {
  std::array<double, 4> values{};
  for (size_t i = 0; i < 4; ++i) {
    const auto number = parse_number(row.at(columns[i]));
    if (!number) return std::nullopt;
    values[i] = *number;
  }
  return values;
}

std::string plain_id(const std::string& id) {
  const size_t begin = id.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  std::string plain = id.substr(begin, id.find_last_not_of(" \t") - begin + 1);
  const size_t dot = plain.find('.');
  const bool is_float = dot != std::string::npos && dot > 0 &&
                        plain.find_first_not_of("0123456789") == dot && dot + 1 < plain.size() &&
                        plain.find_first_not_of('0', dot + 1) == std::string::npos;
  return is_float ? plain.substr(0, dot) : plain;
}

std::unordered_map<std::string, fs::path> index_files(const fs::path& folder,
                                                      const std::vector<std::string>& extensions) {
  std::unordered_map<std::string, fs::path> files;
  const auto options = fs::directory_options::skip_permission_denied;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, options, error), end; !error && it != end;
       it.increment(error)) {
    std::string extension = it->path().extension().string();
    std::ranges::transform(extension, extension.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (std::ranges::find(extensions, extension) == extensions.end()) continue;
    if (!it->is_regular_file()) continue;
    const fs::path relative = it->path().lexically_relative(folder);
    const auto [entry, is_new] = files.emplace(it->path().filename().string(), relative);
    if (!is_new && relative < entry->second) entry->second = relative;
  }
  return files;
}

}  // namespace radgen
