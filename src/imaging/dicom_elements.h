// Typed access to the few elements of an outline, parsed by DCMTK.
#pragma once

// DCMTK's configuration has to come first.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <optional>
#include <string>
#include <vector>

#include "imaging/dicom_header.h"
#include "imaging/dicom_outline.h"
#include "imaging/dicom_text.h"

namespace radgen {

class DicomElements {
 public:
  // False when DCMTK cannot read them. The outline must outlive this.
  bool parse(const DicomOutline& outline);

  // In the data set's character set; empty when there is none. Nothing: it cannot be decoded.
  std::optional<std::string> decoded(const DcmTagKey& key) const;
  // The same for what decides nothing about a person: empty when it cannot be decoded.
  std::string text(const DcmTagKey& key) const { return decoded(key).value_or(""); }
  // Each value of a code string, without the spaces around it, joined by backslashes again.
  std::string code(const DcmTagKey& key) const;
  // All values of a decimal string; nothing in place of one that is no finite number.
  std::vector<std::optional<double>> decimals(const DcmTagKey& key) const;
  std::optional<double> decimal(const DcmTagKey& key) const;

  std::optional<int> number(const DcmTagKey& key, bool is_signed = false);  // VR US or SS
  std::optional<int> integer_text(const DcmTagKey& key);                    // VR IS
  bool has(const DcmTagKey& key) { return data_set_.tagExistsWithValue(key); }

  // The usable items of a LUT sequence, in their order. `is_signed`: their first input value is.
  std::vector<LookUpTable> tables(const DcmTagKey& sequence, bool is_signed);

 private:
  DcmDataset data_set_;
  const DicomOutline* outline_ = nullptr;
  std::optional<TextDecoder> decoder_;
};

}  // namespace radgen
