// Which films a run reads and where each one's results go.
//
//   const FilmList list = list_films("incoming", "drafts");
//   for (const FilmFile& film : list.films) draft_into("drafts" / film.output, film.path);
//
// Folders are walked in sorted order. Symbolic links inside of them are not followed, and what lies
// under the output folder is not read. Only a file's first bytes decide what it is, never its name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace radgen {

struct FilmFile {
  std::filesystem::path path;
  // relative to the input, '/' between folders; valid UTF-8, for messages and results
  std::string name;
  // relative; no two films have the same, and none lies inside of another's
  std::filesystem::path output;
};
struct SkippedFile {
  std::string name;
  std::string reason;  // "not_a_film", "symbolic_link", "not_a_file", "unreadable"
};
struct FilmList {
  std::vector<FilmFile> films;
  std::vector<SkippedFile> skipped;
};

// `input`: a file, which is taken whatever it holds, or a folder. A file's output is its relative
// path without the extension; where two would meet or one would lie in another, the extension
// stays, then a number is added. `output` may be empty: nothing is written. Throws Error{kUsage}
// when the input is not there, is the output, or lies in it.
FilmList list_films(const std::filesystem::path& input, const std::filesystem::path& output);

// The outputs of relative paths, in their order.
std::vector<std::filesystem::path> output_names(const std::vector<std::filesystem::path>& relative);

// For results, messages and logs: '/' between folders, valid UTF-8, no control characters.
std::string printable_name(const std::filesystem::path& path);
// "a/film.dcm" -> "a/film"; the last part of a UID used as a name ("1.2.840.5") is no extension.
std::filesystem::path without_extension(const std::filesystem::path& path);

// Could these first bytes (512 are enough) be a DICOM, PNG or JPEG file? DICOM without a preamble
// begins with an element of group 0002 or 0008 (PS3.10 7.1).
bool begins_like_a_film(const std::string& head);

}  // namespace radgen
