// SPDX-License-Identifier: MIT
// Model files on disk.
#pragma once

#include <string>
#include <vector>

#include "common/atomic_file.hpp"
#include "common/input_file.hpp"
#include "mote/mote.hpp"

namespace tools {

/// Throws an Error if `path` is a file that is not a model.
void require_model_or_nothing(const std::string& path);

/// Writes a model and commits the file. Throws an Error.
void save_model(AtomicFile& file, const mote::ModelDescription& model, mote::Span<const float> parameters,
                mote::Span<const float> running);

/// A name for each output: a class name of the model, or else its number.
std::vector<std::string> names_of(const mote::ModelDescription& model);

/// A model file with its header read. Throws an Error that names the file, the problem and the byte.
class ModelFile {
 public:
  explicit ModelFile(const std::string& path, const std::string& option = "");

  /// Prefix of errors: the option, if any, and the path.
  const std::string& name() const { return file_.name(); }
  const mote::ModelDescription& description() const { return description_; }
  /// Loads parameters and running statistics. Both spans have exactly the sizes of the network of description().
  void load(mote::Span<float> parameters, mote::Span<float> running);

 private:
  [[noreturn]] void fail(const mote::Result& result);
  std::string bytes(std::size_t from, std::size_t size);
  std::string excerpt(std::size_t at);
  std::string key_of(std::size_t at);
  std::string expected(const mote::Result& result) const;

  InputFile file_;
  std::vector<unsigned char> header_;
  mote::ModelDescription description_;
};

}  // namespace tools
