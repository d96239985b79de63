// A folder of bench-radgen's that is gone when its work is done.
#pragma once

#include <cstdlib>

#include "radgen/core/error.h"
#include "radgen/core/files.h"

namespace radgen {

class Workplace {
 public:
  Workplace() {
    std::string name = (fs::temp_directory_path() / "bench-radgen-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      throw Error(ErrorCode::kResource,
                  "cannot make a folder in " + fs::temp_directory_path().string(),
                  "make room, or set TMPDIR");
    path_ = name;
  }
  ~Workplace() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace radgen
