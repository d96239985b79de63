// The encoder's text: stem, positions, layers, and what the decoder sees of the image.
#include <fmt/format.h>

#include <algorithm>

#include "script_source.h"

namespace radgen {
namespace {

using fmt::format;

// Helpers that know no weights. Attention takes blocks of queries, so that no more than 2^24 of its
// weights (64 MB) are there at once.
std::string attention_source(const EncoderConfig& c) {
  const int64_t first = c.has_cls ? 1 : 0;
  std::string text = R"(
def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
  scaled = q * (1.0 / float(q.size(3)) ** 0.5)
  keys = k.transpose(2, 3)
  rows = max(1, 16777216 // (q.size(0) * q.size(1) * k.size(2)))
  parts = []
  begin = 0
  while begin < q.size(2):
    count = min(rows, q.size(2) - begin)
    parts.append(torch.matmul(torch.softmax(torch.matmul(scaled.narrow(2, begin, count), keys), -1), v))
    begin += count
  return torch.cat(parts, 2)

def attend_all(self, qkv: Tensor) -> Tensor:
  x = qkv.permute([2, 0, 3, 1, 4])
  return self.attend(x[0], x[1], x[2]).transpose(1, 2)
)";
  if (c.window_patches > 0)
    text += format(R"(
def attend_region(self, patches: Tensor, cls: Tensor, top: int, bands: int, height: int, left: int, columns: int, width: int) -> Tensor:
  batch = patches.size(0)
  heads = patches.size(4)
  d = patches.size(5)
  x = patches.narrow(1, top, bands * height).narrow(2, left, columns * width)
  x = x.reshape([batch, bands, height, columns, width, 3, heads, d]).permute([0, 1, 3, 2, 4, 5, 6, 7])
  x = x.reshape([batch * bands * columns, height * width, 3, heads, d])
  copies = cls.unsqueeze(1).expand([batch, bands * columns, {0}, 3, heads, d]).reshape([batch * bands * columns, {0}, 3, heads, d])
  out = self.attend_all(torch.cat([copies, x], 1)).narrow(1, {0}, height * width)
  out = out.reshape([batch, bands, columns, height, width, heads, d]).permute([0, 1, 3, 2, 4, 5, 6])
  return out.reshape([batch, bands * height, columns * width, heads, d])

def attend_windows(self, qkv: Tensor, rows: int, columns: int) -> Tensor:
  side = {1}
  if side >= max(rows, columns):
    return self.attend_all(qkv)
  patches = qkv.narrow(1, {0}, rows * columns).reshape([qkv.size(0), rows, columns, 3, qkv.size(3), qkv.size(4)])
  cls = qkv.narrow(1, 0, {0})
  bands = []
  top = 0
  while top < rows:
    height = min(side, rows - top)
    down = max(1, (rows - top) // side)
    regions = []
    left = 0
    while left < columns:
      width = min(side, columns - left)
      across = max(1, (columns - left) // side)
      regions.append(self.attend_region(patches, cls, top, down, height, left, across, width))
      left += across * width
    bands.append(torch.cat(regions, 2))
    top += down * height
  out = torch.cat(bands, 1).reshape([qkv.size(0), rows * columns, qkv.size(3), qkv.size(4)])
)",
                   first, c.window_patches) +
            (c.has_cls ? R"(
  x = qkv.permute([2, 0, 3, 1, 4])
  seen = self.attend(x[0].narrow(2, 0, 1), x[1], x[2]).transpose(1, 2)
  return torch.cat([seen, out], 1)
)"
                       : "  return out\n");
  return text;
}

constexpr const char* kPositionsSource = R"(
def positions_of(self, learned: Tensor, rows: int, columns: int) -> Tensor:
  if rows == {0} and columns == {1}:
    return learned
  grid = learned.reshape([1, {0}, {1}, learned.size(2)]).permute([0, 3, 1, 2])
  resized = torch.upsample_bicubic2d(grid, [rows, columns], False, None, None)
  return resized.permute([0, 2, 3, 1]).reshape([1, rows * columns, learned.size(2)])
)";

// Stages 0.. of a convolutional stem; the modules' numbers are torch::nn::Sequential's.
void stem_lines(const EncoderConfig& c, ScriptWeights& w, ScriptText& to) {
  if (c.stem == "patch") {
    to.line("x = " + w.convolution("encoder.stem.projection", "image", c.patch_px, 0));
    to.line("x = x.flatten(2).transpose(1, 2).contiguous()");
    return;
  }
  constexpr int kChannelsLast = 2;
  to.line(format("x = image.contiguous(memory_format={})", kChannelsLast));
  for (int64_t stage = 0; w.has(format("encoder.stem.stages.{}.0.weight", stage)); ++stage) {
    const std::string name = format("encoder.stem.stages.{}.", stage);
    to.line("x = " + w.convolution(name + "0", "x", 2, 1));
    to.line("x = torch.relu(" + w.batch_norm(name + "1", "x") + ")");
    for (int64_t block = 3; w.has(name + format("{}.convolution_1.weight", block)); ++block) {
      const std::string of = name + std::to_string(block) + ".";
      to.line("y = " + w.convolution(of + "convolution_1", "x", 1, 1));
      to.line("y = torch.relu(" + w.batch_norm(of + "norm_1", "y") + ")");
      to.line("y = " + w.convolution(of + "convolution_2", "y", 1, 1));
      to.line("x = torch.relu(x + " + w.batch_norm(of + "norm_2", "y") + ")");
    }
  }
  to.line("x = x.permute([0, 2, 3, 1]).flatten(1, 2)");
  to.line("x = " + w.linear("encoder.stem.projection", "x"));
}

void attention_lines(const EncoderConfig& c, int64_t number, const std::string& name,
                     ScriptWeights& w, ScriptText& to) {
  const int64_t d = c.width / c.heads;
  const bool is_global =
      std::find(c.global_layers.begin(), c.global_layers.end(), number) != c.global_layers.end();
  const bool has_windows = c.window_patches > 0 && !is_global;
  if (!has_windows && c.pool_keys > 1) {
    const int64_t first = c.has_cls ? 1 : 0;
    to.line(
        format("grid = y.narrow(1, {}, rows * columns).reshape([batch, rows, columns, {}])"
               ".permute([0, 3, 1, 2])",
               first, c.width));
    to.line(
        format("pooled = torch.avg_pool2d(grid, [{0}, {0}], [{0}, {0}], [0, 0], True, False)"
               ".flatten(2).transpose(1, 2)",
               c.pool_keys));
    if (c.has_cls) to.line("pooled = torch.cat([y.narrow(1, 0, 1), pooled], 1)");
    to.line("q = " + w.linear_part(name + ".query_key_value", "y", 0, c.width));
    to.line("kv = " + w.linear_part(name + ".query_key_value", "pooled", c.width, 2 * c.width));
    to.line(format("kv = kv.view([batch, -1, 2, {}, {}]).permute([2, 0, 3, 1, 4])", c.heads, d));
    to.line(
        format("y = self.attend(q.view([batch, -1, {}, {}]).transpose(1, 2), kv[0], kv[1])"
               ".transpose(1, 2)",
               c.heads, d));
  } else {
    to.line("y = " + w.linear(name + ".query_key_value", "y"));
    to.line(format("y = y.view([batch, -1, 3, {}, {}])", c.heads, d));
    to.line(has_windows ? "y = self.attend_windows(y, rows, columns)" : "y = self.attend_all(y)");
  }
  to.line(format("y = y.reshape([batch, -1, {}])", c.width));
  to.line("y = " + w.linear(name + ".output", "y"));
}

void layer_lines(const EncoderConfig& c, int64_t index, ScriptWeights& w, ScriptText& to) {
  const std::string name = format("encoder.layers.{}.", index);
  const auto scaled = [&](const char* scale) {
    return w.has(name + scale) ? "x = x + y * " + w.value(name + scale) : std::string("x = x + y");
  };
  to.line("y = " + w.layer_norm(name + "norm_1", "x", c.layer_norm_eps));
  attention_lines(c, index + 1, name + "attention", w, to);
  to.line(scaled("scale_1"));
  to.line("y = " + w.layer_norm(name + "norm_2", "x", c.layer_norm_eps));
  feed_forward_lines(name + "mlp", c.feed_forward, "y", "y", w, to);
  to.line(scaled("scale_2"));
}

void memory_lines(const ModelConfig& config, ScriptWeights& w, ScriptText& to) {
  to.line(config.projection ? "memory = " + w.linear("projection", "patches")
                            : std::string("memory = patches"));
  if (w.has("memory_positions"))
    to.line("memory = memory + self.positions_of(" + w.value("memory_positions") +
            ", rows, columns)");
  to.line("findings = torch.zeros([batch, patches.size(1), 0], dtype=6, device=image.device)");
  if (config.finding_classes > 0) to.line("findings = " + w.linear("finding_head", "patches"));
  if (config.sees_findings) {
    to.line("odds = findings.clamp(-8.0, 8.0)");
    to.line("features = torch.cat([findings.sigmoid(), odds / 8.0], -1)");
    to.line("memory = torch.cat([memory + torch.matmul(features, " + w.value("evidence") +
            "), odds], 2)");
  }
  if (!config.decoder.sees_cls) return;
  to.line("key = cls.unsqueeze(1)");
  if (config.projection) to.line("key = " + w.linear("projection", "key"));
  if (config.sees_findings)
    to.line(format("key = torch.constant_pad_nd(key, [0, {}])", config.finding_classes));
  to.line("memory = torch.cat([memory, key], 1)");
}

}  // namespace

