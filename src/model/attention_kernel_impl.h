// The attention kernel's code; included by attention_kernel_{avx512,avx2,plain}.cpp, each compiled
// with its own flags.
//
// All five matrix products of attention and its gradients are one routine, multiply(): a tile of
// rows that are read one number at a time, times a packed panel of two vectors' width, with kRows x
// 2 vectors of sums in registers. Scores are kept in units of log2(e), so that the exponential is
// exp2. Online softmax: Milakov and Gimelshein 2018; in blocks of queries and keys: Dao et al.
// 2022, FlashAttention.
#include <cstdint>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "attention_kernel.h"

namespace radgen {
namespace {

#if defined(__AVX512F__)
constexpr int64_t kLanes = 16, kRows = 12;  // 24 of 32 registers hold sums
#elif defined(__AVX2__)
constexpr int64_t kLanes = 8, kRows = 6;  // 12 of 16
#else
constexpr int64_t kLanes = 4, kRows = 6;
#endif
constexpr int64_t kPanel = 2 * kLanes;  // columns of a packed panel
// with d = 64, keys and values of a tile take 192 KiB: a core's L2 holds them
constexpr int64_t kKeyTile = 384;
constexpr int64_t kQueryTile = 96;  // a multiple of every kRows
static_assert(kKeyTile % kPanel == 0 && kQueryTile % kRows == 0 && kLargestHeadWidth <= kKeyTile);
constexpr float kHidden = -1e30F;  // below every score, finite
constexpr float kLog2E = 1.44269504088896340736F;

typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));
typedef int32_t IntVector __attribute__((vector_size(kLanes * sizeof(float))));
typedef uint32_t UintVector __attribute__((vector_size(kLanes * sizeof(float))));
typedef float LooseVector
    __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));

inline Vector load(const float* from) { return *reinterpret_cast<const LooseVector*>(from); }
// One instruction each where the CPU has it: compilers turn the general forms below into many.
#if defined(__AVX512F__)
inline Vector load(const uint16_t* from) {
  return reinterpret_cast<Vector>(
      _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))));
}
inline Vector load(const int8_t* from) {
  return reinterpret_cast<Vector>(_mm512_cvtepi32_ps(
      _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))));
}
#else
typedef uint16_t LooseHalves
    __attribute__((vector_size(kLanes * sizeof(uint16_t)), aligned(2), may_alias));
typedef int8_t LooseBytes __attribute__((vector_size(kLanes), aligned(1), may_alias));
// A half's exponent and mantissa, moved to where a float has them, are its value times 2^-112.
inline Vector load(const uint16_t* from) {
  const UintVector bits =
      __builtin_convertvector(*reinterpret_cast<const LooseHalves*>(from), UintVector);
  const Vector magnitude = reinterpret_cast<Vector>((bits & 0x7fff) << 13) * 0x1p112F;
  return reinterpret_cast<Vector>(reinterpret_cast<UintVector>(magnitude) | (bits & 0x8000) << 16);
}
inline Vector load(const int8_t* from) {
  return __builtin_convertvector(
      __builtin_convertvector(*reinterpret_cast<const LooseBytes*>(from), IntVector), Vector);
}
#endif
// Pairs first: a chain of kLanes additions would take longer than the products before it.
inline float total_of(Vector x) {
#if defined(__AVX512F__)
  return _mm512_reduce_add_ps(reinterpret_cast<__m512>(x));
#else
  for (int64_t half = kLanes / 2; half > 0; half /= 2)
    for (int64_t lane = 0; lane < half; ++lane) x[lane] += x[lane + half];
  return x[0];
#endif
}
inline void store(float* to, Vector value) { *reinterpret_cast<LooseVector*>(to) = value; }
// x - 0 is x, also for -0: no instruction
inline Vector broadcast(float value) { return value - Vector{}; }
inline Vector larger(Vector a, Vector b) { return a > b ? a : b; }

