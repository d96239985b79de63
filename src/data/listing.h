// What the sources share: a listing that is built row by row with its problems, tables that are
// read past their bad rows, and the places where images lie.
//
//   ListingBuilder listing;
//   Table rows(table, listing);                       // throws when the table is of no use
//   while (rows.next()) listing.add({...}, rows.where());
//   listing.try_table(boxes, [&] { ... });            // a table that the set can do without
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "radgen/data/csv.h"
#include "radgen/data/source.h"

namespace radgen {

namespace fs = std::filesystem;

// Letters, digits, '-', '_' and '.', not '.' first, at most 128: ids become parts of file names.
bool is_plain_name(const std::string& id);

// The tables' names carry a version ("mimic-cxr-2.0.0-split.csv.gz"): the last in order of name
// that has this beginning and end (with or without .gz), an unpacked one before a packed one.
// Empty when there is none.
fs::path find_table(const fs::path& folder, const std::string& prefix, const std::string& suffix);

// `folder`/`name` or, where only that is there, `name`.gz; empty when there is neither.
fs::path exact_table(const fs::path& folder, const std::string& name);

class ListingBuilder {
 public:
  // False, and a problem bad_id or duplicate_id, when the image cannot be listed.
  bool add(SourceImage image, const std::string& where);
  SourceImage* find(const std::string& image_id);  // null: not listed
  std::vector<SourceImage>& images() { return listing_.images; }
  void problem(const std::string& where, const std::string& reason, const std::string& message);
  void count(const std::string& what, size_t n = 1) { listing_.counts[what] += n; }
  void has_no_reports() { listing_.has_reports = false; }

  // Runs `read`; an Error{kData} in it is a problem bad_table and a warning, not the end.
  void try_table(const fs::path& table, const std::function<void()>& read);

  // Adds a box to the image; problems bad_box (no numbers, no area), unknown image counted as
  // "boxes_of_unlisted_images", a class outside CheXpert's 14 as "boxes_of_other_findings".
  void add_box(const std::string& image_id, const std::string& class_name, SourceBox box,
               const std::string& where);

  SourceListing take() { return std::move(listing_); }

 private:
  SourceListing listing_;
  std::unordered_map<std::string, size_t> index_;
};

// A CsvReader whose bad rows are problems of the listing: bad_row, and cut_table where the file
// ends early (a packed one that is not whole, a quote that is never closed).
class Table {
 public:
  Table(const fs::path& path, ListingBuilder& listing) : reader_(path), listing_(listing) {}
  size_t column(const std::string& name) const { return reader_.column(name); }
  std::optional<size_t> find_column(const std::string& name) const {
    return reader_.find_column(name);
  }
  const std::vector<std::string>& columns() const { return reader_.columns(); }
  bool next();
  const std::string& at(size_t column) const { return reader_.at(column); }
  std::string at(const std::optional<size_t>& column) const { return reader_.at(column); }
  std::string where() const;  // "TABLE:LINE" of the row

 private:
  CsvReader reader_;
  ListingBuilder& listing_;
};

// Four fields of the row as numbers; nothing when one of them is none.
std::optional<std::array<double, 4>> four_numbers(const Table& row,
                                                  const std::array<size_t, 4>& columns);

// Every file below `folder` whose extension is one of `extensions` (lower case), relative to it,
// by file name. Of files with one name the first path in order counts. Links are not followed.
std::unordered_map<std::string, fs::path> index_files(const fs::path& folder,
                                                      const std::vector<std::string>& extensions);
inline const std::vector<std::string> kImageExtensions{".dcm", ".dicom", ".png", ".jpg", ".jpeg"};

}  // namespace radgen
