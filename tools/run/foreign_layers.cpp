// SPDX-License-Identifier: MIT
#include "run/foreign_layers.hpp"

#include <algorithm>

#include "common/error.hpp"
#include "common/format.hpp"
#include "mote/topology.hpp"

namespace tools {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Whether a comes before b, with numbers in order of their values: "net.2" before "net.10".
bool is_before(const std::string& a, const std::string& b) {
  std::size_t i = 0, j = 0;
  const auto number = [](const std::string& text, std::size_t& at) {
    std::string digits;
    for (; at < text.size() && is_digit(text[at]); ++at) digits += text[at];
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    return digits;
  };
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const std::string x = number(a, i), y = number(b, j);
      if (x != y) return x.size() != y.size() ? x.size() < y.size() : x < y;
    } else if (a[i] != b[j]) {
      return a[i] < b[j];
    } else {
      ++i, ++j;
    }
  }
  return a.size() - i < b.size() - j;
}

/// The digits of a name, with a point between numbers: "1." for "fc1", "0.2." for "blocks.0.fc2".
std::string digits_of(const std::string& name) {
  std::string digits;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_digit(name[i])) continue;
    digits += name[i];
    if (i + 1 == name.size() || !is_digit(name[i + 1])) digits += '.';
  }
  return digits;
}

/// The number that a name in a list ends in: 3 for "net.3"; -1 for "fc1".
long place_of(const std::string& name) {
  const std::size_t dot = name.rfind('.'), start = dot == std::string::npos ? 0 : dot + 1;
  const std::string last = name.substr(start);
  const bool is_number = !last.empty() && last.size() < 9 && last.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? std::stol(last) : -1;
}

class LayerFinder {
 public:
  LayerFinder(const ForeignFile& file, const std::string& name) : file_(file), name_(name) {}

