// DCMTK made safe for a library: silent (its messages quote tag values), codecs registered once,
// and the JPEG decoder's complaints about damaged data counted instead of printed.
#pragma once

namespace radgen {

// Idempotent and thread safe. Call before using DCMTK.
void set_up_dcmtk();

// DCMTK's table of attributes, which it reads from a file at its first use.
void load_dcmtk_dictionary();

// Counts what the decoders said about damaged data on this thread while it lives.
class DecoderComplaints {
 public:
  DecoderComplaints();
  ~DecoderComplaints();
  DecoderComplaints(const DecoderComplaints&) = delete;
  DecoderComplaints& operator=(const DecoderComplaints&) = delete;
  int count() const;
};

}  // namespace radgen
