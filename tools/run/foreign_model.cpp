// SPDX-License-Identifier: MIT
#include "run/foreign_model.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <map>

#include "common/error.hpp"
#include "common/format.hpp"
#include "common/names.hpp"

namespace tools {
namespace {

/// Tensors of one module, by the last part of their names: "weight", "bias", "running_mean".
struct Module {
  std::string name;
  std::map<std::string, const ForeignTensor*> parts;

  const ForeignTensor* part(const char* leaf) const {
    const auto found = parts.find(leaf);
    return found == parts.end() ? nullptr : found->second;
  }
  bool is_norm() const { return part("running_mean") != nullptr || part("running_var") != nullptr; }
  std::uint64_t outputs() const { return part(is_norm() ? "running_mean" : "weight")->shape[0]; }
  std::uint64_t inputs() const { return part("weight")->shape[1]; }
};

/// A layer, and the batch normalization that follows it; null: none.
struct Linked {
  const Module* linear;
  const Module* norm = nullptr;
};

/// Whether a comes before b, with numbers in order of their values: "net.2" before "net.10".
bool is_before(const std::string& a, const std::string& b) {
  std::size_t i = 0, j = 0;
  const auto number = [](const std::string& text, std::size_t& at) {
    std::string digits;
    for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; ++at) digits += text[at];
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    return digits;
  };
  while (i < a.size() && j < b.size()) {
    const bool are_numbers =
        std::isdigit(static_cast<unsigned char>(a[i])) != 0 && std::isdigit(static_cast<unsigned char>(b[j])) != 0;
    if (are_numbers) {
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
    if (std::isdigit(static_cast<unsigned char>(name[i])) == 0) continue;
    digits += name[i];
    if (i + 1 == name.size() || std::isdigit(static_cast<unsigned char>(name[i + 1])) == 0) digits += '.';
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

class Reader {
 public:
  Reader(const ForeignFile& file, const std::string& name, const ForeignNetwork& network)
      : file_(file), name_(name), network_(network) {}

  /// The layers, the first after the inputs first.
  std::vector<Linked> layers() {
    find_modules();
    std::vector<const Module*> linears;
    for (const Module& module : modules_) {
      if (!module.is_norm()) linears.push_back(&module);
    }
    if (linears.empty()) fail("no layers found; expected tensors such as fc1.weight [outputs,inputs] and fc1.bias");
    if (linears.size() > mote::kMaxLayers) fail("too many layers");
    order(linears);
    std::vector<Linked> linked;
    for (const Module* linear : linears) linked.push_back({linear});
    for (const Module& module : modules_) {
      if (module.is_norm()) link(module, linked);
    }
    check_sizes(linked);
    return linked;
  }

  [[noreturn]] void fail(const std::string& problem) const {
    std::vector<std::string> names;
    for (const ForeignTensor& tensor : file_.tensors) names.push_back(tensor.text());
    std::sort(names.begin(), names.end(), is_before);
    throw Error(name_ + ": " + problem + "; found " + (names.empty() ? "no tensors" : shortened_list(names, 24)));
  }

 private:
  void find_modules() {
    for (const ForeignTensor& tensor : file_.tensors) {
      if (is_extra(tensor)) continue;
      const std::size_t dot = tensor.name.rfind('.');
      const std::string leaf = tensor.name.substr(dot == std::string::npos ? 0 : dot + 1);
      const bool is_known = leaf == "weight" || leaf == "bias" || leaf == "running_mean" || leaf == "running_var" ||
                            leaf == "num_batches_tracked";
      if (!is_known) fail(tensor.text() + ": not a tensor of Linear or BatchNorm1d");
      const std::string module = dot == std::string::npos ? "" : tensor.name.substr(0, dot);  // "": Linear alone
      auto place = std::find_if(modules_.begin(), modules_.end(), [&](const Module& m) { return m.name == module; });
      if (place == modules_.end()) place = modules_.insert(modules_.end(), Module{module, {}});
      if (!place->parts.emplace(leaf, &tensor).second) fail(tensor.text() + ": found twice");
    }
    for (const Module& module : modules_) check(module);
    std::sort(modules_.begin(), modules_.end(),
              [](const Module& a, const Module& b) { return is_before(a.name, b.name); });
  }

  /// Tensors that mote's model files have too, which are copied.
  static bool is_extra(const ForeignTensor& tensor) {
    return tensor.name == "golden.inputs" || tensor.name == "golden.outputs" || tensor.name == "inputs.offset" ||
           tensor.name == "inputs.scale";
  }

  void check(const Module& module) const {
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
  void order(std::vector<const Module*>& linears) const {
    const auto fits = [](const Module* a, const Module* b) { return a->outputs() == b->inputs(); };
    if (std::adjacent_find(linears.begin(), linears.end(), [&](auto a, auto b) { return !fits(a, b); }) ==
        linears.end()) {
      return;
    }
    std::vector<const Module*> path, found;
    std::vector<bool> used(linears.size());
    std::size_t chains = 0, steps = 0;
    const auto extend = [&](const auto& self) -> void {
      if (path.size() == linears.size() && chains++ == 0) found = path;
      for (std::size_t i = 0; i < linears.size() && chains < 2 && ++steps < 100000; ++i) {
        if (used[i] || !(path.empty() || fits(path.back(), linears[i]))) continue;
        used[i] = true, path.push_back(linears[i]);
        self(self);
        used[i] = false, path.pop_back();
      }
    };
    extend(extend);
    if (chains != 1) fail("layers in an unknown order: neither their names nor their shapes tell it");
    linears = found;
  }

  /// Finds the layer that a normalization follows.
  void link(const Module& norm, std::vector<Linked>& linked) const {
    std::vector<Linked*> same_digits;
    Linked* before = nullptr;  // in the order of the names
    for (Linked& layer : linked) {
      const std::string& name = layer.linear->name;
      if (!digits_of(name).empty() && digits_of(name) == digits_of(norm.name)) same_digits.push_back(&layer);
      if (is_before(name, norm.name)) before = &layer;
    }
    const long place = place_of(norm.name);
    Linked* layer = same_digits.size() == 1 ? same_digits[0] : place >= 0 || linked.size() == 2 ? before : nullptr;
    if (layer == nullptr && linked.size() == 2) layer = linked.data();
    if (layer != nullptr && place >= 0 && same_digits.size() != 1 && place_of(layer->linear->name) + 1 != place) {
      fail(printable(norm.name) + ": batch normalization must follow its layer directly, before the activation");
    }
    if (layer == nullptr || layer->norm != nullptr || norm.outputs() != layer->linear->outputs()) {
      fail(printable(norm.name) +
           ": no layer found for this batch normalization; name it with the number of its layer, "
           "as bn1 for fc1");
    }
    layer->norm = &norm;
  }

  void check_sizes(const std::vector<Linked>& layers) const {
    std::string found = std::to_string(layers[0].linear->inputs()), expected;
    for (const Linked& layer : layers) found += "," + std::to_string(layer.linear->outputs());
    for (const std::uint32_t size : network_.layers) expected += (expected.empty() ? "" : ",") + std::to_string(size);
    if (!expected.empty() && found != expected) fail("layers " + found + ", not those of --layers " + expected);
    if (layers.size() > 1 && !network_.activation) {
      fail("layers " + found + " without their activation; add --activation relu, or the one that it was trained with");
    }
  }

  const ForeignFile& file_;
  const std::string& name_;
  const ForeignNetwork& network_;
  std::vector<Module> modules_;
};

/// Writes tensors of F32 one after the other.
class Writer {
 public:
  void add(const std::string& name, const std::vector<std::uint64_t>& shape, const std::vector<float>& numbers) {
    std::string sizes;
    for (const std::uint64_t size : shape) sizes += (sizes.empty() ? "" : ",") + std::to_string(size);
    const std::size_t begin = data_.size();
    for (const float x : numbers) {
      std::uint32_t bits;
      std::memcpy(&bits, &x, sizeof bits);
      for (int i = 0; i < 4; ++i) data_ += static_cast<char>(bits >> 8 * i);
    }
    entries_ += ",\"" + name + R"(":{"dtype":"F32","shape":[)" + sizes + R"(],"data_offsets":[)" +
                std::to_string(begin) + "," + std::to_string(data_.size()) + "]}";
  }
  std::string file(const std::string& metadata) const {
    const std::string header = "{\"__metadata__\":{" + metadata + "}" + entries_ + "}";
    std::string size;
    for (int i = 0; i < 8; ++i) size += static_cast<char>(std::uint64_t{header.size()} >> 8 * i);
    return size + header + data_;
  }

 private:
  std::string entries_, data_;
};

std::string hexadecimal(float x) {
  char text[40];
  std::snprintf(text, sizeof text, "%a", static_cast<double>(x));
  return text;
}

std::string metadata_of(const std::vector<Linked>& layers, const ForeignNetwork& network) {
  std::string sizes = std::to_string(layers[0].linear->inputs()), activations, norms;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const bool is_last = l + 1 == layers.size();
    sizes += "," + std::to_string(layers[l].linear->outputs());
    activations +=
        (l == 0 ? "" : ",") + std::string(mote::name_of(is_last ? network.output_activation : *network.activation));
    if (layers[l].norm != nullptr) norms += (norms.empty() ? "" : ",") + std::to_string(l);
  }
  const auto member = [](const char* key, const std::string& value) {
    return std::string(",\"") + key + "\":\"" + value + "\"";
  };
  std::string text = R"("sizes":")" + sizes + "\"" + member("activations", activations) +
                     member("loss", mote::name_of(network.loss.kind));
  if (!norms.empty()) text += member("batch_norm", norms);
  if (network.loss.kind == mote::Loss::huber) text += member("huber_delta", hexadecimal(network.loss.huber_delta));
  if (network.loss.label_smoothing != 0.0f)
    text += member("label_smoothing", hexadecimal(network.loss.label_smoothing));
  return text + member("input_offset", hexadecimal(static_cast<float>(network.offset))) +
         member("input_scale", hexadecimal(static_cast<float>(network.scale)));
}

}  // namespace

bool is_foreign(const ForeignFile& file) {
  for (const char* key : {"sizes", "activations", "loss"}) {
    if (file.metadata.count(key) != 0) return false;
  }
  return true;
}

std::string convert_foreign(const ForeignFile& file, const mote::ByteSource& source, const std::string& name,
                            const ForeignNetwork& network, std::string& order) {
  Reader reader(file, name, network);  // owns the modules
  const std::vector<Linked> layers = reader.layers();
  Writer writer;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Module& linear = *layers[l].linear;
    const std::string number = std::to_string(l);
    const std::uint64_t outputs = linear.outputs();
    const auto add = [&](const std::string& to, const Module& module, const char* leaf, float missing) {
      const ForeignTensor* tensor = module.part(leaf);
      writer.add(to + "." + leaf, {outputs},
                 tensor != nullptr ? read_numbers(source, name, *tensor)
                                   : std::vector<float>(static_cast<std::size_t>(outputs), missing));
    };
    order += (l == 0 ? "" : ", ") + (linear.name.empty() ? "weight" : printable(linear.name));
    writer.add("layers." + number + ".weight", {outputs, linear.inputs()},
               read_numbers(source, name, *linear.part("weight")));
    add("layers." + number, linear, "bias", 0.0f);
    if (layers[l].norm == nullptr) continue;
    const Module& norm = *layers[l].norm;
    order += ", " + printable(norm.name);
    add("norms." + number, norm, "weight", 1.0f);
    add("norms." + number, norm, "bias", 0.0f);
    add("norms." + number, norm, "running_mean", 0.0f);
    add("norms." + number, norm, "running_var", 1.0f);
  }
  for (const ForeignTensor& tensor : file.tensors) {
    const bool is_extra = tensor.name.rfind("golden.", 0) == 0 || tensor.name.rfind("inputs.", 0) == 0;
    if (is_extra && tensor.shape.size() == 1) writer.add(tensor.name, tensor.shape, read_numbers(source, name, tensor));
  }
  return writer.file(metadata_of(layers, network));
}

}  // namespace tools
