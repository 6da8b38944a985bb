// SPDX-License-Identifier: MIT
// Model files on disk.
#pragma once

#include <string>
#include <vector>

#include "common/atomic_file.hpp"
#include "common/input_file.hpp"
#include "mote/mote.hpp"
#include "run/foreign_model.hpp"

namespace tools {

/// The files that a model may replace: models with a header below 16 MiB.
FileKind model_kind();

/// Writes a model and commits the file. Throws an Error.
void save_model(AtomicFile& file, const mote::ModelDescription& model, mote::Span<const float> parameters,
                mote::Span<const float> running);

/// The names in a list of a model; control characters as '?'.
std::vector<std::string> list_of(mote::Bytes text);

/// A name for each output: classes, targets or reproduced features of the model, or numbers.
std::vector<std::string> names_of(const mote::ModelDescription& model);

/// Reads a model file, its header first. Throws an Error that names the file, the problem and its place.
class ModelFile {
 public:
  /// foreign: describes the network of a file from another program; null: rejects files from other programs.
  explicit ModelFile(const std::string& path, const std::string& option = "", const ForeignNetwork* foreign = nullptr);
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;

  /// Prefix of errors: the option, if any, and the path.
  const std::string& name() const { return file_.name(); }
  const mote::ModelDescription& description() const { return description_; }
  /// Whether the file is of another program.
  bool is_foreign() const { return !converted_.empty(); }
  /// "fc1, bn1, fc2": layers of a file from another program.
  const std::string& foreign_order() const { return foreign_order_; }
  /// Loads the parameters and running statistics of the description()'s network; both spans have exactly its sizes.
  void load(mote::Span<float> parameters, mote::Span<float> running);

 private:
  [[noreturn]] void fail(const mote::Result& result);
  mote::Result read_description();
  bool convert(const ForeignNetwork* foreign);
  mote::ByteSource source();
  std::string bytes(std::size_t from, std::size_t size);
  std::string excerpt(std::size_t at);
  std::string wrong_metadata(const mote::Result& result);
  std::string wrong_tensor(const mote::Result& result);

  InputFile file_;
  std::string converted_;  // the model file that stands for a file from another program
  mote::Bytes converted_bytes_;
  std::string foreign_order_;
  std::vector<unsigned char> header_;
  mote::ModelDescription description_;
};

}  // namespace tools
