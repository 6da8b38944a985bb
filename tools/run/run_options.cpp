// SPDX-License-Identifier: MIT
#include <limits>

#include "common/names.hpp"
#include "common/option_values.hpp"
#include "run/option_table.hpp"

namespace tools {
namespace {

const Option kRunOptions[] = {
    {"--batch", "N|full",
     "images per parameter step: 1 is online learning, full is gradient descent (default 64, or all where there are "
     "fewer)",
     [](Settings& s, Given&, std::string_view v) { s.batch = v == "full" ? 0 : whole_count("--batch", v, 1); }},
    {"--epochs", "N", "passes over the training images (default 8)",
     [](Settings& s, Given&, std::string_view v) { s.epochs = whole_count("--epochs", v, 1); }},
    {"--validation", "N",
     "hold out the last N training images to validate on; 0 for none (default: a twelfth, at most 5000)",
     [](Settings& s, Given&, std::string_view v) { s.validation = whole_count("--validation", v, 0); }},
    {"--train-limit", "N", "train on the first N images only (default: all that are not held out)",
     [](Settings& s, Given&, std::string_view v) { s.train_limit = whole_count("--train-limit", v, 1); }},
    {"--seed", "N", "of everything random; the same seed gives the same bits (default 1)",
     [](Settings& s, Given&, std::string_view v) {
       s.seed = whole_number<std::uint64_t>("--seed", v, 0, std::numeric_limits<std::uint64_t>::max());
     }},
    {"--threads", "N", "threads to compute with, 1 to 64; their number changes no bit of the result (default 1)",
     [](Settings& s, Given&, std::string_view v) { s.threads = whole_number<std::size_t>("--threads", v, 1, 64); }},
    {"--isa", "NAME",
     "instruction set to compute with: baseline, v3 (AVX2 and FMA) or v4 (AVX-512) (default: the best of this machine; "
     "v3 and v4 give the same bits)",
     [](Settings& s, Given&, std::string_view v) { s.isa = choice("--isa", v, kInstructionSets); }},
    {"--log", "FILE.csv", "write a line an epoch as comma-separated values (default: none)",
     [](Settings& s, Given&, std::string_view v) { s.log = v; }},
    {"--diagnose", nullptr,
     "after each epoch, look at every layer on the first 1000 training images: print the norm of its gradient by "
     "biases "
     "and what is wrong with it (vanishing, exploding, saturated, dead), and write more of it to --log (default: off)",
     [](Settings& s, Given&, std::string_view) { s.diagnose = true; }},
    {"--report", "FILE.html",
     "write a web page of the run: curves, how the layers respond, mistakes, settings; it loads nothing and replaces "
     "no file but its like (default: none)",
     [](Settings& s, Given&, std::string_view v) { s.report = v; }},
    {"--plot", nullptr, "draw the curves in the terminal, and how the layers respond (default: off)",
     [](Settings& s, Given&, std::string_view) { s.plot = true; }},
    {"--export-header", "FILE.hpp",
     "write the trained network as a C++ header for firmware: constant weights, batch normalization folded in, and an "
     "input with its answer for the firmware to check (default: none)",
     [](Settings& s, Given&, std::string_view v) { s.header = v; }},
    {"--export-weights", "NAME",
     "weights of that header: float32, float16 (half the flash) or int8 (a quarter, one factor for each unit) (default "
     "float32)",
     [](Settings& s, Given&, std::string_view v) { s.header_weights = choice("--export-weights", v, kWeightFormats); }},
    {"--save", "FILE",
     "write what was learnt to a model file in the safetensors format, for predict, PyTorch and NumPy (default: none)",
     [](Settings& s, Given&, std::string_view v) { s.save = v; }},
    {"--class-names", "NAME,NAME,...",
     "what the classes are called, for the model file (default: those of --load, or none)",
     [](Settings& s, Given&, std::string_view v) { s.class_names = comma_separated(v); }},
    {"--load", "FILE", "start from the network of a model file instead of a new one",
     [](Settings& s, Given&, std::string_view v) { s.load = v; }},
    {"--evaluate", nullptr, "do not train, only say how the network of --load does on the test images",
     [](Settings& s, Given&, std::string_view) { s.evaluate = true; }},
    {"--checkpoint", "FILE",
     "write all that training goes on from at the end of every epoch, and on Ctrl-C, but not over a training that was "
     "stopped (default: none; --resume: its file)",
     [](Settings& s, Given&, std::string_view v) { s.checkpoint = v; }},
    {"--checkpoint-seconds", "S", "write it within epochs too, every S seconds; 0: after every batch (default: off)",
     [](Settings& s, Given&, std::string_view v) {
       s.checkpoint_seconds = real_number("--checkpoint-seconds", v, kNotNegative, is_not_negative);
     }},
    {"--resume", "FILE",
     "go on from a checkpoint, with the options that are in it, to the same bits as without the interruption; options "
     "that would change them are refused",
     [](Settings& s, Given&, std::string_view v) { s.resume = v; }},
    {"--quiet", nullptr, "print the result only", [](Settings& s, Given&, std::string_view) { s.quiet = true; }},
    {"--help", nullptr, "print this and stop", [](Settings& s, Given&, std::string_view) { s.help = true; }},
};

}  // namespace

mote::Span<const Option> run_options() {
  return kRunOptions;
}

}  // namespace tools
