#include "radgen/core/csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>

#include "radgen/core/error.h"
#include "radgen/core/utf8.h"

#ifndef RADGEN_WITHOUT_ZLIB
#include <zlib.h>
#endif

namespace radgen {
namespace {

constexpr size_t kCsvBufferBytes = 1 << 16;
// A quote that is never closed would swallow the rest of the file: no honest field is this long.
constexpr size_t kMaxFieldBytes = size_t{16} << 20;
constexpr int kEnd = -1;

}  // namespace

struct CsvReader::State {
#ifndef RADGEN_WITHOUT_ZLIB
  // A plain or packed file: zlib reads both through the same calls.
  class Input {
   public:
    explicit Input(const std::filesystem::path& path) : file_(gzopen(path.c_str(), "rb")) {
      if (file_ != nullptr) gzbuffer(file_, kCsvBufferBytes);
    }
    ~Input() {
      if (file_ != nullptr) gzclose(file_);
    }
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;
    bool is_open() const { return file_ != nullptr; }
    // The bytes read; `error` is what went wrong, also beside bytes (a cut archive's last ones).
    size_t read(unsigned char* to, size_t size, std::string& error) {
      const int count = gzread(file_, to, static_cast<unsigned>(size));
      int code = Z_OK;
      const char* message = gzerror(file_, &code);
      if (count < 0 || (code != Z_OK && code != Z_STREAM_END)) {
        error = code == Z_ERRNO ? "read error" : message;
      }
      return static_cast<size_t>(std::max(count, 0));
    }

   private:
    gzFile file_;
  };
#else
  // A build of the network alone has no zlib: plain files.
  class Input {
   public:
    explicit Input(const std::filesystem::path& path) : file_(path, std::ios::binary) {}
    bool is_open() const { return file_.is_open(); }
    size_t read(unsigned char* to, size_t size, std::string& error) {
      file_.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(size));
      const auto count = static_cast<size_t>(file_.gcount());
      if (file_.bad()) error = "read error";
      if (is_first_ && count >= 2 && to[0] == 0x1F && to[1] == 0x8B) {
        error = "this build has no zlib";
        return 0;
      }
      is_first_ = false;
      return count;
    }

   private:
    std::ifstream file_;
    bool is_first_ = true;
  };
#endif

  std::filesystem::path path;
  Input file;
  std::array<unsigned char, kCsvBufferBytes> buffer;
  size_t position = 0, filled = 0;
  size_t next_line = 1, row_line = 0;
  std::vector<std::string> columns, row;
  size_t named_columns = 0;  // up to the last one that has a name
  bool is_inside_row = false;
  bool is_broken = false;  // nothing after this place can be read
  std::string problem, unpack_error;

  explicit State(const std::filesystem::path& table) : path(table), file(table) {}

  [[noreturn]] void fail(size_t line, const std::string& what, const std::string& hint) const {
    throw Error(ErrorCode::kData, fmt::format("{}: line {}: {}", path.string(), line, what), hint);
  }

  void fill() {
    if (unpack_error.empty()) {
      position = 0;
      filled = file.read(buffer.data(), buffer.size(), unpack_error);
      // A cut archive gives Z_BUF_ERROR with its last bytes: they are used before it is an error.
      if (filled > 0 || unpack_error.empty()) return;
    }
    is_broken = true;
    fail(next_line, fmt::format("cannot be unpacked ({})", unpack_error),
         "fetch the file again and compare its checksum");
  }

  int peek() {
    if (position == filled) fill();
    return filled == 0 ? kEnd : buffer[position];
  }

  int take() {
    const int c = peek();
    if (c != kEnd) ++position;
    if (c == '\n') ++next_line;
    return c;
  }

  // The end of a line is LF, CRLF or the end of the file.
  bool take_line_end() {
    if (peek() == '\r') {
      take();
      if (peek() == '\n') take();
      return true;
    }
    if (peek() == '\n') {
      take();
      return true;
    }
    return peek() == kEnd;
  }

  void append(std::string& field, int c) {
    if (field.size() >= kMaxFieldBytes) {
      is_broken = true;
      fail(row_line, "a field of more than 16 MiB", "is a quote never closed?");
    }
    field.push_back(static_cast<char>(c));
  }

  void read_quoted(std::string& field) {
    const size_t opened = next_line;
    take();
    while (true) {
      const int c = take();
      if (c == kEnd) {
        is_broken = true;
        fail(opened, "a quote is opened and never closed", "is the file complete?");
      }
      if (c != '"') {
        append(field, c);
      } else if (peek() == '"') {
        append(field, take());
      } else {
        return;
      }
    }
  }

