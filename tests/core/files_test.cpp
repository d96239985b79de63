#include "radgen/core/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <vector>

#include "core/scratch.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

// The error code that `call` ends with; fails the test when it does not throw.
template <class Call>
ErrorCode code_of(Call&& call, std::string* message = nullptr) {
  try {
    call();
  } catch (const Error& e) {
    if (message != nullptr) *message = e.what();
    return e.code();
  }
  ADD_FAILURE() << "no error was thrown";
  return ErrorCode::kInternal;
}

// Makes every write beyond `bytes` fail with EFBIG while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &old_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit old_{};
  void (*handler_)(int) = SIG_DFL;
};

TEST(AtomicWrite, MakesFoldersAndReplacesWhole) {
  const Scratch dir;
  const fs::path file = dir / "a" / "b.txt";
  write_file_atomic(file, "first");
  write_file_atomic(file, std::string_view("\0second", 7));
  EXPECT_EQ(read_file(file), std::string("\0second", 7));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir / "a"), {}), 1);
}

TEST(AtomicWrite, LeavesTheOldFileAndNothingElseWhenTheDiskIsFull) {
  const Scratch dir;
  const fs::path file = dir.write("a.txt", "old");
  {
    const FileSizeLimit limit(1000);
    EXPECT_EQ(code_of([&] { write_file_atomic(file, std::string(5000, 'x')); }),
              ErrorCode::kResource);
  }
  EXPECT_EQ(read_file(file), "old");
  EXPECT_EQ(dir.entries(), 1u);
}

TEST(AtomicWrite, BelowAFileIsAResourceErrorThatNamesThePath) {
  const Scratch dir;
  dir.write("file", "x");
  std::string message;
  EXPECT_EQ(code_of([&] { write_file_atomic(dir / "file" / "below.txt", "y"); }, &message),
            ErrorCode::kResource);
  EXPECT_NE(message.find((dir / "file").string()), std::string::npos) << message;
  EXPECT_EQ(code_of([&] { write_file_atomic(dir.path(), "y"); }), ErrorCode::kResource);
  EXPECT_EQ(dir.entries(), 1u);
}

TEST(ReadFile, SaysWhichFileIsNotThere) {
  const Scratch dir;
  std::string message;
  EXPECT_EQ(code_of([&] { read_file(dir / "absent"); }, &message), ErrorCode::kData);
  EXPECT_NE(message.find("absent"), std::string::npos);
  EXPECT_EQ(code_of([&] { read_file(dir.path()); }), ErrorCode::kData);
  EXPECT_EQ(code_of([&] { read_jsonl(dir.path(), [](const auto&, size_t) {}); }), ErrorCode::kData);
}

TEST(Json, AllowsCommentsAndNamesThePlaceOfAMistake) {
  const Scratch dir;
  EXPECT_EQ(read_json(dir.write("a.json", "{\"a\": 1 /* one */}")).at("a"), 1);
  std::string message;
  EXPECT_EQ(code_of([&] { read_json(dir.write("b.json", "{\n  \"a\": secret\n}")); }, &message),
            ErrorCode::kData);
  EXPECT_NE(message.find("b.json: line 2, column 8"), std::string::npos) << message;
  EXPECT_EQ(message.find("secret"), std::string::npos) << "file content in a message";
}

TEST(Json, BytesThatAreNotUtf8DoNotEndTheWork) {
  const Scratch dir;
  write_json_atomic(dir / "a.json", {{"text", "caf\xE9"}});
  EXPECT_EQ(read_json(dir / "a.json").at("text"), "caf\xEF\xBF\xBD");
}

TEST(Jsonl, ReadsLinesWithTheirNumbers) {
  const Scratch dir;
  const auto file = dir.write("a.jsonl", "{\"n\":1}\r\n\n  \n{\"n\":2}");
  std::vector<std::pair<int, size_t>> seen;
  read_jsonl(file,
             [&](const nlohmann::json& j, size_t line) { seen.emplace_back(j.at("n"), line); });
  EXPECT_EQ(seen, (std::vector<std::pair<int, size_t>>{{1, 1}, {2, 4}}));
}

TEST(Jsonl, ReadsLinesThatAreNoUtf8AsWindows1252) {
  const Scratch dir;
  const auto file = dir.write("a.jsonl", "{\"text\":\"patient\x92s \xfc\"}\n");
  std::string text;
  read_jsonl(file, [&](const nlohmann::json& j, size_t) { text = j.at("text"); });
  EXPECT_EQ(text, "patient\u2019s \u00fc");
}

TEST(Jsonl, ErrorsNameTheLineAndNeverItsContent) {
  const Scratch dir;
  const auto read = [](const fs::path& file) {
    read_jsonl(file, [](const nlohmann::json& j, size_t) { j.at("n").get<int>(); });
  };
  std::string message;
  EXPECT_EQ(code_of([&] { read(dir.write("a", "{\"n\":1}\n{\"n\":\"private")); }, &message),
            ErrorCode::kData);
  EXPECT_NE(message.find("line 2"), std::string::npos);
  EXPECT_EQ(message.find("private"), std::string::npos);
  EXPECT_EQ(code_of([&] { read(dir.write("b", "[1]\n")); }), ErrorCode::kData);
  EXPECT_EQ(code_of([&] { read(dir.write("c", "{\"n\":\"private\"}")); }, &message),
            ErrorCode::kData);
  EXPECT_EQ(message.find("private"), std::string::npos) << message;
  EXPECT_EQ(code_of([&] { read(dir.write("d", "{\"m\":1}")); }, &message), ErrorCode::kData);
  EXPECT_NE(message.find("'n'"), std::string::npos) << message;
}

