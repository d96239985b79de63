#include "imaging/dcmtk_setup.h"

// DCMTK's configuration has to come first.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/appender.h>
#include <dcmtk/oflog/oflog.h>
#include <dcmtk/oflog/spi/logevent.h>

#include <mutex>
#include <string>

namespace radgen {
namespace {

thread_local int complaints = 0;

// libijg's words for data that cannot be what was encoded: Huffman codes, restart markers and ends
// that are wrong. Other warnings (odd but harmless markers) do not count.
bool tells_damage(const std::string& message) {
  return message.find("Corrupt JPEG data") != std::string::npos ||
         message.find("Premature end") != std::string::npos;
}

class ComplaintCounter : public dcmtk::log4cplus::Appender {
 public:
  ~ComplaintCounter() override { destructorImpl(); }
  void close() override {}

 protected:
  void append(const dcmtk::log4cplus::spi::InternalLoggingEvent& event) override {
    const auto& message = event.getMessage();
    if (tells_damage(std::string(message.c_str(), message.length()))) ++complaints;
  }
};

}  // namespace

void set_up_dcmtk() {
  static std::once_flag once;
  std::call_once(once, [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    OFLogger jpeg = OFLog::getLogger("dcmtk.dcmjpeg");
    jpeg.setLogLevel(OFLogger::WARN_LOG_LEVEL);
    jpeg.setAdditivity(false);
    jpeg.removeAllAppenders();
    jpeg.addAppender(dcmtk::log4cplus::SharedAppenderPtr(new ComplaintCounter));
    // Colour is refused, so no colour conversion is set up; the defaults do for grey.
    DJDecoderRegistration::registerCodecs();
    DJLSDecoderRegistration::registerCodecs();
  });
}

void load_dcmtk_dictionary() {
  dcmDataDict.rdlock();  // loads it
  dcmDataDict.rdunlock();
}

DecoderComplaints::DecoderComplaints() { complaints = 0; }
DecoderComplaints::~DecoderComplaints() { complaints = 0; }
int DecoderComplaints::count() const { return complaints; }

}  // namespace radgen
