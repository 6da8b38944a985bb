// SPDX-License-Identifier: MIT
#include <cmath>

#include "common/names.hpp"
#include "common/option_values.hpp"
#include "run/option_table.hpp"

namespace tools {
namespace {

mote::InitialBiases initial_biases(std::string_view value) {
  mote::BiasInit named{};
  if (find_name(kBiasInits, value, named)) return named;
  return {mote::BiasInit::constant,
          real_number("--bias-init", value, "zero or gaussian, or a finite number", [](float) { return true; })};
}

const Option kNetworkOptions[] = {
    {"--data", "DIR|FILE.csv",
     "folder of an IDX image set: {train,t10k}-images-idx3-ubyte and {train,t10k}-labels-idx1-ubyte, also spelled with "
     "a dot before idx, compressed as .gz, or inside folders of these names; elements of any IDX type (default: the "
     "MNIST that make unpacks); or a table: rows of cells between commas, semicolons or "
     "tabs, with or without names of the columns",
     [](Settings& s, Given&, std::string_view v) { s.data = v; }},
    {"--test-data", "FILE.csv", "table: rows to test with (default: rows that are held out of --data)",
     [](Settings& s, Given&, std::string_view v) { s.test_data = v; }},
    {"--test-share", "X",
     "table: share of the rows to test with, drawn by --seed, of each class alike, 0 < X < 1 (default 0.2)",
     [](Settings& s, Given&, std::string_view v) {
       s.test_share = real_number("--test-share", v, "0 < X < 1", [](float x) { return x > 0.0f && x < 1.0f; });
     }},
    {"--target", "COLUMN,...",
     "table: name or number, from 1, of the column with the classes; with --regression one or more columns of numbers "
     "(default: the last column)",
     [](Settings& s, Given&, std::string_view v) { s.targets = comma_separated(v); }},
    {"--ignore", "COLUMN,...", "table: columns to leave out (default: none)",
     [](Settings& s, Given&, std::string_view v) { s.ignored = comma_separated(v); }},
    {"--missing", "NAME",
     "table: for an empty cell, NA, NaN, null or ?, reject the table, drop the row, or fill in the mean of the column "
     "over the training rows (default reject)",
     [](Settings& s, Given&, std::string_view v) { s.missing = choice("--missing", v, kMissingValues); }},
    {"--no-standardize", nullptr,
     "table: learn the numbers as they are (default: each input, and each target of linear outputs, less its mean and "
     "divided by its standard deviation over the training rows)",
     [](Settings& s, Given&, std::string_view) { s.standardize = false; }},
    {"--layers", "N,N,...",
     "sizes of all layers, inputs and outputs included; they must match the data (default: from --hidden and the "
     "data)",
     [](Settings& s, Given& g, std::string_view v) {
       s.layers = sizes("--layers", v), g.layers = true;
       if (s.layers.size() < 2) refuse("--layers", v, "at least two sizes: inputs and outputs");
     }},
    {"--hidden", "N,N,...|none", "sizes of the hidden layers; the data decide the others (default 256; table: 32)",
     [](Settings& s, Given& g, std::string_view v) {
       s.hidden = v == "none" ? std::vector<std::uint32_t>() : sizes("--hidden", v), g.hidden = true;
     }},
    {"--activation", "NAME",
     "activation of the hidden layers: identity, sigmoid, tanh, relu, leaky-relu (slope 0.01 below 0), elu, selu, gelu "
     "(exact), silu (swish) or softplus (default relu)",
     [](Settings& s, Given&, std::string_view v) {
       s.activation_given = true;
       if (!find_name(kActivations, v, s.activation) || s.activation == mote::Activation::softmax) {
         refuse("--activation", v,
                list_names(kActivations, kHiddenActivations) + did_you_mean(v, kActivations, kHiddenActivations));
       }
     }},
    {"--autoencoder", nullptr, "learn to reproduce the images or the rows of a table; labels are not read",
     [](Settings& s, Given&, std::string_view) { s.aim = Aim::inputs; }},
    {"--regression", nullptr,
     "learn numbers: the target columns of a table, or {train,t10k}-targets-idx2-float of the folder, of any "
     "IDX type, [images][outputs]; labels are not read",
     [](Settings& s, Given&, std::string_view) { s.aim = Aim::numbers; }},
    {"--batch-norm", nullptr,
     "normalize the pre-activations of every hidden layer over the mini-batch, then apply a learned scale and shift; "
     "validation and test use running averages (default: off)",
     [](Settings& s, Given&, std::string_view) { s.batch_norm = true; }},
    {"--loss", "NAME",
     "cross-entropy (with softmax outputs); sigmoid-cross-entropy (per output); quadratic, 1/2 |y - a|^2; mae, sum of "
     "|y - a|; or huber, quadratic up to --huber-delta and linear beyond (default cross-entropy; quadratic for "
     "--autoencoder and --regression)",
     [](Settings& s, Given& g, std::string_view v) { s.loss.kind = choice("--loss", v, kLosses), g.loss = true; }},
    {"--huber-delta", "X", "huber: error beyond which the loss is linear, > 0 (default 1)",
     [](Settings& s, Given&, std::string_view v) {
       s.loss.huber_delta = real_number("--huber-delta", v, kPositive, is_positive);
     }},
    {"--label-smoothing", "X",
     "cross-entropies: fraction of a target that is spread evenly over all classes, 0 <= X < 1 (default 0)",
     [](Settings& s, Given&, std::string_view v) {
       s.loss.label_smoothing = real_number("--label-smoothing", v, kShare, is_share);
     }},
    {"--output-activation", "NAME",
     "activation of the last layer, for quadratic, mae and huber: any of --activation, or softmax (default sigmoid; "
     "identity for --regression and for --autoencoder of a table); cross-entropy takes softmax only, "
     "sigmoid-cross-entropy sigmoid only",
     [](Settings& s, Given&, std::string_view v) {
       s.output_activation = choice("--output-activation", v, kActivations), s.output_activation_given = true;
     }},
    {"--init", "NAME",
     "initial weights of a layer with m inputs and n outputs: glorot (also called normalized), U(+-sqrt(6/(m+n))); "
     "glorot-normal, N(0, 2/(m+n)); he, N(0, 2/m); he-uniform, U(+-sqrt(6/m)); scaled-gaussian (also called "
     "lecun-normal), N(0, 1/m); gaussian (also called normal), N(0, 1); uniform, U(+-1); orthogonal, orthonormal "
     "columns or rows (default he; table: glorot-normal)",
     [](Settings& s, Given&, std::string_view v) { s.weights.distribution = choice("--init", v, kWeightInits); }},
    {"--init-scale", "X",
     "factor on all initial weights, > 0: the standard deviation of gaussian, the bound of uniform, the gain of "
     "orthogonal (default 1)",
     [](Settings& s, Given&, std::string_view v) {
       s.weights.scale = real_number("--init-scale", v, kPositive, is_positive);
     }},
    {"--input-mean", "X",
     "--load of another program's network: the mean that it subtracts from its inputs, pixels from 0 to 1 (default 0)",
     [](Settings& s, Given&, std::string_view v) {
       s.input_mean =
           real_number("--input-mean", v, "a number from -1e18 to 1e18", [](float x) { return std::fabs(x) <= 1e18f; });
     }},
    {"--input-deviation", "X", "the deviation that it divides the difference by, > 0 (default 1)",
     [](Settings& s, Given&, std::string_view v) {
       s.input_deviation = real_number("--input-deviation", v, "a number from 1e-18 to 1e18",
                                       [](float x) { return x >= 1e-18f && x <= 1e18f; });
     }},
    {"--bias-init", "NAME|X", "initial biases: zero, gaussian, N(0, 1), or one number for all (default zero)",
     [](Settings& s, Given&, std::string_view v) { s.biases = initial_biases(v); }},
};

}  // namespace

mote::Span<const Option> network_options() {
  return kNetworkOptions;
}

}  // namespace tools
