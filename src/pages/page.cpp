#include "radgen/pages/page.h"

#include <cstdint>

#include "pages/style.h"
#include "radgen/core/error.h"
#include "radgen/core/tool.h"

namespace radgen::pages {
namespace {

constexpr const char* kStanding = "Research software, not for clinical use";

const char* tone_class(Tone tone) {
  switch (tone) {
    case Tone::kNote:
      return "note";
    case Tone::kGood:
      return "good";
    case Tone::kWarning:
      return "warning";
    case Tone::kAlarm:
      return "alarm";
  }
  return "note";
}

std::string caption_markup(const std::string& caption) {
  return caption.empty() ? "" : "<figcaption>" + escape_html(caption) + "</figcaption>";
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr const char* kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (size_t k = 0; k < 4; ++k) out += k <= count ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::string png_data_uri(std::string_view png_bytes) {
  RADGEN_CHECK(png_bytes.substr(0, 8) == "\x89PNG\r\n\x1a\n", "these bytes are no PNG");
  return "data:image/png;base64," + base64(png_bytes);
}

std::string jpeg_data_uri(std::string_view jpeg_bytes) {
  RADGEN_CHECK(jpeg_bytes.substr(0, 3) == "\xff\xd8\xff", "these bytes are no JPEG");
  return "data:image/jpeg;base64," + base64(jpeg_bytes);
}

Table& Table::row(std::vector<std::string> cells) {
  RADGEN_CHECK(cells.size() == columns_.size(), "a table row needs a cell for each column");
  rows_.push_back({std::move(cells), false, ""});
  return *this;
}

Table& Table::strong_row(std::vector<std::string> cells) {
  row(std::move(cells));
  rows_.back().is_strong = true;
  return *this;
}

Table& Table::note(std::string text) {
  RADGEN_CHECK(!rows_.empty(), "a note needs a row");
  rows_.back().note = std::move(text);
  return *this;
}

Table& Table::caption(std::string text) {
  caption_ = std::move(text);
  return *this;
}

std::string Table::html() const {
  const auto cell = [this](const char* tag, size_t column, const std::string& text) {
    return std::string("<") + tag + (columns_[column].is_numeric ? " class=\"number\">" : ">") +
           escape_html(text) + "</" + tag + ">";
  };
  std::string out = "<div class=\"scroll\"><table>";
  if (!caption_.empty()) out += "<caption>" + escape_html(caption_) + "</caption>";
  out += "<thead><tr>";
  for (size_t i = 0; i < columns_.size(); ++i) out += cell("th", i, columns_[i].title);
  out += "</tr></thead>\n<tbody>";
  for (const Row& row : rows_) {
    const std::string kind =
        std::string(row.is_strong ? "strong" : "") + (row.note.empty() ? "" : " noted");
    out += kind.empty() ? "<tr>" : "<tr class=\"" + kind + "\">";
    for (size_t i = 0; i < row.cells.size(); ++i) out += cell("td", i, row.cells[i]);
    out += "</tr>\n";
    if (!row.note.empty()) {
      out += "<tr class=\"note\"><td colspan=\"" + std::to_string(columns_.size()) + "\">" +
             escape_html(row.note) + "</td></tr>\n";
    }
  }
  return out + "</tbody></table></div>\n";
}

Page::Page(std::string title, std::string subtitle)
    : title_(std::move(title)), subtitle_(std::move(subtitle)) {}

Page& Page::section(const std::string& title, const std::string& lead) {
  sections_.push_back(title);
  body_ += "<h2 id=\"s" + std::to_string(sections_.size()) + "\">" + escape_html(title) + "</h2>\n";
  if (!lead.empty()) body_ += "<p class=\"lead\">" + escape_html(lead) + "</p>\n";
  return *this;
}

Page& Page::paragraph(const std::string& text) {
  body_ += "<p>" + escape_html(text) + "</p>\n";
  return *this;
}

Page& Page::callout(Tone tone, const std::string& title, const std::string& text) {
  body_ += std::string("<div class=\"callout ") + tone_class(tone) + "\" role=\"note\"><b>" +
           escape_html(title) + "</b><p>" + escape_html(text) + "</p></div>\n";
  return *this;
}

Page& Page::facts(const std::vector<Fact>& facts) {
  body_ += "<div class=\"facts\">";
  for (const Fact& fact : facts) {
    body_ += "<div class=\"fact\"><div class=\"value\">" + escape_html(fact.value) +
             "</div><div class=\"label\">" + escape_html(fact.label) + "</div>";
    if (!fact.note.empty()) body_ += "<div class=\"detail\">" + escape_html(fact.note) + "</div>";
    body_ += "</div>";
  }
  body_ += "</div>\n";
  return *this;
}

Page& Page::table(const Table& table) { return add_html(table.html()); }

Page& Page::figure(const std::string& svg, const std::string& caption) {
  return add_html("<figure>" + svg + caption_markup(caption) + "</figure>\n");
}

Page& Page::image(std::string_view png_bytes, const std::string& alt, const std::string& caption) {
  return add_html("<figure><img src=\"" + png_data_uri(png_bytes) + "\" alt=\"" + escape_html(alt) +
                  "\">" + caption_markup(caption) + "</figure>\n");
}

Page& Page::add_html(std::string_view markup) {
  body_ += markup;
  return *this;
}

std::string Page::html() const {
  const std::string title = escape_html(title_);
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
      title + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n<header>\n<h1>" + title +
      "</h1>\n";
  if (!subtitle_.empty()) out += "<p class=\"subtitle\">" + escape_html(subtitle_) + "</p>\n";
  out += std::string("<div class=\"standing\">") + kStanding + "</div>\n";
  if (sections_.size() > 1) {
    out += "<nav>";
    for (size_t i = 0; i < sections_.size(); ++i) {
      out += "<a href=\"#s" + std::to_string(i + 1) + "\">" + escape_html(sections_[i]) + "</a> ";
    }
    out += "</nav>\n";
  }
  return out + "</header>\n<main>\n" + body_ + "</main>\n<footer><div>RadGen " +
         escape_html(version_text()) + ". " + kStanding + ".</div></footer>\n</body>\n</html>\n";
}

}  // namespace radgen::pages
