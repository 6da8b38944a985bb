// SPDX-License-Identifier: MIT
#include "run/model_files.hpp"

#include <algorithm>

#include "common/error.hpp"
#include "common/file_format.hpp"
#include "common/format.hpp"

namespace tools {
namespace {

constexpr std::size_t kUsualHeader = 1 << 20, kLongestHeader = 64 << 20;  // bytes

/// Calls read(memory) with memory of the usual size, and again as long as the result asks for more: for the header,
/// then for the tensors that a description views.
template <typename Read>
mote::Result with_memory(std::vector<unsigned char>& memory, Read read) {
  for (;;) {
    const mote::Result result = read(mote::Memory(memory.data(), memory.size()));
    const bool is_too_small = result.status == mote::Status::memory_too_small && result.expected > memory.size();
    if (!is_too_small || result.expected > kLongestHeader) return result;
    memory.resize(static_cast<std::size_t>(result.expected));
  }
}

}  // namespace

FileKind model_kind() {
  // The end of the size of the header, and its start: files of other programs have other metadata, or none.
  return {"a model of this program", std::string("\0\0\0\0\0", 5) + R"({"__metadata__":{"mote_version":)", 3};
}

void save_model(AtomicFile& file, const mote::ModelDescription& model, mote::Span<const float> parameters,
                mote::Span<const float> running) {
  const mote::Result result = mote::write_model(model, parameters, running, sink_of(file));
  file.require_written();
  if (!result.ok()) throw Error("--save: " + file.path() + ": " + describe(result), kExitFailed);
  file.commit();
}

ModelFile::ModelFile(const std::string& path, const std::string& option, const ForeignNetwork* foreign)
    : file_(path, "a safetensors file", option),
      header_(static_cast<std::size_t>(std::min<std::uint64_t>(file_.size(), kUsualHeader))) {
  mote::Result result = read_description();
  const bool is_nameless = result.status == mote::Status::model_metadata && result.found == 0;
  if (is_nameless && convert(foreign)) result = read_description();
  if (!result.ok()) fail(result);
}

mote::Result ModelFile::read_description() {
  return with_memory(header_,
                     [&](mote::Memory memory) { return mote::read_model_description(source(), memory, description_); });
}

/// Turns a file from another program into a model file of mote. Returns false for other files.
bool ModelFile::convert(const ForeignNetwork* foreign) {
  const ForeignFile file = read_safetensors(file_.source(), name());
  if (!tools::is_foreign(file)) return false;
  if (foreign == nullptr) {
    throw Error(name() +
                ": network of another program, without metadata; make a model of it with: train --load FILE "
                "--activation NAME --evaluate --save NEW");
  }
  converted_ = convert_foreign(file, file_.source(), name(), *foreign, foreign_order_);
  converted_bytes_ = {reinterpret_cast<const unsigned char*>(converted_.data()), converted_.size()};
  return true;
}

mote::ByteSource ModelFile::source() {
  return is_foreign() ? mote::source_of(converted_bytes_) : file_.source();
}

std::vector<std::string> list_of(mote::Bytes text) {
  std::vector<std::string> names;
  for (const unsigned char* begin = text.begin(); !text.empty();) {
    const unsigned char* end = std::find(begin, text.end(), static_cast<unsigned char>('\n'));
    names.push_back(printable(std::string(begin, end)));
    if (end == text.end()) break;
    begin = end + 1;
  }
  return names;
}

std::vector<std::string> names_of(const mote::ModelDescription& model) {
  std::vector<std::string> names = list_of(model.targets == mote::ModelTargets::labels    ? model.class_names
                                           : model.targets == mote::ModelTargets::numbers ? model.target_names
                                                                                          : model.feature_names);
  for (std::size_t i = names.size(); i < model.topology.outputs(); ++i) names.push_back(std::to_string(i));
  return names;
}

void ModelFile::load(mote::Span<float> parameters, mote::Span<float> running) {
  std::vector<unsigned char> header(header_.size());
  const mote::Result result = with_memory(header, [&](mote::Memory memory) {
    return mote::read_model(source(), memory, description_.topology, parameters, running);
  });
  if (!result.ok()) fail(result);
}

/// The bytes [from, from + size) of the file, up to its end.
std::string ModelFile::bytes(std::size_t from, std::size_t size) {
  const mote::ByteSource source = this->source();
  std::string text(from < source.size ? std::min<std::size_t>(size, static_cast<std::size_t>(source.size) - from) : 0,
                   '?');
  source.read(source.context, from, {reinterpret_cast<unsigned char*>(text.data()), text.size()});
  return text;
}

/// ": " and the value that begins at a byte of the file: a string, an array, or 48 characters; empty at the end.
std::string ModelFile::excerpt(std::size_t at) {
  std::string text;
  for (const char c : bytes(at, 48)) {
    text += c >= 0x20 && c < 0x7f ? c : '?';
    const char closing = text[0] == '[' ? ']' : '"';
    if (text.size() > 1 && text.back() == closing) break;
  }
  return text.empty() ? "" : ": " + text;
}

/// Describes a wrong or missing value of the metadata.
std::string ModelFile::wrong_metadata(const mote::Result& result) {
  const std::string key = mote::model_metadata_name(static_cast<std::size_t>(result.expected));
  if (result.found != 0) return " in " + key + excerpt(static_cast<std::size_t>(result.found));
  if (key == "checksum") return ": checksum is missing beside mote_version and fingerprint";
  const char* example = key == "sizes" ? "784,256,10" : key == "activations" ? "relu,softmax" : "cross-entropy";
  return ": " + key + " is missing, expected for example \"" + key + "\": \"" + example + '"';
}

/// Describes a wrong or missing tensor, and the expected one.
std::string ModelFile::wrong_tensor(const mote::Result& result) {
  const mote::Topology& topology = description_.topology;
  const auto tensor = static_cast<std::size_t>(result.expected);
  const std::string found = result.found == 0 ? "" : excerpt(static_cast<std::size_t>(result.found));
  if (tensor == mote::known_model_tensors(topology)) return found + ", which the network does not have";
  const std::string name = mote::model_tensor_name(topology, tensor).text;
  if (result.found == 0) return ": " + name + " is missing";
  const auto [rank, sizes] = mote::model_tensor_shape(topology, tensor);
  const bool is_counter = rank == 0;
  std::string shape;
  for (std::size_t i = 0; i < rank; ++i) shape += (i == 0 ? "" : ",") + std::to_string(sizes[i]);
  return found + ", expected \"" + (is_counter ? "I64" : "F32") + "\", [" + shape + "] and offsets " +
         std::to_string(sizes[0] * sizes[1] * (is_counter ? 8 : sizeof(float))) + " bytes apart for " + name;
}

void ModelFile::fail(const mote::Result& result) {
  using mote::Status;
  if (bytes(0, sizeof mote::kCheckpointMagic - 1) == mote::kCheckpointMagic) {
    throw Error(name() + ": checkpoint of a training, expected a model; train --resume continues from it");
  }
  const std::string start = bytes(0, 8);
  const std::string format = format_by_start({reinterpret_cast<const unsigned char*>(start.data()), start.size()});
  if (!format.empty() && (result.status == Status::model_syntax || result.status == Status::model_truncated ||
                          result.status == Status::memory_too_small)) {
    throw Error(name() + ": found " + format + ", expected a safetensors file; " +
                (format == "gzip data" ? "run gunzip on it"
                                       : "in Python, safetensors.torch.save_file() writes one, as mote/model_file.hpp "
                                         "describes it"));
  }
  if (result.status == Status::memory_too_small) {
    throw Error(name() + ": header: found " + std::to_string(result.expected) + " bytes with the memory to check it, " +
                "expected at most " + std::to_string(kLongestHeader));
  }
  std::string text = name() + ": " + describe(result);
  const bool is_at_byte =
      result.status == Status::model_syntax || result.status == Status::model_gap ||
      ((result.status == Status::model_metadata || result.status == Status::model_tensor) && result.found != 0);
  if (is_at_byte) text += ", at byte " + std::to_string(result.found);
  switch (result.status) {
    case Status::model_syntax:
      text += excerpt(static_cast<std::size_t>(result.found));
      if (result.expected != 0) text += ", expected at most " + std::to_string(result.expected) + " metadata";
      break;
    case Status::model_metadata: text += wrong_metadata(result); break;
    case Status::model_tensor: text += wrong_tensor(result); break;
    case Status::model_number:  // without a description, the header tells which network the file is for
      if (description_.topology.layer_count == 0) break;
      text += std::string(": ") +
              mote::model_tensor_name(description_.topology, static_cast<std::size_t>(result.found)).text;
      break;
    case Status::golden_mismatch:
      text += ": output " + std::to_string(result.found) +
              " for golden.inputs is not golden.outputs; are weights [outputs][inputs], and the inputs elements?";
      break;
    default: break;
  }
  throw Error(text);
}

}  // namespace tools
