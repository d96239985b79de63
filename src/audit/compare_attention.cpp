#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

#include "audit/steps.h"
#include "radgen/core/parallel.h"
#include "radgen/core/random.h"

namespace radgen::audit {
namespace {

struct Feature {
  const char* name;
  double AttentionLocation::*value;
};
constexpr std::array<Feature, 4> kFeatures{{{"entropy", &AttentionLocation::entropy},
                                            {"mass_in_box", &AttentionLocation::mass_in_box},
                                            {"centre_x", &AttentionLocation::centre_x},
                                            {"centre_y", &AttentionLocation::centre_y}}};

// What is permuted: patients, with the levels of their first case, among those whose films have the
// same view.
struct Patients {
  std::vector<std::vector<int>> levels;     // [attribute][patient]
  std::vector<std::vector<size_t>> strata;  // patients by view
  // [feature][patient]; `means` less those of the view
  std::array<std::vector<double>, 4> means, plain;
};

Patients gather(const AuditContext& context, const AuditResult& result,
                const std::vector<size_t>& attributes) {
  Patients patients;
  std::vector<size_t> first(context.patients, context.cases.size());
  for (size_t i = context.cases.size(); i-- > 0;) first[context.patient_of[i]] = i;
  for (const size_t a : attributes) {
    patients.levels.emplace_back();
    for (const size_t i : first) patients.levels.back().push_back(result.attributes[a].level_of[i]);
  }
  std::map<std::string, std::vector<size_t>> strata;
  for (size_t p = 0; p < first.size(); ++p) strata[context.cases[first[p]].view].push_back(p);
  for (auto& [view, members] : strata) patients.strata.push_back(std::move(members));
  for (size_t f = 0; f < kFeatures.size(); ++f) {
    std::vector<double> sum(context.patients, 0.0), count(context.patients, 0.0);
    for (size_t i = 0; i < context.cases.size(); ++i) {
      const double value = context.cases[i].attention_location.*kFeatures[f].value;
      if (std::isnan(value)) continue;
      sum[context.patient_of[i]] += value;
      count[context.patient_of[i]] += 1;
    }
    std::vector<double>& mean = patients.plain[f];
    for (size_t p = 0; p < context.patients; ++p)
      mean.push_back(count[p] > 0 ? sum[p] / count[p] : kUnknown);
    patients.means[f] = mean;
    for (const std::vector<size_t>& members : patients.strata) {
      double total = 0, n = 0;
      for (const size_t p : members) {
        if (std::isnan(mean[p])) continue;
        total += mean[p];
        n += 1;
      }
      for (const size_t p : members) patients.means[f][p] -= n > 0 ? total / n : 0;
    }
  }
  return patients;
}

struct Sums {
  double n = 0, sum = 0, squares = 0;
  void add(double v) {
    n += 1;
    sum += v;
    squares += v * v;
  }
};

// t of each level against the others, with the pooled variance; 0 where there is nothing to
// compare.
std::vector<double> statistics(const std::vector<double>& values, const std::vector<int>& levels,
                               const std::vector<size_t>& profile, size_t level_count,
                               int64_t min_cases) {
  std::vector<Sums> by_level(level_count);
  Sums all;
  for (size_t p = 0; p < values.size(); ++p) {
    const int level = levels[profile[p]];
    if (level == kNoLevel || std::isnan(values[p])) continue;
    by_level[static_cast<size_t>(level)].add(values[p]);
    all.add(values[p]);
  }
  std::vector<double> t(level_count, 0.0);
  for (size_t l = 0; l < level_count; ++l) {
    const Sums& in = by_level[l];
    const double out = all.n - in.n;
    if (std::min(in.n, out) < static_cast<double>(min_cases)) continue;
    const double mean = all.sum / all.n, variance = all.squares / all.n - mean * mean;
    if (!(variance > 1e-18)) continue;
    t[l] = (in.sum / in.n - (all.sum - in.sum) / out) / std::sqrt(variance * (1 / in.n + 1 / out));
  }
  return t;
}

}  // namespace

void compare_attention(const AuditContext& context, AuditResult& result) {
  std::vector<size_t> attributes;
  for (size_t a = 0; a < result.attributes.size(); ++a) {
    const Attribute& attribute = result.attributes[a];
    if (!attribute.is_pair && attribute.is_of_people) attributes.push_back(a);
  }
  const Patients patients = gather(context, result, attributes);
  const auto all_statistics = [&](const std::vector<size_t>& profile) {
    std::vector<double> t;
    for (size_t a = 0; a < attributes.size(); ++a) {
      for (size_t f = 0; f < kFeatures.size(); ++f) {
        const std::vector<double> own =
            statistics(patients.means[f], patients.levels[a], profile,
                       result.attributes[attributes[a]].levels.size(), result.options.min_cases);
        t.insert(t.end(), own.begin(), own.end());
      }
    }
    return t;
  };
  std::vector<size_t> same(context.patients);
  std::iota(same.begin(), same.end(), 0);
  const std::vector<double> observed = all_statistics(same);
  const size_t count = static_cast<size_t>(result.options.permutations);
  std::vector<double> largest(count);
  parallel_for(count, static_cast<int>(result.options.threads), [&](size_t r) {
    Random random(static_cast<uint64_t>(result.options.seed), {0x617474656eULL, r});
    std::vector<size_t> profile = same;
    for (const std::vector<size_t>& members : patients.strata) {
      std::vector<size_t> order = members;
      random.shuffle(order);
      for (size_t i = 0; i < members.size(); ++i) profile[members[i]] = order[i];
    }
    for (const double t : all_statistics(profile)) largest[r] = std::max(largest[r], std::abs(t));
  });
  size_t at = 0;
  for (size_t a = 0; a < attributes.size(); ++a) {
    const Attribute& attribute = result.attributes[attributes[a]];
    for (size_t f = 0; f < kFeatures.size(); ++f) {
      for (size_t l = 0; l < attribute.levels.size(); ++l, ++at) {
        AttentionComparison c{attributes[a], static_cast<int>(l), kFeatures[f].name};
        Sums in, out;
        for (size_t p = 0; p < context.patients; ++p) {
          const int level = patients.levels[a][p];
          if (level == kNoLevel || std::isnan(patients.plain[f][p])) continue;
          (level == c.level ? in : out).add(patients.plain[f][p]);
        }
        c.patients = static_cast<int64_t>(in.n);
        c.other_patients = static_cast<int64_t>(out.n);
        if (in.n > 0) c.mean = in.sum / in.n;
        if (out.n > 0) c.other_mean = out.sum / out.n;
        if (observed[at] != 0 && count > 0) {
          const auto reached = std::count_if(largest.begin(), largest.end(),
                                             [&](double t) { return t >= std::abs(observed[at]); });
          c.p = static_cast<double>(reached + 1) / static_cast<double>(count + 1);
          c.is_different = c.p <= result.options.attention_alpha;
        }
        if (in.n > 0) result.attention.push_back(std::move(c));
      }
    }
  }
}

}  // namespace radgen::audit
