// Texts of a DICOM header as UTF-8, by the data set's Specific Character Set (PS3.3 C.12.1.1.2;
// PS3.5 6.1): single byte sets, UTF-8, GB18030, GBK, and ISO 2022 with escape sequences. What
// cannot be decoded is nothing, never a guess: a garbled patient id is the id of somebody else.
//
//   TextDecoder decoder(R"(\ISO 2022 IR 87)");
//   std::optional<std::string> id = decoder.decode(bytes);
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace radgen {

class TextDecoder {
 public:
  // `specific_character_set`: (0008,0005) as it stands there; empty: the default repertoire
  // (ASCII). Terms that are written almost right ("ISO IR 100", "utf8") are understood.
  explicit TextDecoder(std::string_view specific_character_set);

  // Without the padding at both ends. Nothing when the bytes are no text of the character set, when
  // the set is not known and the bytes are not plain ASCII, when control characters stand in it, or
  // when bytes under a Latin set are UTF-8: then one of the two is wrong.
  std::optional<std::string> decode(std::string_view bytes) const;

  const std::string& character_set() const { return character_set_; }

 private:
  std::string character_set_;  // defined terms, normalised
};

// The converters of all character sets, which the C library loads from files at their first use;
// they stay loaded.
void load_character_sets();

}  // namespace radgen
