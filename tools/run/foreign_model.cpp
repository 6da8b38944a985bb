// SPDX-License-Identifier: MIT
#include "run/foreign_model.hpp"

#include <cstring>

#include "common/format.hpp"
#include "run/foreign_layers.hpp"

namespace tools {
namespace {

/// Writes tensors of F32 one after the other.
class Writer {
 public:
  void add(const std::string& name, const std::vector<std::uint64_t>& shape, const std::vector<float>& numbers) {
    const std::size_t begin = data_.size();
    for (const float x : numbers) {
      std::uint32_t bits;
      std::memcpy(&bits, &x, sizeof bits);
      for (int i = 0; i < 4; ++i) data_ += static_cast<char>(bits >> 8 * i);
    }
    entries_ += ",\"" + name + R"(":{"dtype":"F32","shape":[)" + comma_list(shape) + R"(],"data_offsets":[)" +
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
  return format("%a", static_cast<double>(x));
}

/// Sizes of the inputs and of the layers' outputs.
std::vector<std::uint64_t> sizes_of(const std::vector<ForeignLayer>& layers) {
  std::vector<std::uint64_t> sizes = {layers[0].linear.inputs()};
  for (const ForeignLayer& layer : layers) sizes.push_back(layer.linear.outputs());
  return sizes;
}

/// Throws an Error unless the layers have the sizes that the user gave, and an activation.
void check(const std::vector<ForeignLayer>& layers, const ForeignFile& file, const std::string& name,
           const ForeignNetwork& network) {
  const std::vector<std::uint64_t> expected(network.layers.begin(), network.layers.end());
  const std::string found = comma_list(sizes_of(layers));
  if (!expected.empty() && sizes_of(layers) != expected) {
    refuse(file, name, "layers " + found + ", not those of --layers " + comma_list(expected));
  }
  if (layers.size() > 1 && !network.activation) {
    refuse(file, name,
           "layers " + found + " without their activation; add --activation relu, or the one that it was trained with");
  }
}

std::string metadata_of(const std::vector<ForeignLayer>& layers, const ForeignNetwork& network) {
  std::string activations;
  std::vector<std::uint64_t> norms;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const bool is_last = l + 1 == layers.size();
    activations +=
        (l == 0 ? "" : ",") + std::string(mote::name_of(is_last ? network.output_activation : *network.activation));
    if (layers[l].norm) norms.push_back(l);
  }
  const auto member = [](const char* key, const std::string& value) {
    return std::string(",\"") + key + "\":\"" + value + "\"";
  };
  std::string text = R"("sizes":")" + comma_list(sizes_of(layers)) + "\"" + member("activations", activations) +
                     member("loss", mote::name_of(network.loss.kind));
  if (!norms.empty()) text += member("batch_norm", comma_list(norms));
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
  const std::vector<ForeignLayer> layers = find_layers(file, name);
  check(layers, file, name, network);
  Writer writer;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const ForeignModule& linear = layers[l].linear;
    const std::string number = std::to_string(l);
    const std::uint64_t outputs = linear.outputs();
    const auto add = [&](const std::string& to, const ForeignModule& module, const char* leaf, float missing) {
      const ForeignTensor* tensor = module.part(leaf);
      writer.add(to + "." + leaf, {outputs},
                 tensor != nullptr ? read_numbers(source, name, *tensor)
                                   : std::vector<float>(static_cast<std::size_t>(outputs), missing));
    };
    order += (l == 0 ? "" : ", ") + (linear.name.empty() ? "weight" : printable(linear.name));
    writer.add("layers." + number + ".weight", {outputs, linear.inputs()},
               read_numbers(source, name, *linear.part("weight")));
    add("layers." + number, linear, "bias", 0.0f);
    if (!layers[l].norm) continue;
    const ForeignModule& norm = *layers[l].norm;
    order += ", " + printable(norm.name);
    add("norms." + number, norm, "weight", 1.0f);
    add("norms." + number, norm, "bias", 0.0f);
    add("norms." + number, norm, "running_mean", 0.0f);
    add("norms." + number, norm, "running_var", 1.0f);
  }
  for (const ForeignTensor& tensor : file.tensors) {
    if (!is_of_samples(tensor) || tensor.shape.size() != 1) continue;
    writer.add(tensor.name, tensor.shape, read_numbers(source, name, tensor));
  }
  return writer.file(metadata_of(layers, network));
}

}  // namespace tools