  std::vector<ForeignLayer> layers() {
    find_modules();
    std::vector<ForeignLayer> layers;
    for (const ForeignModule& module : modules_) {
      if (!module.is_norm()) layers.push_back({module});
    }
    if (layers.empty()) fail("no layers found; expected tensors such as fc1.weight [outputs,inputs] and fc1.bias");
    if (layers.size() > mote::kMaxLayers) fail("too many layers");
    order(layers);
    for (const ForeignModule& module : modules_) {
      if (module.is_norm()) link(module, layers);
    }
    return layers;
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const { refuse(file_, name_, problem); }

  void find_modules() {
    for (const ForeignTensor& tensor : file_.tensors) {
      if (is_of_samples(tensor)) continue;
      const std::size_t dot = tensor.name.rfind('.');
      const std::string leaf = tensor.name.substr(dot == std::string::npos ? 0 : dot + 1);
      const bool is_known = leaf == "weight" || leaf == "bias" || leaf == "running_mean" || leaf == "running_var" ||
                            leaf == "num_batches_tracked";
      if (!is_known) fail(tensor.text() + ": not a tensor of Linear or BatchNorm1d");
      const std::string module = dot == std::string::npos ? "" : tensor.name.substr(0, dot);  // "": Linear alone
      auto place =
          std::find_if(modules_.begin(), modules_.end(), [&](const ForeignModule& m) { return m.name == module; });
      if (place == modules_.end()) place = modules_.insert(modules_.end(), ForeignModule{module, {}});
      if (!place->parts.emplace(leaf, &tensor).second) fail(tensor.text() + ": found twice");
    }
    for (const ForeignModule& module : modules_) check(module);
    std::sort(modules_.begin(), modules_.end(),
              [](const ForeignModule& a, const ForeignModule& b) { return is_before(a.name, b.name); });
  }

  void check(const ForeignModule& module) const {
    const std::string name = printable(module.name);
    const ForeignTensor* weight = module.part("weight");
    if (module.is_norm() && (module.part("running_mean") == nullptr || module.part("running_var") == nullptr)) {
      fail(name + ": expected both running_mean and running_var");
    }
    const ForeignTensor* sized = module.is_norm() ? module.part("running_mean") : weight;
    if (sized == nullptr) fail(name + ".weight: missing");
    if (sized->shape.size() != (module.is_norm() ? 1 : 2)) {
      fail(sized->text() + ": expected " +
           (module.is_norm() ? "[outputs]" : "[outputs,inputs] of Linear, or running_mean beside it for BatchNorm1d"));
    }
    for (const std::uint64_t size : sized->shape) {
      if (size == 0 || size > mote::kMaxLayerSize) fail(sized->text() + ": size out of range");
    }
    for (const auto& [leaf, tensor] : module.parts) {
      if (leaf == "num_batches_tracked" || (leaf == "weight" && !module.is_norm())) continue;
      if (tensor->shape.size() == 1 && tensor->shape[0] == module.outputs()) continue;
      fail(tensor->text() + ": expected [" + std::to_string(module.outputs()) + "] for " + name);
    }
  }

  /// Puts the layers into an order in which each takes the outputs of the one before.
  void order(std::vector<ForeignLayer>& layers) const {
    const auto fits = [](const ForeignLayer& a, const ForeignLayer& b) {
      return a.linear.outputs() == b.linear.inputs();
    };
    if (std::adjacent_find(layers.begin(), layers.end(), [&](const auto& a, const auto& b) { return !fits(a, b); }) ==
        layers.end()) {
      return;
    }
    std::vector<std::size_t> path, found;
    std::vector<bool> used(layers.size());
    std::size_t chains = 0, steps = 0;
    const auto extend = [&](const auto& self) -> void {
      if (path.size() == layers.size() && chains++ == 0) found = path;
      for (std::size_t i = 0; i < layers.size() && chains < 2 && ++steps < 100000; ++i) {
        if (used[i] || !(path.empty() || fits(layers[path.back()], layers[i]))) continue;
        used[i] = true, path.push_back(i);
        self(self);
        used[i] = false, path.pop_back();
      }
    };
    extend(extend);
    if (chains != 1) fail("layers in an unknown order: neither their names nor their shapes tell it");
    std::vector<ForeignLayer> ordered;
    for (const std::size_t i : found) ordered.push_back(layers[i]);
    layers = ordered;
  }

  /// Finds the layer that a normalization follows.
  void link(const ForeignModule& norm, std::vector<ForeignLayer>& layers) const {
    std::vector<ForeignLayer*> same_digits;
    ForeignLayer* before = nullptr;  // in the order of the names
    for (ForeignLayer& layer : layers) {
      const std::string& name = layer.linear.name;
      if (!digits_of(name).empty() && digits_of(name) == digits_of(norm.name)) same_digits.push_back(&layer);
      if (is_before(name, norm.name)) before = &layer;
    }
    const long place = place_of(norm.name);
    ForeignLayer* layer = same_digits.size() == 1            ? same_digits[0]
                          : place >= 0 || layers.size() == 2 ? before
                                                             : nullptr;
    if (layer == nullptr && layers.size() == 2) layer = layers.data();
    if (layer != nullptr && place >= 0 && same_digits.size() != 1 && place_of(layer->linear.name) + 1 != place) {
      fail(printable(norm.name) + ": batch normalization must follow its layer directly, before the activation");
    }
    if (layer == nullptr || layer->norm || norm.outputs() != layer->linear.outputs()) {
      fail(printable(norm.name) +
           ": no layer found for this batch normalization; name it with the number of its layer, "
           "as bn1 for fc1");
    }
    layer->norm = norm;
  }

  const ForeignFile& file_;
  const std::string& name_;
  std::vector<ForeignModule> modules_;
};

}  // namespace

bool is_of_samples(const ForeignTensor& tensor) {
  return tensor.name == "golden.inputs" || tensor.name == "golden.outputs" || tensor.name == "inputs.offset" ||
         tensor.name == "inputs.scale";
}

std::vector<ForeignLayer> find_layers(const ForeignFile& file, const std::string& name) {
  return LayerFinder(file, name).layers();
}

void refuse(const ForeignFile& file, const std::string& name, const std::string& problem) {
  std::vector<std::string> names;
  for (const ForeignTensor& tensor : file.tensors) names.push_back(tensor.text());
  std::sort(names.begin(), names.end(), is_before);
  throw Error(name + ": " + problem + "; found " + (names.empty() ? "no tensors" : shortened_list(names, 24)));
}

}  // namespace tools
