#include "evaluation/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/utf8.h"

namespace radgen::evaluation {
namespace {

class Reader {
 public:
  Reader(std::string text, std::string name) : text_(std::move(text)), name_(std::move(name)) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  // The fields of the next row that is not empty; none at the end.
  std::vector<std::string> next(size_t& line) {
    std::vector<std::string> fields;
    while (at_ < text_.size() && fields.empty()) {
      line = line_;
      fields = row();
      if (fields.size() == 1 && fields.front().empty()) fields.clear();
    }
    return fields;
  }

 private:
  std::vector<std::string> row() {
    std::vector<std::string> fields(1);
    const size_t begin = line_;
    bool is_quoted = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      line_ += c == '\n';
      if (is_quoted) {
        if (c != '"') {
          fields.back() += c;
        } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
          fields.back() += text_[++at_];
        } else {
          is_quoted = false;
        }
      } else if (c == '"' && fields.back().empty()) {
        is_quoted = true;
      } else if (c == ',') {
        fields.emplace_back();
      } else if (c == '\n') {
        ++at_;
        break;
      } else if (c != '\r') {
        fields.back() += c;
      }
    }
    if (is_quoted) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: line {}: a quote is never closed", name_, begin),
                  "write a quote inside a quoted field twice");
    }
    return fields;
  }

  std::string text_, name_;
  size_t at_ = 0, line_ = 1;
};

}  // namespace

void read_text_table(const std::filesystem::path& path,
                     const std::function<void(const Row& row, size_t line)>& use) {
  Reader reader(to_utf8(read_file(path)), path.string());
  size_t line = 1;
  std::vector<std::string> columns = reader.next(line);
  for (std::string& column : columns) {
    std::transform(column.begin(), column.end(), column.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  }
  for (auto fields = reader.next(line); !fields.empty(); fields = reader.next(line)) {
    if (fields.size() != columns.size()) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: line {}: {} fields where the header has {}", path.string(), line,
                              fields.size(), columns.size()),
                  "put texts with commas or line breaks in quotes");
    }
    Row row;
    for (size_t c = 0; c < columns.size(); ++c) row[columns[c]] = std::move(fields[c]);
    use(row, line);
  }
}

}  // namespace radgen::evaluation