inline int64_t padded(int64_t columns) { return (columns + kLanes - 1) / kLanes * kLanes; }
inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// 2^x for x <= 1 or so; 0 below -126. 2^x = 2^n 2^r with r in [-1/2,1/2] and a minimax polynomial
// of degree 5 for 2^r: relative error 1e-7.
inline Vector exp2_of(Vector x) {
  // 1.5 * 2^23: adding it rounds to an integer in the lowest bits
  const Vector kRound = broadcast(12582912.0F);
  const Vector shifted = x + kRound;
  const Vector r = x - (shifted - kRound);
  Vector power = broadcast(0.001327646430581808F);
  power = power * r + 0.009675540961325169F;
  power = power * r + 0.05550713464617729F;
  power = power * r + 0.24022120237350464F;
  power = power * r + 0.6931469440460205F;
  power = power * r + 1.0000001192092896F;
  const IntVector result =
      reinterpret_cast<IntVector>(power) + (reinterpret_cast<IntVector>(shifted) << 23);
  return x < -126.0F ? Vector{} : reinterpret_cast<Vector>(result);
}

// Where a packed matrix [depth][columns] keeps its panel of column `column`. Panels are kPanel
// wide, the last may be kLanes.
inline int64_t panel_at(int64_t column, int64_t depth) { return column / kPanel * kPanel * depth; }
inline int64_t panel_width(int64_t column, int64_t columns) {
  return least(kPanel, columns - column / kPanel * kPanel);
}

// rows -> panels [rows][padded(d)]: row i is depth i.
void pack_rows(ConstRows rows, int64_t d, float* panels) {
  const int64_t columns = padded(d);
  for (int64_t begin = 0; begin < columns; begin += kPanel) {
    const int64_t width = panel_width(begin, columns), real = least(width, d - begin);
    float* panel = panels + panel_at(begin, rows.count);
    for (int64_t i = 0; i < rows.count; ++i) {
      const float* from = rows.data + i * rows.stride + begin;
      for (int64_t j = 0; j < real; ++j) panel[i * width + j] = from[j];
      for (int64_t j = real; j < width; ++j) panel[i * width + j] = 0;
    }
  }
}

// rows -> panels [d][padded(rows)]: row i is column i.
void pack_columns(ConstRows rows, int64_t d, float* panels) {
  const int64_t columns = padded(rows.count);
  for (int64_t begin = 0; begin < columns; begin += kPanel) {
    const int64_t width = panel_width(begin, columns), real = least(width, rows.count - begin);
    float* panel = panels + panel_at(begin, d);
    for (int64_t j = 0; j < real; ++j) {
      const float* from = rows.data + (begin + j) * rows.stride;
      for (int64_t k = 0; k < d; ++k) panel[k * width + j] = from[k];
    }
    for (int64_t j = real; j < width; ++j)
      for (int64_t k = 0; k < d; ++k) panel[k * width + j] = 0;
  }
}

