// Values of FHIR R4: dates, strings, narrative, attachments.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace radgen::fhir {

// Valid UTF-8 without control characters but line breaks and tabs; other bytes become '?'.
std::string clean(std::string_view text);
// Text for the narrative: & < > " escaped, line breaks as <br/>.
std::string narrative_text(std::string_view text);
// DICOM DA, TM and UTC offset as a FHIR dateTime; the date alone without time or offset; empty when
// not a date.
std::string date_time(const std::string& date, const std::string& time,
                      const std::string& utc_offset);
// UTC, in seconds.
std::string instant(std::chrono::system_clock::time_point time);
bool is_instant(const std::string& text);
bool is_uid(const std::string& text);             // DICOM PS3.5 9.1
std::string sha1_base64(std::string_view bytes);  // what R4's Attachment.hash asks for

}  // namespace radgen::fhir
