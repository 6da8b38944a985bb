// SPDX-License-Identifier: MIT
#include <limits>

#include "common/names.hpp"
#include "common/option_values.hpp"
#include "run/option_table.hpp"

namespace tools {
namespace {

const Option kRunOptions[] = {
    {"--batch", "N|full",
     "images per parameter step: 1 is online learning, full is gradient descent (default 64, table: 16, at most all "
     "training images)",
     [](Settings& s, Given&, std::string_view v) {
       s.batch = same_name(v, "full") ? 0 : whole_count("--batch", v, 1);
     }},
    {"--epochs", "N", "passes over the training images (default 8; table: 100)",
     [](Settings& s, Given&, std::string_view v) { s.epochs = whole_count("--epochs", v, 1); }},
    {"--validation", "N",
     "hold out the last N training images for validation, or images of each class alike where the last lack a class or "
     "its share; of a table N rows of each class alike; 0 for none (default: a twelfth, at most 5000; table: none)",
     [](Settings& s, Given&, std::string_view v) { s.validation = whole_count("--validation", v, 0); }},
    {"--train-limit", "N", "train on the first N images (default: all that are not held out)",
     [](Settings& s, Given&, std::string_view v) { s.train_limit = whole_count("--train-limit", v, 1); }},
    {"--seed", "N", "seed of all random numbers; equal seeds give equal bits (default 1)",
     [](Settings& s, Given&, std::string_view v) {
       s.seed = whole_number<std::uint64_t>("--seed", v, 0, std::numeric_limits<std::uint64_t>::max());
     }},
    {"--threads", "N", "number of threads, 1 to 64; it changes no bit of the result (default 1)",
     [](Settings& s, Given&, std::string_view v) { s.threads = whole_number<std::size_t>("--threads", v, 1, 64); }},
    {"--isa", "NAME",
     "instruction set: baseline, v3 (AVX2 and FMA) or v4 (AVX-512); v3 and v4 give equal bits (default: the best of "
     "this machine)",
     [](Settings& s, Given&, std::string_view v) { s.isa = choice("--isa", v, kInstructionSets); }},
    {"--log", "FILE.csv", "write one line per epoch, as comma-separated values (default: none)",
     [](Settings& s, Given&, std::string_view v) { s.log = v; }},
    {"--diagnose", nullptr,
     "after each epoch, measure every layer on the first 1000 training images: print the norm of its bias gradient "
     "and its verdict (vanishing, exploding, saturated, dead), and write all measurements to --log (default: off)",
     [](Settings& s, Given&, std::string_view) { s.diagnose = true; }},
    {"--report", "FILE.html",
     "write a web page of the run: curves, responses of the layers, mistakes, settings; it needs no other file, and "
     "replaces only an earlier report (default: none)",
     [](Settings& s, Given&, std::string_view v) { s.report = v; }},
    {"--plot", nullptr, "draw curves and responses of the layers in the terminal (default: off)",
     [](Settings& s, Given&, std::string_view) { s.plot = true; }},
    {"--export-header", "FILE.hpp",
     "write the trained network as a C++ header for firmware: constant weights, batch normalization folded in, and "
     "one input with its outputs, which the firmware checks (default: none)",
     [](Settings& s, Given&, std::string_view v) { s.header = v; }},
    {"--export-c", "FILE.h",
     "write the trained network in integers as C99, for firmware without a C++ compiler: constants and the functions "
     "that quantize, predict and check (default: none)",
     [](Settings& s, Given&, std::string_view v) { s.c_header = v; }},
    {"--export-weights", "NAME",
     "format of the header's weights: float32, float16 (half the flash), int8 (a quarter, with one factor per unit), "
     "integer (int8 weights and activations, for cores without a floating-point unit) or integer16 (int8 weights, "
     "int16 "
     "activations, for regressions) (default float32)",
     [](Settings& s, Given&, std::string_view v) { s.header_weights = choice("--export-weights", v, kHeaderFormats); }},
    {"--calibration", "NAME",
     "range of the activations of --export-weights integer, from the training samples: extremes, percentile (leaves "
     "out the outermost 1/20000) or least-squares (default extremes)",
     [](Settings& s, Given&, std::string_view v) { s.calibration = choice("--calibration", v, kCalibrations); }},
    {"--scale-per", "output|layer",
     "one scale for the integer weights of each output, or one for those of a layer (default output)",
     [](Settings& s, Given&, std::string_view v) { s.scale_per = choice("--scale-per", v, kScales); }},
    {"--save", "FILE",
     "write the trained network to a model file in the safetensors format, for predict, PyTorch and NumPy (default: "
     "none)",
     [](Settings& s, Given&, std::string_view v) { s.save = v; }},
    {"--class-names", "NAME,NAME,...",
     "names of the classes, for reports and the model file (default: those of --load, or numbers)",
     [](Settings& s, Given&, std::string_view v) { s.class_names = comma_separated(v); }},
    {"--load", "FILE",
     "start from the network of a model file instead of a new one; or of PyTorch's state_dict in a safetensors file, "
     "with --activation and --loss as it was trained (see also --input-mean)",
     [](Settings& s, Given&, std::string_view v) { s.load = v; }},
    {"--evaluate", nullptr,
     "do not train; only evaluate the network of --load on the test images, and write it with --save or "
     "--export-header",
     [](Settings& s, Given&, std::string_view) { s.evaluate = true; }},
    {"--checkpoint", "FILE",
     "write a checkpoint at the ends of epochs, for at most a twentieth of the time, and on Ctrl-C; overwrites only "
     "the checkpoint of a finished "
     "training (default: none; with --resume, its file)",
     [](Settings& s, Given&, std::string_view v) { s.checkpoint = v; }},
    {"--checkpoint-seconds", "S",
     "write the checkpoint within epochs too, every S seconds; 0: after every batch (default: off)",
     [](Settings& s, Given&, std::string_view v) {
       s.checkpoint_seconds = real_number("--checkpoint-seconds", v, kNotNegative, is_not_negative);
     }},
    {"--resume", "FILE",
     "continue from a checkpoint with its options; the result has the bits of an uninterrupted training; --epochs, "
     "--patience, --stop-patience and --min-improvement may change, other options that would change bits are rejected, "
     "and those of output files must be given again",
     [](Settings& s, Given&, std::string_view v) { s.resume = v; }},
    {"--quiet", nullptr, "print the result only", [](Settings& s, Given&, std::string_view) { s.quiet = true; }},
};

}  // namespace

mote::Span<const Option> run_options() {
  return kRunOptions;
}

}  // namespace tools
