#include "radgen/clinical/film_list.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "clinical/paths.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

constexpr size_t kHeadBytes = 512;
// What the run itself writes into the output folder.
constexpr const char* kReserved = "summary.json";

bool all_digits(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c >= '0' && c <= '9'; });
}

// Outputs that are taken, and the folders above them: an output may be neither.
class Taken {
 public:
  Taken() { outputs_.insert(kReserved); }
  bool is_free(const fs::path& output) const {
    if (outputs_.contains(output) || above_.contains(output)) return false;
    for (fs::path up = output.parent_path(); !up.empty(); up = up.parent_path()) {
      if (outputs_.contains(up)) return false;
    }
    return true;
  }
  void take(const fs::path& output) {
    outputs_.insert(output);
    for (fs::path up = output.parent_path(); !up.empty(); up = up.parent_path()) above_.insert(up);
  }

 private:
  std::set<fs::path> outputs_, above_;
};

// False: cannot be read.
bool read_head(const fs::path& path, std::string& head) {
  std::ifstream file(path, std::ios::binary);
  head.resize(kHeadBytes);
  if (!file) return false;
  file.read(head.data(), kHeadBytes);
  head.resize(static_cast<size_t>(file.gcount()));
  return !file.bad();
}

// Every path below `folder`, sorted by name in each folder; folders that cannot be opened are
// skipped with a word.
void walk(const fs::path& folder, const fs::path& root, const fs::path& output, FilmList& list,
          std::vector<fs::path>& found) {
  std::error_code error;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    entries.push_back(*it);
  }
  const auto skip = [&](const fs::path& path, const char* reason) {
    list.skipped.push_back({printable_name(path.lexically_relative(root)), reason});
  };
  if (error) skip(folder, "unreadable");
  std::sort(entries.begin(), entries.end());
  for (const fs::directory_entry& entry : entries) {
    std::error_code ignored;
    const fs::file_status status = entry.symlink_status(ignored);
    std::string head;
    if (status.type() == fs::file_type::symlink) {
      skip(entry.path(), "symbolic_link");
    } else if (status.type() == fs::file_type::directory) {
      if (entry.path() != output) walk(entry.path(), root, output, list, found);
    } else if (status.type() != fs::file_type::regular) {
      skip(entry.path(), "not_a_file");
    } else if (!read_head(entry.path(), head)) {
      skip(entry.path(), "unreadable");
    } else if (!begins_like_a_film(head)) {
      skip(entry.path(), "not_a_film");
    } else {
      found.push_back(entry.path());
    }
  }
}

}  // namespace

// JSON wants UTF-8, and a line of a log must stay one line.
std::string printable_name(const fs::path& path) {
  std::string text = path.generic_string();
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = '?';
  }
  // The JSON library checks UTF-8 and puts U+FFFD in for what is none.
  const std::string quoted =
      nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return nlohmann::json::parse(quoted).get<std::string>();
}

fs::path without_extension(const fs::path& path) {
  const std::string extension = path.extension().string();
  if (extension.size() < 2 || all_digits(extension.substr(1))) return path;
  return fs::path(path).replace_extension();
}

bool begins_like_a_film(const std::string& head) {
  if (head.size() >= 132 && head.compare(128, 4, "DICM") == 0) return true;
  if (head.starts_with("DICM")) return true;  // the preamble is missing
  if (head.starts_with("\x89PNG\r\n\x1a\n") || head.starts_with("\xff\xd8\xff")) return true;
  if (head.size() < 8) return false;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(head[i]); };
  const bool little = (byte(0) == 2 || byte(0) == 8) && byte(1) == 0 && byte(3) == 0;
  const bool big = byte(0) == 0 && (byte(1) == 2 || byte(1) == 8) && byte(2) == 0;
  return little || big;
}

std::vector<fs::path> output_names(const std::vector<fs::path>& relative) {
  // How many films want each short name: where two do, neither gets it, so that no name depends on
  // another file's absence or on the order.
  std::multiset<fs::path> wanted;
  for (const fs::path& path : relative) wanted.insert(without_extension(path));
  Taken taken;
  std::set<fs::path> folders;
  for (const fs::path& path : relative) {
    for (fs::path up = path.parent_path(); !up.empty(); up = up.parent_path()) folders.insert(up);
  }
  std::vector<fs::path> outputs;
  for (const fs::path& path : relative) {
    fs::path output = without_extension(path);
    if (wanted.count(output) > 1 || folders.contains(output) || !taken.is_free(output))
      output = path;
    const std::string base = output.string();
    for (int number = 2; folders.contains(output) || !taken.is_free(output); ++number) {
      output = base + "~" + std::to_string(number);
    }
    taken.take(output);
    outputs.push_back(output);
  }
  return outputs;
}

FilmList list_films(const fs::path& input, const fs::path& output) {
  std::error_code error;
  const fs::path root = fs::canonical(input, error);
  if (error) {
    throw Error(ErrorCode::kUsage, "--input " + input.string() + ": " + error.message(),
                "give a DICOM, PNG or JPEG file, or a folder of them");
  }
  const fs::path target =
      output.empty() ? fs::path() : fs::weakly_canonical(fs::absolute(output), error);
  if (!output.empty() && (root == target || lies_in(root, target))) {
    throw Error(ErrorCode::kUsage, "--output " + output.string() + " holds the input",
                "choose an output folder beside the input or inside of it");
  }
  FilmList list;
  std::vector<fs::path> found, relative;
  if (fs::is_directory(root)) {
    walk(root, root, target, list, found);
    for (const fs::path& path : found) relative.push_back(path.lexically_relative(root));
  } else {
    found.push_back(root);
    relative.push_back(input.filename());
  }
  const std::vector<fs::path> outputs = output_names(relative);
  for (size_t i = 0; i < found.size(); ++i) {
    list.films.push_back({found[i], printable_name(relative[i]), outputs[i]});
  }
  return list;
}

}  // namespace radgen