// kRowStep, kDepthStep: how far apart the left matrix keeps its rows and the numbers of a row.
template <int kCount, int kVectors, int64_t kRowStep, int64_t kDepthStep>
void multiply_block(int64_t depth, const float* left, const float* panel, float* sums,
                    int64_t sums_stride, bool accumulate) {
  Vector sum[kCount][kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kCount; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < kVectors; ++j)
      sum[i][j] = accumulate ? load(sums + i * sums_stride + j * kLanes) : Vector{};
  for (int64_t k = 0; k < depth; ++k) {
    Vector right[kVectors];
#pragma GCC unroll 2
    for (int j = 0; j < kVectors; ++j) right[j] = load(panel + (k * kVectors + j) * kLanes);
#pragma GCC unroll 16
    for (int i = 0; i < kCount; ++i) {
      const Vector one = broadcast(left[i * kRowStep + k * kDepthStep]);
#pragma GCC unroll 2
      for (int j = 0; j < kVectors; ++j) sum[i][j] += one * right[j];
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kCount; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < kVectors; ++j) store(sums + i * sums_stride + j * kLanes, sum[i][j]);
}

using Block = void (*)(int64_t, const float*, const float*, float*, int64_t, bool);

template <int64_t kRowStep, int64_t kDepthStep>
Block block_of(int64_t rows, bool is_wide) {
#define RADGEN_BLOCKS(n) \
  { multiply_block<n, 1, kRowStep, kDepthStep>, multiply_block<n, 2, kRowStep, kDepthStep> }
  static constexpr Block kBlocks[][2] = {
    RADGEN_BLOCKS(1),
    RADGEN_BLOCKS(2),
    RADGEN_BLOCKS(3),
    RADGEN_BLOCKS(4),
    RADGEN_BLOCKS(5),
    RADGEN_BLOCKS(6),
#if defined(__AVX512F__)
    RADGEN_BLOCKS(7),
    RADGEN_BLOCKS(8),
    RADGEN_BLOCKS(9),
    RADGEN_BLOCKS(10),
    RADGEN_BLOCKS(11),
    RADGEN_BLOCKS(12)
#endif
  };
#undef RADGEN_BLOCKS
  return kBlocks[rows - 1][is_wide];
}

// sums [rows][columns] (+)= left [rows][depth] x the depths first_depth.. of the panels of a packed
// matrix [all_depth][columns]. Columns are padded ones.
template <int64_t kRowStep, int64_t kDepthStep>
void multiply(int64_t rows, int64_t columns, int64_t depth, const float* left, const float* panels,
              int64_t all_depth, int64_t first_depth, float* sums, int64_t sums_stride,
              bool accumulate) {
  for (int64_t row = 0; row < rows; row += kRows) {
    const int64_t count = least(kRows, rows - row);
    for (int64_t column = 0; column < columns; column += kPanel) {
      const int64_t width = panel_width(column, columns);
      const float* panel = panels + panel_at(column, all_depth) + first_depth * width;
      block_of<kRowStep, kDepthStep>(count, width == kPanel)(depth, left + row * kRowStep, panel,
                                                             sums + row * sums_stride + column,
                                                             sums_stride, accumulate);
    }
  }
}

// Tiles of scores have rows of kKeyTile floats, and so have the tiles of queries: one row step for
// both.
void copy_scaled(ConstRows rows, int64_t d, float factor, float* tile) {
  for (int64_t i = 0; i < rows.count; ++i)
    for (int64_t k = 0; k < d; ++k)
      tile[i * kKeyTile + k] = factor * rows.data[i * rows.stride + k];
}

ConstRows rows_from(ConstRows rows, int64_t begin, int64_t count) {
  return {rows.data + begin * rows.stride, count, rows.stride};
}

// How many of a tile's keys a row may see, given its position.
int64_t visible_keys(int64_t position, int64_t first_key, int64_t keys) {
  if (position == kNotCausal) return keys;
  return position < first_key ? 0 : least(keys, position - first_key + 1);
}

// Scores -> exp2(score - maximum) in place; returns what the sums before must be multiplied by.
float soften_row(float* scores, int64_t visible, int64_t columns, float& row_max, float& row_sum) {
  for (int64_t j = visible; j < columns; ++j) scores[j] = kHidden;
  Vector peak[4] = {broadcast(row_max), broadcast(row_max), broadcast(row_max), broadcast(row_max)};
  int64_t j = 0;
  for (; j + 4 * kLanes <= columns; j += 4 * kLanes)
    for (int u = 0; u < 4; ++u) peak[u] = larger(peak[u], load(scores + j + u * kLanes));
  for (; j < columns; j += kLanes) peak[0] = larger(peak[0], load(scores + j));
  peak[0] = larger(larger(peak[0], peak[1]), larger(peak[2], peak[3]));
  float top = peak[0][0];
  for (int64_t lane = 1; lane < kLanes; ++lane) top = peak[0][lane] > top ? peak[0][lane] : top;

  Vector sum[2] = {};
  for (j = 0; j + 2 * kLanes <= columns; j += 2 * kLanes)
    for (int u = 0; u < 2; ++u) {
      const Vector power = exp2_of(load(scores + j + u * kLanes) - top);
      store(scores + j + u * kLanes, power);
      sum[u] += power;
    }
  for (; j < columns; j += kLanes) {
    const Vector power = exp2_of(load(scores + j) - top);
    store(scores + j, power);
    sum[0] += power;
  }
  sum[0] += sum[1];
  float total = 0;
  for (int64_t lane = 0; lane < kLanes; ++lane) total += sum[0][lane];
  const float shrink = __builtin_exp2f(row_max - top);
  row_max = top;
  row_sum = row_sum * shrink + total;
  return shrink;
}

// Scratch: keys [d][keys], values [keys][d], then the tiles.
int64_t packed_floats(int64_t keys, int64_t d) {
  return (padded(keys) + kPanel) * (padded(d) + kPanel);
}
int64_t tile_stride(int64_t d) { return padded(d); }

int64_t forward_scratch(int64_t keys, int64_t d) {
  return 2 * packed_floats(keys, d) + kQueryTile * (kKeyTile + tile_stride(d)) + kRows * kKeyTile;
}

void pack(ConstRows k, ConstRows v, int64_t d, float* scratch) {
  pack_columns(k, d, scratch);
  pack_rows(v, d, scratch + packed_floats(k.count, d));
}

// One tile of at most kQueryTile queries over all keys.
void forward_tile(ConstRows q, int64_t keys, int64_t d, float scale, int64_t first_position,
                  Rows out, float* lse_2, float* scratch) {
  const float *packed_k = scratch, *packed_v = scratch + packed_floats(keys, d);
  float* queries = scratch + 2 * packed_floats(keys, d);
  float* sums = queries + kQueryTile * kKeyTile;
  float* scores = sums + kQueryTile * tile_stride(d);
  float row_max[kQueryTile], row_sum[kQueryTile];
  const int64_t columns = padded(d);
  const bool is_causal = first_position != kNotCausal;
  const int64_t end = is_causal ? least(keys, first_position + q.count) : keys;
  copy_scaled(q, d, scale * kLog2E, queries);
  for (int64_t i = 0; i < q.count; ++i) {
    row_max[i] = kHidden;
    row_sum[i] = 0;
    for (int64_t k = 0; k < columns; ++k) sums[i * columns + k] = 0;
  }
  for (int64_t key = 0; key < end; key += kKeyTile) {
    const int64_t count = least(kKeyTile, end - key), tile_columns = padded(count);
    for (int64_t row = 0; row < q.count; row += kRows) {
      const int64_t rows = least(kRows, q.count - row);
      // The packed keys may go on behind a causal end: the tile's last panel is then as wide as in
      // the whole matrix.
      for (int64_t column = 0; column < tile_columns; column += kPanel) {
        const int64_t width = panel_width(key + column, padded(keys));
        block_of<kKeyTile, 1>(rows, width == kPanel)(d, queries + row * kKeyTile,
                                                     packed_k + panel_at(key + column, d),
                                                     scores + column, kKeyTile, false);
      }
      for (int64_t i = 0; i < rows; ++i) {
        const int64_t position = is_causal ? first_position + row + i : kNotCausal;
        const float shrink = soften_row(scores + i * kKeyTile, visible_keys(position, key, count),
                                        tile_columns, row_max[row + i], row_sum[row + i]);
        if (shrink == 1) continue;
        float* sum = sums + (row + i) * columns;
        for (int64_t k = 0; k < columns; k += kLanes) store(sum + k, load(sum + k) * shrink);
      }
      multiply<kKeyTile, 1>(rows, columns, count, scores, packed_v, keys, key, sums + row * columns,
                            columns, true);
    }
  }
  for (int64_t i = 0; i < q.count; ++i) {
    const float factor = 1 / row_sum[i];
    for (int64_t k = 0; k < d; ++k) out.data[i * out.stride + k] = factor * sums[i * columns + k];
    lse_2[i] = row_max[i] + __builtin_log2f(row_sum[i]);
  }
}

void forward(ConstRows q, int64_t keys, int64_t d, float scale, int64_t first_position, Rows out,
             float* lse_2, float* scratch) {
  for (int64_t row = 0; row < q.count; row += kQueryTile) {
    const int64_t count = least(kQueryTile, q.count - row);
    forward_tile(rows_from(q, row, count), keys, d, scale,
                 first_position == kNotCausal ? kNotCausal : first_position + row,
                 {out.data + row * out.stride, count, out.stride}, lse_2 + row, scratch);
  }
}

// The backward pass of a head. Memory of the same shape as in the forward pass, for each of its
// five products.
struct BackwardMemory {
  float *k_columns, *v_columns, *k_rows;  // packed [d][keys], [d][keys], [keys][d]
  float *d_k, *d_v;                       // [keys][padded d]
  float *queries, *d_out;                 // tiles [kQueryTile][kKeyTile], rows as they are
  float *q_rows, *d_out_rows;             // packed [rows][d]
  float *weights, *d_scores;              // tiles [kQueryTile][kKeyTile]
  float* d_q;                             // [kQueryTile][padded d]
};

int64_t backward_scratch(int64_t keys, int64_t d) {
  return 3 * packed_floats(keys, d) + 2 * padded(keys) * padded(d) + 4 * kQueryTile * kKeyTile +
         2 * packed_floats(kQueryTile, d) + kQueryTile * padded(d);
}

BackwardMemory divide(float* scratch, int64_t keys, int64_t d) {
  auto take = [&scratch](int64_t floats) {
    float* here = scratch;
    scratch += floats;
    return here;
  };
  BackwardMemory m{};
  m.k_columns = take(packed_floats(keys, d));
  m.v_columns = take(packed_floats(keys, d));
  m.k_rows = take(packed_floats(keys, d));
  m.d_k = take(padded(keys) * padded(d));
  m.d_v = take(padded(keys) * padded(d));
  m.queries = take(kQueryTile * kKeyTile);
  m.d_out = take(kQueryTile * kKeyTile);
  m.weights = take(kQueryTile * kKeyTile);
  m.d_scores = take(kQueryTile * kKeyTile);
  m.q_rows = take(packed_floats(kQueryTile, d));
  m.d_out_rows = take(packed_floats(kQueryTile, d));
  m.d_q = take(kQueryTile * padded(d));
  return m;
}

// Scores and their gradients before the softmax -> weights and gradients of the scores, in place.
void differentiate_row(float* weights, float* d_scores, int64_t visible, int64_t columns,
                       float lse_2, float delta, float scale) {
  for (int64_t j = visible; j < columns; ++j) weights[j] = kHidden;
  for (int64_t j = 0; j < columns; j += kLanes) {
    const Vector weight = exp2_of(load(weights + j) - lse_2);
    store(weights + j, weight);
    store(d_scores + j, weight * (load(d_scores + j) - delta) * scale);
  }
}

float dot(const float* a, const float* b, int64_t count) {
  float sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

void backward(ConstRows q, ConstRows k, ConstRows v, ConstRows out, ConstRows d_out,
              const float* lse_2, int64_t d, float scale, bool is_causal, Rows d_q, Rows d_k,
              Rows d_v, float* scratch) {
  const int64_t keys = k.count, columns = padded(d);
  const BackwardMemory m = divide(scratch, keys, d);
  pack_columns(k, d, m.k_columns);
  pack_columns(v, d, m.v_columns);
  pack_rows(k, d, m.k_rows);
  for (int64_t i = 0; i < keys * columns; ++i) m.d_k[i] = m.d_v[i] = 0;
  for (int64_t row = 0; row < q.count; row += kQueryTile) {
    const int64_t rows = least(kQueryTile, q.count - row),
                  end = is_causal ? least(keys, row + rows) : keys;
    copy_scaled(rows_from(q, row, rows), d, scale * kLog2E, m.queries);
    copy_scaled(rows_from(d_out, row, rows), d, 1, m.d_out);
    pack_rows(rows_from(q, row, rows), d, m.q_rows);
    pack_rows(rows_from(d_out, row, rows), d, m.d_out_rows);
    float delta[kQueryTile];
    for (int64_t i = 0; i < rows; ++i)
      delta[i] = dot(out.data + (row + i) * out.stride, d_out.data + (row + i) * d_out.stride, d);
    for (int64_t key = 0; key < end; key += kKeyTile) {
      const int64_t count = least(kKeyTile, end - key), tile_columns = padded(count);
      for (int64_t begin = 0; begin < rows; begin += kRows) {
        const int64_t some = least(kRows, rows - begin);
        float *weights = m.weights + begin * kKeyTile, *d_scores = m.d_scores + begin * kKeyTile;
        for (int64_t column = 0; column < tile_columns; column += kPanel) {
          const Block block =
              block_of<kKeyTile, 1>(some, panel_width(key + column, padded(keys)) == kPanel);
          const int64_t at = panel_at(key + column, d);
          block(d, m.queries + begin * kKeyTile, m.k_columns + at, weights + column, kKeyTile,
                false);
          block(d, m.d_out + begin * kKeyTile, m.v_columns + at, d_scores + column, kKeyTile,
                false);
        }
        for (int64_t i = 0; i < some; ++i)
          differentiate_row(weights + i * kKeyTile, d_scores + i * kKeyTile,
                            visible_keys(is_causal ? row + begin + i : kNotCausal, key, count),
                            tile_columns, lse_2[row + begin + i], delta[begin + i], scale);
        multiply<kKeyTile, 1>(some, columns, count, d_scores, m.k_rows, keys, key,
                              m.d_q + begin * columns, columns, key > 0);
      }
      multiply<1, kKeyTile>(count, columns, rows, m.weights, m.d_out_rows, rows, 0,
                            m.d_v + key * columns, columns, true);
      multiply<1, kKeyTile>(count, columns, rows, m.d_scores, m.q_rows, rows, 0,
                            m.d_k + key * columns, columns, true);
    }
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t c = 0; c < d; ++c) d_q.data[(row + i) * d_q.stride + c] = m.d_q[i * columns + c];
  }
  for (int64_t i = 0; i < keys; ++i)
    for (int64_t c = 0; c < d; ++c) {
      d_k.data[i * d_k.stride + c] = m.d_k[i * columns + c];
      d_v.data[i * d_v.stride + c] = m.d_v[i * columns + c];
    }
}

// Keys that all queries go over before the next ones are read: with d = 64 they stay in the L1
// cache.
constexpr int64_t kFewKeys = 64;

// Keys: ConstRows, HalfRows or ByteRows.
template <class Keys>
void scores(ConstRows q, Keys k, int64_t d, float scale, Rows scores) {
  for (int64_t first = 0; first < k.count; first += kFewKeys) {
    const int64_t end = least(first + kFewKeys, k.count);
    for (int64_t i = 0; i < q.count; ++i) {
      const float* query = q.data + i * q.stride;
      for (int64_t key = first; key < end; ++key) {
        const auto* row = k.data + key * k.stride;
        Vector sum = {};
        for (int64_t c = 0; c < d; c += kLanes) sum += load(query + c) * load(row + c);
        scores.data[i * scores.stride + key] = scale * total_of(sum);
      }
    }
  }
}

// Up to four vectors of the sums' columns stay in registers.
template <int kVectors, class Values>
void add_weighted(const float* weights, Values v, float* sums) {
  Vector sum[kVectors];
  for (int j = 0; j < kVectors; ++j) sum[j] = load(sums + j * kLanes);
  for (int64_t key = 0; key < v.count; ++key)
    for (int j = 0; j < kVectors; ++j)
      sum[j] += weights[key] * load(v.data + key * v.stride + j * kLanes);
  for (int j = 0; j < kVectors; ++j) store(sums + j * kLanes, sum[j]);
}

template <class Values>
void weighted_sums(ConstRows weights, Values v, int64_t d, Rows sums) {
  for (int64_t i = 0; i < weights.count; ++i)
    for (int64_t c = 0; c < d; c += kLanes) store(sums.data + i * sums.stride + c, Vector{});
  for (int64_t first = 0; first < v.count; first += kFewKeys) {
    const Values some = {v.data + first * v.stride, least(kFewKeys, v.count - first), v.stride};
    for (int64_t i = 0; i < weights.count; ++i) {
      const float* row = weights.data + i * weights.stride + first;
      float* to = sums.data + i * sums.stride;
      int64_t c = 0;
      for (; c + 4 * kLanes <= d; c += 4 * kLanes)
        add_weighted<4>(row, Values{some.data + c, some.count, some.stride}, to + c);
      for (; c < d; c += kLanes)
        add_weighted<1>(row, Values{some.data + c, some.count, some.stride}, to + c);
    }
  }
}

constexpr AttentionKernel kernel_named(const char* name) {
  return {name,
          forward_scratch,
          backward_scratch,
          pack,
          forward,
          backward,
          kLanes,
          scores<ConstRows>,
          weighted_sums<ConstRows>,
          scores<HalfRows>,
          weighted_sums<HalfRows>,
          scores<ByteRows>,
          weighted_sums<ByteRows>};
}

}  // namespace
}  // namespace radgen
