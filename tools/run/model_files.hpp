// SPDX-License-Identifier: MIT
// Model files on disk.
#pragma once

#include <string>
#include <vector>

#include "common/atomic_file.hpp"
#include "common/input_file.hpp"
#include "mote/mote.hpp"

namespace tools {

/// Throws an Error where there is a file that is no model.
void require_model_or_nothing(const std::string& path);

/// Writes a model and commits the file. Throws an Error.
void save_model(AtomicFile& file, const mote::ModelDescription& model, mote::Span<const float> parameters,
                mote::Span<const float> running);

/// A name for each output: those of the model, or numbers.
std::vector<std::string> names_of(const mote::ModelDescription& model);

/// A model file whose header was read. Throws an Error that names the file, what is wrong with it and where.
class ModelFile {
 public:
  explicit ModelFile(const std::string& path, const std::string& option = "");

  /// What errors begin with: the option, if any, and the path.
  const std::string& name() const { return file_.name(); }
  const mote::ModelDescription& description() const { return description_; }
  /// Loads what the network of the description() learnt; both spans of exactly the size that it has.
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
