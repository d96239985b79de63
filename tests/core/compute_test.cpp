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