  // False at the end of the file; empty lines are passed over.
  bool read_row(std::vector<std::string>& fields) {
    while (peek() == '\r' || peek() == '\n') take_line_end();
    if (peek() == kEnd) return false;
    row_line = next_line;
    is_inside_row = true;
    size_t count = 0;
    while (true) {
      if (count == fields.size()) fields.emplace_back();
      std::string& field = fields[count++];
      field.clear();
      if (peek() == '"') {
        read_quoted(field);
        const int after = peek();
        if (after != ',' && after != '\r' && after != '\n' && after != kEnd) {
          fail(next_line, fmt::format("text after the closing quote of field {}", count),
               "a quote inside a quoted field is written twice");
        }
      } else {
        while (peek() != ',' && peek() != '\r' && peek() != '\n' && peek() != kEnd) {
          append(field, take());
        }
      }
      if (!is_utf8(field)) field = to_utf8(std::move(field));
      if (peek() == ',') {
        take();
      } else if (take_line_end()) {
        break;
      }
    }
    fields.resize(count);
    is_inside_row = false;
    return true;
  }

  void skip_byte_order_mark() {
    if (peek() != 0xEF) return;
    if (filled >= 3 && buffer[1] == 0xBB && buffer[2] == 0xBF) position = 3;
  }
};

CsvReader::CsvReader(const std::filesystem::path& path) : state_(std::make_unique<State>(path)) {
  if (!std::filesystem::is_regular_file(path)) {
    throw Error(ErrorCode::kData, fmt::format("{}: no such file", path.string()),
                "check the path of the table");
  }
  if (!state_->file.is_open()) {
    throw Error(ErrorCode::kData, fmt::format("{}: cannot be opened", path.string()),
                "check that you may read it");
  }
  state_->skip_byte_order_mark();
  if (!state_->read_row(state_->columns)) {
    throw Error(ErrorCode::kData,
                fmt::format("{}: empty, expected a header row of column names", path.string()),
                "fetch the file again");
  }
  for (size_t i = 0; i < state_->columns.size(); ++i) {
    if (!state_->columns[i].empty()) state_->named_columns = i + 1;
  }
}

CsvReader::~CsvReader() = default;

const std::vector<std::string>& CsvReader::columns() const { return state_->columns; }

std::optional<size_t> CsvReader::find_column(const std::string& name) const {
  for (size_t i = 0; i < state_->columns.size(); ++i) {
    if (state_->columns[i] == name) return i;
  }
  return std::nullopt;
}

size_t CsvReader::column(const std::string& name) const {
  if (const auto index = find_column(name)) return *index;
  throw Error(ErrorCode::kData,
              fmt::format("{}: no column '{}', the columns are: {}", state_->path.string(), name,
                          fmt::join(state_->columns, ", ")),
              "is this the right table?");
}

bool CsvReader::next() {
  if (!state_->read_row(state_->row)) return false;
  const size_t width = state_->row.size();
  if (width < state_->named_columns || width > state_->columns.size()) {
    state_->fail(state_->row_line,
                 fmt::format("{} fields, the header has {}", width, state_->columns.size()),
                 "is the file complete, and are fields with commas quoted?");
  }
  state_->row.resize(state_->columns.size());
  return true;
}

CsvReader::Step CsvReader::step() {
  if (state_->is_broken) return Step::kEnd;
  try {
    return next() ? Step::kRow : Step::kEnd;
  } catch (const Error& error) {
    state_->problem = error.what();
  }
  if (state_->is_broken) return Step::kBroken;
  // A row of another width is behind us; one that a stray quote spoilt is left at the next line.
  try {
    while (state_->is_inside_row && !state_->take_line_end()) state_->take();
  } catch (const Error& error) {
    state_->problem = error.what();
    return Step::kBroken;
  }
  state_->is_inside_row = false;
  return Step::kBadRow;
}

const std::string& CsvReader::problem() const { return state_->problem; }

const std::string& CsvReader::at(size_t column) const {
  RADGEN_CHECK(column < state_->row.size(), "column index out of range, or no row was read");
  return state_->row[column];
}

std::string CsvReader::at(const std::optional<size_t>& column) const {
  return column ? at(*column) : std::string();
}

size_t CsvReader::line() const { return state_->row_line; }
const std::filesystem::path& CsvReader::path() const { return state_->path; }

// By from_chars: strtod reads as the locale of the program has it ("1,5"), and hexadecimal.
std::optional<double> parse_number(const std::string& field) {
  if (field.empty() || field.size() > 64) return std::nullopt;
  const char* begin = field.data();
  const char* const end = begin + field.size();
  while (begin != end && *begin == ' ') ++begin;
  if (begin != end && *begin == '+' && begin + 1 != end && begin[1] != '-') ++begin;
  double value = 0;
  const auto [last, error] = std::from_chars(begin, end, value);
  if (error != std::errc() || last != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace radgen
