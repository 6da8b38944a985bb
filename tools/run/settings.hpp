// SPDX-License-Identifier: MIT
// The options of tools/train.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/names.hpp"
#include "data/image_files.hpp"
#include "data/table_data.hpp"
#include "mote/mote.hpp"

namespace tools {

/// Schedule of the learning rate: a mote::Decay, or plateau, which follows the validation loss.
enum class RateSchedule { constant, step, exponential, cosine, plateau };

struct Settings {
  bool quiet = false;
  bool diagnose = false;  ///< measure the layers after each epoch
  std::string data;       ///< folder of images, or table; empty: the MNIST that make unpacked
  bool is_table = false;  ///< data is a table
  std::string test_data;  ///< table of test rows; empty: they are held out of data
  std::string log;        ///< CSV file; empty: none
  std::string header;     ///< C++ header for firmware; empty: none
  std::string c_header;   ///< C99 header for firmware; empty: none
  HeaderFormat header_weights = HeaderFormat::float32;
  mote::Calibration calibration = mote::Calibration::extremes;  ///< of an integer header
  mote::ScalePer scale_per = mote::ScalePer::output;            ///< of an integer header
  std::string report;                                           ///< HTML file; empty: none
  bool plot = false;                                            ///< curves in the terminal
  std::string command;                                          ///< as typed, quoted for a shell
  std::string save;                                             ///< model file to write; empty: none
  std::string load;                                             ///< model file to start from; empty: none
  std::string checkpoint;                                       ///< file to write checkpoints to; empty: none
  std::optional<float> checkpoint_seconds;  ///< between checkpoints within an epoch; none: only at its end
  std::string resume;                       ///< checkpoint to continue from; empty: none
  std::vector<std::string> deciding;        ///< options given that decide the trained network, as "--seed=3"
  std::vector<std::string> harmless;        ///< options given that change no bit of it
  std::vector<std::string> remembered;      ///< options given that a resumed run inherits
  bool evaluate = false;                    ///< do not train
  std::vector<std::string> of_foreign;      ///< options given that --load takes only for files of other programs
  bool activation_given = false;
  float input_mean = 0.0f, input_deviation = 1.0f;  ///< of such a network: inputs are (x - mean) / deviation
  std::vector<std::string> class_names;             ///< empty: those of the loaded model, or none

  std::vector<std::uint32_t> layers;          ///< inputs, hidden ..., outputs; empty: from hidden and the data
  std::vector<std::uint32_t> hidden = {256};  ///< hidden sizes when layers is empty
  mote::Activation activation = mote::Activation::relu;
  bool batch_norm = false;  ///< in every hidden layer
  bool output_activation_given = false;
  mote::Activation output_activation = mote::Activation::softmax;
  mote::InitialWeights weights = mote::WeightInit::he_normal;
  mote::InitialBiases biases = mote::BiasInit::zero;

  std::vector<std::string> targets;  ///< columns of a table; empty: the last
  std::vector<std::string> ignored;  ///< columns of a table
  MissingValues missing = MissingValues::reject;
  float test_share = 0.2f;  ///< of the rows of a single table
  bool standardize = true;  ///< inputs of a table, and targets for linear outputs

  Aim aim = Aim::labels;
  mote::LossOptions loss = mote::Loss::cross_entropy;
  mote::OptimizerOptions optimizer = {mote::Optimizer::momentum, 0.03f, 0.9f};
  float l1 = 0.0f;
  float l2 = 0.0f;
  float clip_norm = 0.0f;               ///< 0: off
  float clip_value = 0.0f;              ///< 0: off
  float max_norm = 0.0f;                ///< 0: off
  std::vector<float> dropout = {0.0f};  ///< of hidden units: one rate for all layers, or one for each
  float input_dropout = 0.0f;
  RateSchedule schedule = RateSchedule::constant;
  float warmup = 0.0f;                          ///< epochs of linear rise
  std::optional<float> decay_epochs;            ///< none: a third of the epochs; cosine: all epochs after the warm-up
  std::optional<float> decay_factor;            ///< none: 0.1, cosine 0
  std::uint32_t patience = 10;                  ///< plateau: epochs without improvement before the rate drops
  std::optional<mote::Monitor> early_stopping;  ///< none: never
  std::uint32_t stop_patience = 5;              ///< epochs without improvement before training stops
  float min_improvement = 0.0f;                 ///< smaller improvements do not count
  std::optional<std::size_t> batch;             ///< 0: full batch; none: usual_batch, at most all training images
  std::size_t usual_batch = 64;
  std::size_t epochs = 8;
  std::optional<std::size_t> validation;  ///< images held out; none: a twelfth, at most 5000
  std::size_t train_limit = 0;            ///< 0: all
  bool bootstrap = true;                  ///< each member of an ensemble trains on its own bootstrap sample
  std::size_t ensemble = 1;               ///< number of members; 1: a single network, on the whole training set
  std::uint64_t seed = 1;
  std::size_t threads = 1;
  std::optional<mote::InstructionSet> isa;  ///< none: the best of this machine

  /// Whether test rows have numbers, whose errors are measured in the units of the table.
  bool measures_errors() const { return is_table && aim != Aim::labels; }
  bool writes_files() const {
    return !(log.empty() && header.empty() && c_header.empty() && report.empty() && save.empty() && checkpoint.empty());
  }
  bool has_pictures() const { return plot || !report.empty(); }
  bool looks_at_layers() const { return ensemble == 1 && (diagnose || has_pictures()); }
};

/// Parses the arguments of main(). Throws an Error for unknown options, values out of range and contradictions.
Settings parse_settings(int count, const char* const* arguments);

std::string help_text();

/// Whether the learning rate differs between epochs.
inline bool rate_changes(const Settings& settings) {
  return settings.schedule != RateSchedule::constant || settings.warmup > 0.0f;
}

}  // namespace tools