void feed_forward_lines(const std::string& name, const std::string& kind, const std::string& x,
                        const std::string& out, ScriptWeights& w, ScriptText& to) {
  to.line("h = " + w.linear(name + ".up", x));
  if (kind == "swiglu") {
    to.line("half = h.size(-1) // 2");
    to.line("h = torch.silu(h.narrow(-1, 0, half)) * h.narrow(-1, half, half)");
  } else {
    to.line(kind == "gelu" ? "h = torch.gelu(h)" : "h = torch.gelu(h, approximate=\"tanh\")");
  }
  to.line(out + " = " + w.linear(name + ".down", "h"));
}

std::string encoder_source(const ModelConfig& config, bool is_size_free, ScriptWeights& w) {
  const EncoderConfig& c = config.encoder;
  const int64_t rows = c.image_height_px / c.patch_px, columns = c.image_width_px / c.patch_px;
  ScriptText to;
  to.line(format("if image.dim() != 4 or image.size(1) != {}:", c.channels));
  to.line(format("  prim.RaiseException(\"a picture is [B,{},H,W]\")", c.channels));
  to.line(format("if image.size(2) % {0} != 0 or image.size(3) % {0} != 0 or image.numel() == 0:",
                 c.patch_px));
  to.line(
      format("  prim.RaiseException(\"sides of a picture are multiples of {} px\")", c.patch_px));
  if (!is_size_free) {
    to.line(format("if image.size(2) != {} or image.size(3) != {}:", c.image_height_px,
                   c.image_width_px));
    to.line(format("  prim.RaiseException(\"this artifact takes pictures of {} x {} px alone\")",
                   c.image_height_px, c.image_width_px));
  }
  to.line("batch = image.size(0)");
  to.line(format("rows = image.size(2) // {}", c.patch_px));
  to.line(format("columns = image.size(3) // {}", c.patch_px));
  stem_lines(c, w, to);
  to.line("x = x + self.positions_of(" + w.value("encoder.positions") + ", rows, columns)");
  if (c.has_cls)
    to.line("x = torch.cat([(" + w.value("encoder.cls_token") + " + " +
            w.value("encoder.cls_position") + format(").expand([batch, 1, {}]), x], 1)", c.width));
  for (int64_t i = 0; i < c.layers; ++i) layer_lines(c, i, w, to);
  to.line("x = " + w.layer_norm("encoder.norm", "x", c.layer_norm_eps));
  to.line(c.has_cls ? "cls = x.select(1, 0)" : "cls = x.select(1, 0).narrow(1, 0, 0)");
  to.line(c.has_cls ? "patches = x.narrow(1, 1, rows * columns)" : "patches = x");
  memory_lines(config, w, to);
  to.line("return patches, cls, memory, findings");
  return attention_source(c) + format(fmt::runtime(kPositionsSource), rows, columns) +
         "\ndef encode(self, image: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor]:\n" +
         to.text();
}

}  // namespace radgen