TEST(JsonlWriter, AtomicModeShowsNothingBeforeCommit) {
  const Scratch dir;
  {
    JsonlWriter writer(dir / "a.jsonl");
    writer.write({{"b", 1}, {"a", 2}});
    EXPECT_FALSE(fs::exists(dir / "a.jsonl"));
    writer.commit();
    EXPECT_EQ(read_file(dir / "a.jsonl"), "{\"b\":1,\"a\":2}\n");
    EXPECT_THROW(writer.write({}), Error);
  }
  { JsonlWriter(dir / "gone.jsonl").write({{"a", 1}}); }
  EXPECT_EQ(dir.entries(), 1u);
}

TEST(JsonlWriter, AppendModeFlushesEveryLine) {
  const Scratch dir;
  JsonlWriter writer(dir / "a.jsonl", JsonlWriter::Mode::kAppend);
  writer.write({{"a", 1}});
  EXPECT_EQ(read_file(dir / "a.jsonl"), "{\"a\":1}\n");
}

TEST(JsonlWriter, AppendModeCutsATornLineAndKeepsAWholeOne) {
  const Scratch dir;
  const auto append = [&](const std::string& before) {
    const auto file = dir.write("a.jsonl", before);
    JsonlWriter(file, JsonlWriter::Mode::kAppend).write({{"z", 9}});
    return read_file(file);
  };
  EXPECT_EQ(append("{\"a\":1}\n{\"a\":"), "{\"a\":1}\n{\"z\":9}\n");
  EXPECT_EQ(append("{\"a\":1}\n{\"a\":2}"), "{\"a\":1}\n{\"a\":2}\n{\"z\":9}\n");
  EXPECT_EQ(append("{\"to"), "{\"z\":9}\n");
}

TEST(JsonlWriter, AFullDiskIsAResourceErrorAndLeavesNothing) {
  const Scratch dir;
  {
    const FileSizeLimit limit(100);
    JsonlWriter writer(dir / "a.jsonl");
    EXPECT_EQ(code_of([&] {
                for (int i = 0; i < 100; ++i) writer.write({{"number", i}});
              }),
              ErrorCode::kResource);
  }
  EXPECT_EQ(dir.entries(), 0u);
}

TEST(AtomicDirectory, AppearsWholeAndReplacesAnOldOne) {
  const Scratch dir;
  for (const char* text : {"one", "two"}) {
    AtomicDirectory made(dir / "checkpoint/");
    write_file_atomic(made.path() / "deep" / "weights", text);
    EXPECT_NE(made.path(), dir / "checkpoint");
    made.commit();
    EXPECT_EQ(read_file(dir / "checkpoint" / "deep" / "weights"), text);
  }
  EXPECT_EQ(dir.entries(), 1u);
}

TEST(AtomicDirectory, WithoutCommitLeavesNothing) {
  const Scratch dir;
  { write_file_atomic(AtomicDirectory(dir / "x").path() / "file", "y"); }
  EXPECT_EQ(dir.entries(), 0u);
}

TEST(AtomicDirectory, SweepsWhatAKilledProcessLeft) {
  const Scratch dir;
  dir.write("x.tmp-2147483646/weights", "half");  // no such process
  dir.write("x.tmp-notes/file", "of the user");
  AtomicDirectory(dir / "x").commit();
  EXPECT_FALSE(fs::exists(dir / "x.tmp-2147483646"));
  EXPECT_TRUE(fs::exists(dir / "x.tmp-notes/file"));
}

TEST(Symlink, IsReplacedInOneStep) {
  const Scratch dir;
  dir.write("step-1/f", "1");
  dir.write("step-2/f", "2");
  replace_symlink(dir / "last", "step-1");
  EXPECT_EQ(read_file(dir / "last" / "f"), "1");
  replace_symlink(dir / "last", "step-2");
  EXPECT_EQ(read_file(dir / "last" / "f"), "2");
  EXPECT_EQ(dir.entries(), 3u);
}

TEST(OutputDirectory, IsNeverOverwrittenUnasked) {
  const Scratch dir;
  claim_output_directory(dir / "new/deep", false);
  EXPECT_TRUE(fs::is_directory(dir / "new/deep"));
  EXPECT_NO_THROW(claim_output_directory(dir / "new/deep/", false)) << "empty is free";
  dir.write("new/deep/file", "x");
  EXPECT_EQ(code_of([&] { claim_output_directory(dir / "new/deep", false); }), ErrorCode::kUsage);
  EXPECT_EQ(code_of([&] { claim_output_directory(dir / "new/deep/file", false); }),
            ErrorCode::kUsage);
}

TEST(OutputDirectory, OverwriteMovesTheOldOneAside) {
  const Scratch dir;
  for (const char* text : {"1", "2", "3"}) {
    claim_output_directory(dir / "out/", true);
    EXPECT_TRUE(fs::is_empty(dir / "out"));
    dir.write("out/file", text);
  }
  int backups = 0;
  for (const auto& entry : fs::directory_iterator(dir.path())) {
    backups += entry.path().filename().string().rfind("out.bak-2", 0) == 0;
  }
  EXPECT_EQ(backups, 2);
}

TEST(Sha256, MatchesKnownVectors) {  // FIPS 180-4 examples
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::string million(1000000, 'a');
  const char* expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
  EXPECT_EQ(sha256_hex(million), expected);
  const Scratch dir;
  EXPECT_EQ(sha256_file(dir.write("a", million)), expected);
  EXPECT_THROW(sha256_file(dir / "absent"), Error);
}

}  // namespace
}  // namespace radgen
