// SPDX-License-Identifier: MIT
// Options that tools/train rejects, and its help.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>
#include <utility>
#include <vector>

#include "data/image_files.hpp"
#include "mote/mote.hpp"
#include "support/train_program.hpp"

namespace {

using namespace train_program;

class TrainOptions : public SmallSet {};

TEST_F(TrainOptions, RefusesWhatDoesNotFitTheData) {
  std::string too_deep = "--hidden 1";
  for (int layer = 2; layer <= 128; ++layer) too_deep += ",1";
  const char* const too_large =
      sizeof(void*) < 8 ? "--hidden: network too large to be addressed on this machine: 4000056000000 bytes"
                        : "bytes of static memory to train, but 536870912 are built in; rebuild with: make MEMORY_MB=";
  const struct {
    const char* options;
    const char* message;
  } cases[] = {
      {"--layers 13,5,4", "--layers: found 13 inputs, but the images have 12 pixels"},
      {"--layers 12,5,9", "--layers: found 9 outputs, but the labels have 4 classes"},
      {"--batch 45", "--batch: found 45, expected at most the 44 training images; use --batch full"},
      {"--batch-norm --batch 43", "--batch: 43 leaves 1 of the 44 training images for the last step"},
      {"--batch-norm --hidden none", "--batch-norm: needs a hidden layer"},
      {"--validation 48", "--validation: found 48, expected fewer than the 48 training images"},
      {"--train-limit 45", "--train-limit: found 45, expected at most the 44 training images"},
      {too_deep.c_str(), "--hidden: found 129 layers, expected at most 128"},
      {"--validation 0 --early-stopping loss", "--early-stopping: needs validation images; hold some out"},
      {"--ensemble 1000 --hidden 10000", "an ensemble of 1000 networks 12-10000-4, 1 at a time, needs 11"},
      {"--hidden 1000000,1000000", too_large},
  };
  for (const auto& c : cases) {
    const CommandResult result = train_here(c.options);
    EXPECT_EQ(result.status, 2) << c.options;
    EXPECT_NE(result.output.find(c.message), std::string::npos) << c.options << "\n" << result.output;
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
  }
}

TEST_F(TrainOptions, RefusesWrongOptions) {
  const struct {
    const char* options;
    const char* message;
  } cases[] = {
      {"--frobnicate", "unknown option '--frobnicate'; --help lists the options"},
      {"--epoch 3", "unknown option '--epoch'; did you mean --epochs?; --help lists the options"},
      {"--loss mse", ", mae or huber; did you mean quadratic?"},
      {"--activation softpluss", "softplus; did you mean softplus?"},
      {"--optimizer adamx", "nadam; did you mean adam?"},
      {"epochs", "unknown option 'epochs'"},
      {"--epochs", "--epochs: value N missing"},
      {"--log --quiet",
       "--log: value FILE.csv missing, found the option --quiet; write --log=--quiet if that is the value"},
      {"--momentum 1e30", "--momentum: found '1e30', expected 0 <= X < 1\n"},
      {"--load x --input-deviation 1e-44", "--input-deviation: found '1e-44', expected a number from 1e-18 to 1e18\n"},
      {"--load x --input-mean -1e30", "--input-mean: found '-1e30', expected a number from -1e18 to 1e18\n"},
      {"--momentum 0.99999999",
       "--momentum: found '0.99999999', expected 0 <= X < 1; single precision rounds it to 1\n"},
      {"--l2 1e-50", "--l2: found '1e-50', expected a finite number, at least 0; single precision rounds it to 0\n"},
      {"--epochs ''", "--epochs: value N empty"},
      {"--epochs 0", "--epochs: found '0', expected a whole number from 1"},
      {"--epochs 3x", "--epochs: found '3x'"},
      {"--epochs -3", "--epochs: found '-3'"},
      {"--epochs 99999999999999999999", "--epochs: found '99999999999999999999'"},
      {"--quiet=yes", "--quiet: takes no value"},
      {"--batch 0", "--batch: found '0'"},
      {"--batch 1 --batch-norm", "--batch-norm: found --batch 1, expected at least 2"},
      {"--batch-norm=yes", "--batch-norm: takes no value"},
      {"--learning-rate -1", "--learning-rate: found '-1', expected a finite number greater than 0"},
      {"--learning-rate 0", "--learning-rate: found '0'"},
      {"--learning-rate nan", "--learning-rate: found 'nan'"},
      {"--learning-rate inf", "--learning-rate: found 'inf'"},
      {"--learning-rate 1e99",
       "--learning-rate: found '1e99', expected a finite number greater than 0; single precision rounds it to "
       "infinity"},
      {"--momentum 1", "--momentum: found '1', expected 0 <= X < 1"},
      {"--momentum 0.5 --optimizer sgd", "--momentum: not used by --optimizer sgd"},
      {"--momentum 0.5 --optimizer adam", "--momentum: not used by --optimizer adam; only by momentum, nesterov"},
      {"--rho 1 --optimizer rmsprop", "--rho: found '1', expected 0 <= X < 1"},
      {"--rho 0.5 --optimizer adam", "--rho: not used by --optimizer adam; only by rmsprop"},
      {"--beta1 0.5", "--beta1: not used by --optimizer momentum; only by adam, adamw, nadam"},
      {"--beta2 2", "--beta2: found '2', expected 0 <= X < 1"},
      {"--epsilon 0", "--epsilon: found '0', expected a finite number greater than 0"},
      {"--epsilon 1e-3 --optimizer sgd", "--epsilon: not used by --optimizer sgd"},
      {"--weight-decay 0.1 --optimizer adam", "--weight-decay: not used by --optimizer adam; only by adamw"},
      {"--weight-decay -1", "--weight-decay: found '-1', expected a finite number, at least 0"},
      {"--l1 -0.1", "--l1: found '-0.1'"},
      {"--l1 nan", "--l1: found 'nan'"},
      {"--init-scale 0", "--init-scale: found '0', expected a finite number greater than 0"},
      {"--schedule magic", "--schedule: found 'magic', expected constant, step, exponential, cosine or plateau"},
      {"--warmup -1", "--warmup: found '-1'"},
      {"--decay-epochs 0 --schedule step", "--decay-epochs: found '0'"},
      {"--decay-epochs 3", "--decay-epochs: not used by --schedule constant; only by step, exponential, cosine"},
      {"--decay-factor 1 --schedule step", "--decay-factor: found '1', expected 0 <= X < 1"},
      {"--decay-factor 0 --schedule step",
       "--decay-factor: found 0, expected greater than 0; only --schedule cosine takes 0"},
      {"--patience 3 --schedule step", "--patience: not used by --schedule step; only by plateau"},
      {"--l2 -0.1", "--l2: found '-0.1'"},
      {"--clip-norm 0", "--clip-norm: found '0', expected a finite number greater than 0"},
      {"--clip-value inf", "--clip-value: found 'inf'"},
      {"--max-norm -1", "--max-norm: found '-1'"},
      {"--clip-norm 1 --clip-value 1", "--clip-norm and --clip-value contradict each other; give one of them"},
      {"--dropout 1", "--dropout: found '1', expected 0 <= P < 1"},
      {"--dropout 0.5,0.2,0.1 --hidden 5,4", "--dropout: found 3 rates, expected 1 or 2, one for each hidden layer"},
      {"--epsilon-inside --optimizer adam", "--epsilon-inside: not used by --optimizer adam; only by rmsprop"},
      {"--input-dropout -0.1", "--input-dropout: found '-0.1', expected 0 <= P < 1"},
      {"--dropout 0.5 --hidden none", "--dropout: needs hidden units, found none; --input-dropout is for"},
      {"--activation gelu --hidden none", "--activation: needs hidden units, found none"},
      {"--max-norm 3 --layers 784,10", "--max-norm: needs hidden units, found none"},
      {"--early-stopping always", "--early-stopping: found 'always', expected loss or accuracy"},
      {"--early-stopping loss --stop-patience 0", "--stop-patience: found '0', expected a whole number from 1"},
      {"--early-stopping loss --min-improvement -1", "--min-improvement: found '-1', expected a finite number"},
      {"--stop-patience 3", "--stop-patience: needs --early-stopping"},
      {"--min-improvement 3", "--min-improvement: needs --early-stopping"},
      {"--ensemble 1", "--ensemble: found '1', expected a whole number from 2 to 1000"},
      {"--no-bootstrap", "--no-bootstrap: needs --ensemble"},
      {"--layers 784", "--layers: found '784', expected at least two sizes"},
      {"--layers 784,,10", "--layers: found ''"},
      {"--layers 784,0,10", "--layers: found '0'"},
      {"--layers 784,10 --hidden 3", "--layers and --hidden contradict each other"},
      {"--activation softmax",
       "--activation: found 'softmax', expected identity, sigmoid, tanh, relu, leaky-relu, elu, "
       "selu, gelu, silu or softplus\n"},
      {"--activation swish --hidden x", "--hidden: found 'x'"},
      {"--activation swoosh", "--activation: found 'swoosh', expected identity,"},
      {"--output-activation swoosh", "gelu, silu, softplus or softmax"},
      {"--loss mse", "--loss: found 'mse', expected cross-entropy, sigmoid-cross-entropy, quadratic, mae or huber"},
      {"--loss huber --huber-delta 0", "--huber-delta: found '0', expected a finite number greater than 0"},
      {"--huber-delta 1", "--huber-delta: not used by --loss cross-entropy; only by huber"},
      {"--label-smoothing 1", "--label-smoothing: found '1', expected 0 <= X < 1"},
      {"--label-smoothing 0.1 --loss quadratic",
       "--label-smoothing: not used by --loss quadratic; only by cross-entropy, sigmoid-cross-entropy"},
      {"--label-smoothing 0.1 --autoencoder", "--label-smoothing: not used by --loss quadratic"},
      {"--autoencoder --regression", "--autoencoder and --regression contradict each other; give one of them"},
      {"--autoencoder --loss cross-entropy",
       "--autoencoder: found --loss cross-entropy, whose targets add up to 1; use"},
      {"--autoencoder --layers 784,32,10",
       "--layers: found 10 outputs, but --autoencoder reproduces 784 pixels; end with 784 or use --hidden"},
      {"--regression --loss sigmoid-cross-entropy --output-activation identity",
       "--output-activation: found identity, expected sigmoid with --loss sigmoid-cross-entropy"},
      {"--regression", "train-targets-idx2-float: no such file (nor train-targets.idx2-float)"},
      {"--loss cross-entropy --output-activation sigmoid",
       "--output-activation: found sigmoid, expected softmax with --loss cross-entropy"},
      {"--init magic", "--init: found 'magic'"},
      {"--bias-init one", "--bias-init: found 'one', expected zero or gaussian, or a finite number"},
      {"--optimizer magic", "--optimizer: found 'magic', expected sgd, momentum, nesterov, adagrad"},
      {"--data README.md", "README.md: 1 column; commas, semicolons or tabs must separate the cells of a row"},
      {"--threads 0", "--threads: found '0', expected a whole number from 1 to 64"},
      {"--isa v5", "--isa: found 'v5', expected baseline, v3 or v4"},
      {"--seed -1", "--seed: found '-1'"},
      {"--data /nowhere", "/nowhere: no such folder"},
  };
  for (const auto& c : cases) {
    const CommandResult result = train(c.options);
    EXPECT_EQ(result.status, 2) << c.options;
    EXPECT_NE(result.output.find(c.message), std::string::npos) << c.options << "\n" << result.output;
    EXPECT_EQ(result.output.rfind("train: ", 0), 0u) << result.output;
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
  }
}

TEST_F(TrainOptions, HelpNamesEveryOptionAndItsDefault) {
  const CommandResult result = train("--help");
  EXPECT_EQ(result.status, 0);
  for (const char* option : {"--data",
                             "--layers",
                             "--hidden",
                             "--activation",
                             "--loss",
                             "--output-activation",
                             "--init",
                             "--bias-init",
                             "--optimizer",
                             "--learning-rate",
                             "--momentum",
                             "--l2",
                             "--batch",
                             "--epochs",
                             "--validation",
                             "--train-limit",
                             "--seed",
                             "--isa",
                             "--log",
                             "--quiet",
                             "--help",
                             "--init-scale",
                             "--rho",
                             "--beta1",
                             "--beta2",
                             "--epsilon",
                             "--epsilon-inside",
                             "--weight-decay",
                             "--l1",
                             "--schedule",
                             "--warmup",
                             "--decay-epochs",
                             "--decay-factor",
                             "--patience",
                             "--huber-delta",
                             "--autoencoder",
                             "--label-smoothing",
                             "--regression",
                             "--clip-norm",
                             "--clip-value",
                             "--max-norm",
                             "--dropout",
                             "--input-dropout",
                             "--early-stopping",
                             "--stop-patience",
                             "--min-improvement",
                             "--ensemble",
                             "--no-bootstrap",
                             "--batch-norm",
                             "--report",
                             "--export-header",
                             "--export-weights",
                             "--plot"}) {
    EXPECT_NE(result.output.find("\n  " + std::string(option)), std::string::npos) << option;
  }
  for (std::istringstream lines(result.output); !lines.eof();) {
    std::string line;
    std::getline(lines, line);
    EXPECT_LE(line.size(), 110u) << line;
  }
}

TEST_F(TrainOptions, AreUnderstoodAsOtherProgramsSpellThem) {
  const CommandResult ours = train_here(
      "--learning-rate 0.01 --batch 10 --activation leaky-relu --optimizer adam --loss cross-entropy --epochs 1");
  const CommandResult theirs =
      train_here("--lr 0.01 --batch-size=10 --activation LeakyReLU --optimizer Adam --loss cross_entropy --epochs 1");
  EXPECT_EQ(theirs.status, 0) << theirs.output;
  EXPECT_NE(line_with(ours.output, "parameters fingerprint"), "");
  EXPECT_EQ(line_with(theirs.output, "parameters fingerprint"), line_with(ours.output, "parameters fingerprint"));
}

TEST_F(TrainOptions, NamesOfOtherProgramsAreSuggested) {
  EXPECT_NE(train_here("--LR 0.1").output.find("unknown option '--LR'; did you mean --lr?"), std::string::npos);
  EXPECT_NE(train_here("--epochs 1 --batch Full").output.find(", full batch, "), std::string::npos);
}

TEST_F(TrainOptions, OneFileHasOneNameHoweverItIsSpelled) {
  const std::string tools = std::filesystem::absolute(build::tools()).string(),
                    run = "cd " + folder_.path() + " && " + tools + "/train --data . --epochs 1 ";
  for (const char* files : {"--save new --log ./new", "--save ./new --log new", "--save x/../new --log new"}) {
    const CommandResult result = run_command(run + files);
    EXPECT_EQ(result.status, 2) << files;
    EXPECT_NE(result.output.find("--log and --save name the same file, "), std::string::npos) << result.output;
  }
}

TEST_F(TrainOptions, HelpAndVersionArePrintedWhateverElseIsGiven) {
  for (const std::string tool : {"train", "predict", "lesson", "bench"}) {
    const std::string command = build::tools() + "/" + tool + " ";
    const CommandResult help = run_command(command + "--help"), version = run_command(command + "--bad --version");
    EXPECT_EQ(help.output.rfind("Usage: " + tool, 0), 0u) << help.output.substr(0, 100);
    for (const char* options : {"-h", "--bad --help", "--data nowhere -h"}) {
      const CommandResult other = run_command(command + options);
      EXPECT_EQ(other.status, 0) << tool << options;
      EXPECT_EQ(other.output, help.output) << tool << options;
    }
    EXPECT_EQ(version.status, 0);
    EXPECT_EQ(version.output, tool + " of mote " + mote::kVersion + "\n");
  }
}

TEST_F(TrainOptions, HelpIsPrintedAndTheRemedyNamedUnderAMemoryLimit) {
  const std::string little = "ulimit -v 200000; exec " + program();
  EXPECT_EQ(run_command(little + "--help").status, 0);
  const CommandResult result = run_command(little + "--epochs 1 --data " + folder_.path());
  EXPECT_EQ(result.status, 1) << result.output;
  EXPECT_NE(
      result.output.find(" MiB cannot be reserved: Cannot allocate memory; raise the limit (ulimit -v), or rebuild "
                         "with less: make "),
      std::string::npos)
      << result.output;
  const std::string model = folder_.file("model"), digit = folder_.file("large.pgm");
  ASSERT_EQ(train_here("--epochs 1 --save " + model).status, 0);
  folder_.write("large.pgm", "P5 6000 6000 255\n" + std::string(36000000, '\0'));
  const CommandResult large =
      run_command("ulimit -v 900000; exec " + build::tools() + "/predict --fit " + model + " " + digit);
  EXPECT_EQ(large.status, 1);
  EXPECT_EQ(large.output.rfind("predict: out of memory: ", 0), 0u) << large.output;
}

}  // namespace
