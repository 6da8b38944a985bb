// SPDX-License-Identifier: MIT
#include "run/model_files.hpp"

#include <algorithm>
#include <filesystem>

#include "common/error.hpp"

namespace tools {
namespace {

constexpr std::size_t kLongestHeader = 1 << 20;  // bytes

bool is_at_byte(mote::Status status) {
  using mote::Status;
  switch (status) {
    case Status::model_syntax:
    case Status::model_duplicate:
    case Status::model_too_many_metadata:
    case Status::model_value:
    case Status::model_unknown_tensor:
    case Status::model_tensor_type:
    case Status::model_tensor_shape:
    case Status::model_tensor_offsets:
    case Status::model_data_gap: return true;
    default: return false;
  }
}

/// Replaces control characters, which terminals obey, by question marks.
std::string printable(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool is_second = i != 0 && text[i - 1] == '\xc2' && c < 0xa0;  // of the two bytes of U+0080 to U+009F
    if (c < 0x20 || c == 0x7f) text[i] = '?';
    if (is_second) text.replace(--i, 2, "?");
  }
  return text;
}

}  // namespace

void require_model_or_nothing(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none) || std::filesystem::file_size(path, none) == 0) return;
  InputFile old(path, "a model");
  unsigned char start[9] = {};  // size and first byte of the header
  const mote::ByteSource source = old.source();
  if (source.size >= sizeof start && source.read(source.context, 0, mote::Memory(start)) && start[8] == '{') {
    std::uint64_t header = 0;
    for (std::size_t i = 0; i < 8; ++i) header |= std::uint64_t{start[i]} << 8 * i;
    if (header <= source.size - 8) return;
  }
  throw Error("--save: " + path + ": exists and is not a model; name another file");
}

void save_model(AtomicFile& file, const mote::ModelDescription& model, mote::Span<const float> parameters,
                mote::Span<const float> running) {
  const mote::Result result = mote::write_model(model, parameters, running, sink_of(file));
  file.require_written();
  if (!result.ok()) throw Error("--save: " + file.path() + ": " + describe(result), kExitFailed);
  file.commit();
}

ModelFile::ModelFile(const std::string& path, const std::string& option)
    : file_(path, "a safetensors file", option),
      header_(static_cast<std::size_t>(std::min<std::uint64_t>(file_.size(), kLongestHeader))) {
  const mote::Result result =
      mote::read_model_description(file_.source(), {header_.data(), header_.size()}, description_);
  if (!result.ok()) fail(result);
}

std::vector<std::string> names_of(const mote::ModelDescription& model) {
  std::vector<std::string> names;
  const mote::Bytes text = model.class_names;
  for (const unsigned char* begin = text.begin(); !text.empty();) {
    const unsigned char* end = std::find(begin, text.end(), static_cast<unsigned char>('\n'));
    names.push_back(printable({begin, end}));
    if (end == text.end()) break;
    begin = end + 1;
  }
  for (std::size_t i = names.size(); i < model.topology.outputs(); ++i) names.push_back(std::to_string(i));
  return names;
}

void ModelFile::load(mote::Span<float> parameters, mote::Span<float> running) {
  std::vector<unsigned char> header(header_.size());
  const mote::Result result =
      mote::read_model(file_.source(), {header.data(), header.size()}, description_.topology, parameters, running);
  if (!result.ok()) fail(result);
}

/// The bytes [from, from + size) of the file, cut at its end.
std::string ModelFile::bytes(std::size_t from, std::size_t size) {
  const mote::ByteSource source = file_.source();
  std::string text(from < source.size ? std::min<std::size_t>(size, static_cast<std::size_t>(source.size) - from) : 0,
                   '?');
  source.read(source.context, from, {reinterpret_cast<unsigned char*>(text.data()), text.size()});
  return text;
}

/// The text of the file at a byte: up to 48 characters, ending with a quoted string or a list that begins there.
std::string ModelFile::excerpt(std::size_t at) {
  std::string text;
  for (const char c : bytes(at, 48)) {
    text += c >= 0x20 && c < 0x7f ? c : '?';
    const char closing = text[0] == '[' ? ']' : '"';
    if (text.size() > 1 && text.back() == closing) break;
  }
  return text.empty() ? "" : ": " + text;
}

/// The name of the value at a byte: the text between the last two quotes before it.
std::string ModelFile::key_of(std::size_t at) {
  const std::size_t from = at < 64 ? 0 : at - 64;
  const std::string before = bytes(from, at - from);
  const std::size_t end = before.rfind('"'), begin = end == 0 ? end : before.rfind('"', end - 1);
  if (end == std::string::npos || begin == std::string::npos || begin == end) return "";
  return " in " + printable(before.substr(begin + 1, end - begin - 1));
}

/// The type, shape or size expected of a tensor, for the error.
std::string ModelFile::expected(const mote::Result& result) const {
  const mote::Topology& topology = description_.topology;
  const auto tensor = static_cast<std::size_t>(result.expected);
  if (tensor >= mote::model_tensor_count(topology)) return "";
  const auto [rank, sizes] = mote::model_tensor_shape(topology, tensor);
  const std::string columns = rank == 1 ? "" : "," + std::to_string(sizes[1]);
  const std::string name = mote::model_tensor_name(topology, tensor).text;
  switch (result.status) {
    case mote::Status::model_tensor_type: return ", expected \"F32\" for " + name;
    case mote::Status::model_tensor_shape: return ", expected [" + std::to_string(sizes[0]) + columns + "] for " + name;
    case mote::Status::model_tensor_offsets:
      return ", expected the first byte and the one after the last of " +
             std::to_string(sizes[0] * (rank == 1 ? 1 : sizes[1]) * sizeof(float)) + " for " + name;
    default: return "";
  }
}

void ModelFile::fail(const mote::Result& result) {
  if (bytes(0, sizeof mote::kCheckpointMagic - 1) == mote::kCheckpointMagic) {
    throw Error(name() + ": checkpoint of a training, expected a model; train --resume continues from it");
  }
  std::string text = name() + ": " + describe(result);
  if (is_at_byte(result.status)) {
    const auto at = static_cast<std::size_t>(result.found);
    text += ", at byte " + std::to_string(at);
    if (result.status == mote::Status::model_value) text += key_of(at);
    text += excerpt(at) + expected(result);
  }
  switch (result.status) {  // shows the metadata that is missing
    case mote::Status::model_no_sizes: text += ", expected such as \"sizes\": \"784,256,10\""; break;
    case mote::Status::model_no_activations: text += ", expected such as \"activations\": \"relu,softmax\""; break;
    case mote::Status::model_no_loss: text += ", expected such as \"loss\": \"cross-entropy\""; break;
    default: break;
  }
  const bool of_tensor =
      result.status == mote::Status::model_missing_tensor || result.status == mote::Status::model_bad_number;
  // Without a description, the topology that names the tensors is unknown.
  if (of_tensor && description_.topology.layer_count != 0) {
    text +=
        std::string(": ") + mote::model_tensor_name(description_.topology, static_cast<std::size_t>(result.found)).text;
  }
  throw Error(text);
}

}  // namespace tools
