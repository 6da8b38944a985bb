// SPDX-License-Identifier: MIT
// Model files in memory.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "mote/batch_norm.hpp"
#include "mote/checksum.hpp"
#include "mote/model_file.hpp"

namespace model {

/// A plain network, and one with hidden layers as wide as its inputs and batch normalization in the second.
inline const mote::Topology kPlain{3, {2, mote::Activation::relu}, {4, mote::Activation::softmax}};
inline const mote::Topology kSquare{
    4, {4, mote::Activation::tanh}, {4, mote::Activation::relu, true}, {3, mote::Activation::identity}};

inline mote::Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

inline bool append(void* to, mote::Bytes bytes) {
  static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return true;
}

/// A network whose parameters all differ.
struct Model {
  mote::ModelDescription description;
  std::vector<float> parameters, running;

  explicit Model(const mote::Topology& topology)
      : parameters(topology.parameter_count()), running(mote::running_statistics_count(topology)) {
    description.topology = topology;
    const bool is_class = topology.output_activation() == mote::Activation::softmax;
    description.loss = is_class ? mote::Loss::cross_entropy : mote::Loss::quadratic;
    fill();
  }
  const mote::Topology& topology() const { return description.topology; }

  mote::Result write(std::string& file) const {
    file.clear();
    return write_model(description, {parameters.data(), parameters.size()}, {running.data(), running.size()},
                       {append, &file});
  }
  std::string written() const {
    std::string file;
    EXPECT_TRUE(write(file).ok());
    return file;
  }
  mote::Result read(const std::string& file) {
    std::vector<unsigned char> header(20000);
    const mote::Bytes bytes = bytes_of(file);
    return read_model(mote::source_of(bytes), {header.data(), header.size()}, topology(),
                      {parameters.data(), parameters.size()}, {running.data(), running.size()});
  }
  std::uint32_t fingerprint() const { return mote::fingerprint(topology(), {parameters.data(), parameters.size()}); }

 private:
  /// A different float for each parameter; padding stays 0.
  void fill() {
    float next = 0.0f;
    const auto set = [&next](float* first, std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) first[i] = (next += 0.125f);
    };
    const mote::Topology& t = topology();
    for (std::size_t l = 0; l < t.layer_count; ++l) {
      for (std::size_t i = 0; i < t.inputs_of(l); ++i) {
        set(parameters.data() + t.weights_offset(l) + i * t.stride_of(l), t.outputs_of(l));
      }
      set(parameters.data() + t.biases_offset(l), t.outputs_of(l));
      if (!t.layers[l].batch_norm) continue;
      set(parameters.data() + t.scales_offset(l), t.outputs_of(l));
      set(running.data() + t.scale_floats_before(l), t.outputs_of(l));
      set(running.data() + t.all_scale_floats() + t.scale_floats_before(l), t.outputs_of(l));
    }
  }
};

/// A file, split after its header.
inline std::size_t header_size(const std::string& file) {
  std::size_t size = 0;
  for (int i = 7; i >= 0; --i) size = size << 8 | static_cast<unsigned char>(file[static_cast<std::size_t>(i)]);
  return size;
}
inline std::string header_of(const std::string& file) {
  return file.substr(8, header_size(file));
}
inline std::string data_of(const std::string& file) {
  return file.substr(8 + header_size(file));
}
inline std::string file_of(const std::string& header, const std::string& data) {
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>(header.size() >> 8 * i);
  return file + header + data;
}

inline mote::Result read_description(const std::string& file, mote::ModelDescription& model,
                                     std::size_t header_room = 20000) {
  std::vector<unsigned char> header(header_room);
  const mote::Bytes bytes = bytes_of(file);
  const mote::Result result = read_model_description(mote::source_of(bytes), {header.data(), header.size()}, model);
  model.class_names = model.target_names = model.feature_names = {};  // viewed `header`
  model.input_offsets = model.input_scales = {};
  return result;
}

struct Tensor {
  std::string name;
  std::vector<float> numbers;
};

/// A header without checksum, which changes would break; nor mote_version, which requires one.
inline std::string unsealed(std::string header) {
  for (const char* key : {"checksum", "mote_version"}) header[header.find(key)] = 'X';
  return header;
}

/// A file with more tensors of one dimension, and without the checksum that they would break.
inline std::string with(const std::string& file, const std::vector<Tensor>& tensors) {
  std::string header = unsealed(header_of(file)), data = data_of(file);
  header.erase(header.rfind('}'));
  for (const Tensor& tensor : tensors) {
    const std::size_t begin = data.size(), count = tensor.numbers.size();
    data.append(reinterpret_cast<const char*>(tensor.numbers.data()), 4 * count);
    header += ",\"" + tensor.name + R"(":{"dtype":"F32","shape":[)" + std::to_string(count) + R"(],"data_offsets":[)" +
              std::to_string(begin) + "," + std::to_string(data.size()) + "]}";
  }
  return file_of(header + "}", data);
}

inline std::string name_of(const mote::Topology& topology, std::uint64_t tensor) {
  return mote::model_tensor_name(topology, static_cast<std::size_t>(tensor)).text;
}

}  // namespace model
