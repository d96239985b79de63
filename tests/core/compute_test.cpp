#include "radgen/core/compute.h"

#include <gtest/gtest.h>
#include <sched.h>

#include "core/scratch.h"

namespace radgen {
namespace {

TEST(Cores, AreAtLeastOneAndAtMostTheAffinityMask) {
  cpu_set_t mask;
  ASSERT_EQ(sched_getaffinity(0, sizeof mask, &mask), 0);
  EXPECT_GE(available_cores(), 1);
  EXPECT_LE(available_cores(), CPU_COUNT(&mask));
}

TEST(Cgroup, V2TakesTheTightestLimitOnTheWayUp) {
  const Scratch dir;
  const auto own = dir.write("self", "0::/a/b\n");
  dir.write("root/cpu.max", "800000 100000\n");
  dir.write("root/a/cpu.max", "250000 100000\n");
  dir.write("root/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_cores(own, dir / "root"), 3);  // 2.5 cores
}

TEST(Cgroup, V2InAContainerSeesOnlyItsOwnRoot) {
  const Scratch dir;
  const auto own = dir.write("self", "0::/system.slice/docker-0123.scope\n");
  dir.write("root/cpu.max", "50000 100000\n");
  EXPECT_EQ(cgroup_cores(own, dir / "root"), 1);
}

TEST(Cgroup, V1ReadsQuotaAndPeriodOfTheCpuController) {
  const Scratch dir;
  const auto own = dir.write("self", "9:memory:/x\n4:cpu,cpuacct:/job\n5:cpuset:/y\n");
  dir.write("root/cpu,cpuacct/cpu.cfs_quota_us", "-1");
  dir.write("root/cpu,cpuacct/cpu.cfs_period_us", "100000");
  dir.write("root/cpu,cpuacct/job/cpu.cfs_quota_us", "400000");
  dir.write("root/cpu,cpuacct/job/cpu.cfs_period_us", "100000");
  EXPECT_EQ(cgroup_cores(own, dir / "root"), 4);
}

TEST(Cgroup, WithoutLimitOrFilesIsZero) {
  const Scratch dir;
  EXPECT_EQ(cgroup_cores(dir / "absent", dir / "root"), 0);
  EXPECT_EQ(cgroup_cores(dir.write("self", "0::/\n"), dir / "root"), 0);
  dir.write("root/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_cores(dir / "self", dir / "root"), 0);
  dir.write("root/cpu.max", "nonsense\n");
  EXPECT_EQ(cgroup_cores(dir / "self", dir / "root"), 0);
}

TEST(Vectors, AreLimitedAsLibTorchsOwn) {
  EXPECT_EQ(allowed_vectors("default"), Vectors::kPlain);
  EXPECT_EQ(allowed_vectors("avx2"), Vectors::kAvx2);
  EXPECT_EQ(allowed_vectors("avx512"), Vectors::kAvx512);
  EXPECT_EQ(allowed_vectors(""), Vectors::kAvx512);
}

TEST(Bf16Products, NeedACpuThatHasThemAndOneDnnToUseThem) {
  const std::vector<std::string> zen3{"avx", "avx2", "fma"};
  const std::vector<std::string> bf16{"avx2", "avx512f", "avx512_vnni", "avx512_bf16"};
  EXPECT_FALSE(has_bf16_products(zen3, ""));
  EXPECT_FALSE(has_bf16_products(zen3, "ALL"));
  EXPECT_TRUE(has_bf16_products(bf16, ""));
  EXPECT_TRUE(has_bf16_products(bf16, "ALL"));
  EXPECT_TRUE(has_bf16_products(bf16, "AVX512_CORE_BF16"));
  EXPECT_TRUE(has_bf16_products(bf16, "AVX512_CORE_AMX"));
  for (const char* limit : {"AVX2", "avx2", "SSE41", "AVX512_CORE", "AVX512_CORE_VNNI"})
    EXPECT_FALSE(has_bf16_products(bf16, limit)) << limit;
}

TEST(BlasKernel, IsRaisedOnlyWhenTheCpuCanDoMore) {
  const std::vector<std::string> sse{}, avx2{"avx", "avx2", "fma"};
  std::vector<std::string> avx512 = avx2;
  for (const char* f : {"avx512f", "avx512dq", "avx512bw", "avx512vl"}) avx512.emplace_back(f);
  std::vector<std::string> bf16 = avx512;
  bf16.emplace_back("avx512_bf16");
  EXPECT_EQ(better_blas_kernel("Prescott", sse), "");
  EXPECT_EQ(better_blas_kernel("Prescott", avx2), "HASWELL");
  EXPECT_EQ(better_blas_kernel("Prescott", avx512), "SKYLAKEX");
  EXPECT_EQ(better_blas_kernel("Prescott", bf16), "COOPERLAKE");
  EXPECT_EQ(better_blas_kernel("Zen", avx2), "");
  EXPECT_EQ(better_blas_kernel("Haswell", avx512), "SKYLAKEX");
  EXPECT_EQ(better_blas_kernel("SkylakeX", bf16), "");
  EXPECT_EQ(better_blas_kernel("SKYLAKEX", bf16), "");
}

TEST(Machine, IsDescribed) {
  EXPECT_FALSE(cpu_model().empty());
  EXPECT_GT(peak_rss_gib(), 0.001);
  EXPECT_LT(peak_rss_gib(), 10);
  EXPECT_NO_THROW(set_math_threads(1));
}

}  // namespace
}  // namespace radgen
