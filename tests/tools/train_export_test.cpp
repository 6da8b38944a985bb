// SPDX-License-Identifier: MIT
// tools/train --export-header: a network as C++ source.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "common/format.hpp"
#include "support/train_program.hpp"

namespace {

using tools::format;
using train_program::line_with;
using train_program::train;

class Export : public train_program::SmallSet {
 protected:
  /// Trains with batch normalization, which the export folds in, and writes model.hpp.
  CommandResult export_as(const std::string& weights, const std::string& file = "model.hpp") {
    return train_here("--hidden 9,5 --batch-norm --batch 8 --epochs 3 --export-weights " + weights +
                      " --export-header " + folder_.file(file));
  }
};

constexpr const char* kProgram = R"(
#include <cstdio>
#include "model.hpp"
static_assert(model::kTopology.inputs == 12 && model::kTopology.outputs_of(1) == 5 && model::kTopology.outputs() == 4);
static mote::Storage<mote::flash_network_bytes(model::kTopology)> scratch;
int main() {
  mote::FlashNetwork network;
  if (!network.bind(model::kModel, scratch).ok()) return 1;
  const mote::Result result = verify(network, model::kGolden);
  std::printf("%s, class %zu\n", mote::to_string(result.status),
              mote::argmax(network.forward(model::kGoldenInputs, model::kGolden.inputs.scale)));
}
)";

TEST_F(Export, IsACppHeaderWhoseNetworkAnswersAsItDid) {
  for (const char* weights : {"float32", "float16", "int8"}) {
    const CommandResult exported = export_as(weights);
    ASSERT_EQ(exported.status, 0) << exported.output;
    const CommandResult result = build::run_program(folder_, kProgram);
    EXPECT_EQ(result.status, 0) << result.output;
    EXPECT_EQ(result.output.rfind("ok, class ", 0), 0u) << weights << ": " << result.output;
    const std::string accuracy = line_with(exported.output, "test accuracy ");
    EXPECT_NE(line_with(exported.output, folder_.file("model.hpp")).find(weights), std::string::npos);
    if (std::string(weights) != "int8") {
      EXPECT_NE(line_with(exported.output, folder_.file("model.hpp")).find(accuracy), std::string::npos)
          << "folding and 16 bits change no answer here:\n"
          << exported.output;
    }
  }
}

constexpr const char* kIntegerProgram = R"(
#include <cstdio>
#include "model.hpp"
static_assert(model::kTopology.inputs == 12 && model::kLayers[1].outputs == 5 && model::kTopology.outputs() == 4);
static mote::Storage<mote::integer_network_bytes(model::kModel.layers)> scratch;
int main() {
  mote::IntegerNetwork network;
  if (!network.bind(model::kModel, scratch).ok()) return 1;
  const mote::Result result = verify(network, model::kGolden);
  const mote::Span<const std::int8_t> outputs = network.forward(model::kGoldenInputs);
  std::int8_t probabilities[4];
  mote::softmax(outputs, model::kExponentials, probabilities);
  int sum = 0;
  for (const int p : probabilities) sum += p + 128;
  std::printf("%s, class %zu, %s", mote::to_string(result.status), mote::argmax(outputs),
              sum >= 253 && sum <= 258 ? "1" : "not 1");
}
)";

TEST_F(Export, IsACppHeaderOfIntegersThatAnswersAsMeasured) {
  for (const char* options : {"--activation relu", "--activation tanh --calibration percentile",
                              "--activation sigmoid --calibration least-squares --scale-per layer"}) {
    const CommandResult exported = export_as(std::string("integer ") + options);
    ASSERT_EQ(exported.status, 0) << exported.output;
    const CommandResult result = build::run_program(folder_, kIntegerProgram);
    EXPECT_EQ(result.status, 0) << result.output;
    EXPECT_EQ(result.output.rfind("ok, class ", 0), 0u) << options << ": " << result.output;
    EXPECT_EQ(result.output.find("not"), std::string::npos) << "probabilities add up to 1: " << result.output;
    EXPECT_NE(line_with(exported.output, folder_.file("model.hpp")).find(" bytes of integer weights"),
              std::string::npos);
    for (const char* layer : {"1", "2", "3"}) {
      EXPECT_NE(exported.output.find(std::string("only layer ") + layer + " in integers: test loss "),
                std::string::npos)
          << exported.output;
    }
  }
}

/// sin(x) with a disturbance: of the networks with int8 weights, that with int8 activations loses much.
TEST_F(Export, OfARegressionLosesLessThanTwoPercentWithInt16) {
  std::string table = "x,y\n";
  for (int i = 0; i < 2000; ++i) {
    const double x = -3.14 + 0.00314 * ((i * 377) % 2000);
    table += format("%.5f,%.5f\n", x, std::sin(x) + 0.02 * std::sin(1000.0 * x));
  }
  folder_.write("sine.csv", table);
  constexpr const char* kLargestError = R"(
#include <cmath>
#include <cstdio>
#include "model.hpp"
static mote::Storage<mote::integer_network_bytes(model::kModel.layers)> scratch;
int main() {
  mote::IntegerNetwork16 network;
  if (!network.bind(model::kModel, scratch).ok() || !verify(network, model::kGolden).ok()) return 1;
  float most = 0.0f;
  for (float x = -3.0f; x < 3.0f; x += 0.01f) {
    std::int16_t input;
    mote::quantize(model::inputs(&x), model::kModel.input, &input);
    const float y = mote::dequantize(network.forward(&input)[0], model::kModel.output());
    most = std::fmax(most, std::fabs(y - std::sin(x)));
  }
  std::printf("%f", static_cast<double>(most));
}
)";
  const std::string save = folder_.file("model.safetensors"), data = " --data " + folder_.file("sine.csv");
  const CommandResult trained =
      train("--hidden 32,16 --activation tanh --epochs 200 --regression --save " + save + data);
  ASSERT_EQ(trained.status, 0) << trained.output;
  const auto loss_as = [&](const char* weights) {
    const CommandResult exported = train("--load " + save + " --evaluate --regression --export-weights " + weights +
                                         " --export-header " + folder_.file("model.hpp") + data);
    EXPECT_EQ(exported.status, 0) << exported.output;
    EXPECT_EQ(exported.output.find("only layer 2 in integers: test loss") != std::string::npos,
              weights != std::string("float32"));
    EXPECT_EQ(exported.output.find("test loss grows") != std::string::npos, weights == std::string("integer"));
    const std::string line = line_with(exported.output, folder_.file("model.hpp") + ": ");
    const double loss = std::stod(line.substr(line.find("test loss ") + 10));
    EXPECT_NEAR(std::stod(line.substr(line.find(", test RMSE ") + 12)), std::sqrt(2.0 * loss), 1e-3) << line;
    if (weights == std::string("float32")) {
      const std::string rmse = line_with(exported.output, "test RMSE ");
      EXPECT_NEAR(std::stod(rmse.substr(10)), std::sqrt(2.0 * loss), 1e-3) << exported.output;
    }
    return loss;
  };
  const double of_floats = loss_as("float32"), of_int8 = loss_as("integer"), of_int16 = loss_as("integer16");
  EXPECT_LE(of_int16, 1.02 * of_floats);
  EXPECT_GE(of_int8, 1.5 * of_floats);
  const CommandResult result = build::run_program(folder_, kLargestError);
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_LE(std::stod(result.output), 0.05);
  EXPECT_GT(std::stod(result.output), 0.0);
}

/// A table whose columns differ in size, with classes that a C++ string must escape.
class ExportOfATable : public Export {
 protected:
  ExportOfATable() {
    std::string table = "small,large,label\n";
    for (int i = 0; i < 90; ++i) {
      const char* labels[] = {"a \\ b", "b", "c"};
      table += format("%.3f,%d,%s\n", 0.001 * (i % 7) + (i % 3 == 0 ? 0.02 : 0.0), 10000 + 400 * (i % 3 == 1) + i % 5,
                      labels[i % 3]);
    }
    folder_.write("table.csv", table);
  }
  /// Exports the trained network and returns the output of a program that includes it.
  std::string answers(const std::string& weights, const std::string& program) {
    const CommandResult exported =
        train("--data " + folder_.file("table.csv") + " --hidden 8 --epochs 60" + " --export-weights " + weights +
              " --export-header " + folder_.file("model.hpp"));
    EXPECT_EQ(exported.status, 0) << exported.output;
    const CommandResult result = build::run_program(folder_, program);
    EXPECT_EQ(result.status, 0) << result.output;
    return result.output;
  }
};

TEST_F(ExportOfATable, InIntegersKeepsItsStandardization) {
  constexpr const char* kClasses = R"(
#include <cstdio>
#include "model.hpp"
static mote::Storage<mote::integer_network_bytes(model::kModel.layers)> scratch;
int main() {
  mote::IntegerNetwork network;
  if (!network.bind(model::kModel, scratch).ok() || !verify(network, model::kGolden).ok()) return 1;
  const float rows[3][2] = {{0.023f, 10002}, {0.003f, 10402}, {0.003f, 10002}};
  for (const auto& row : rows) {
    std::int8_t inputs[2];
    mote::quantize(model::inputs(row), model::kModel.input, inputs);
    std::printf("%s, ", model::kOutputNames[mote::argmax(network.forward(inputs))]);
  }
}
)";
  EXPECT_EQ(answers("integer", kClasses), "a \\ b, b, c, ");
}

TEST_F(ExportOfATable, TakesRowsOfTheTableInEveryFormat) {
  constexpr const char* kClasses = R"(
#include <cstdio>
#include "model.hpp"
static mote::Storage<mote::flash_network_bytes(model::kTopology)> scratch;
int main() {
  mote::FlashNetwork network;
  if (!network.bind(model::kModel, scratch).ok() || !verify(network, model::kGolden).ok()) return 1;
  const float rows[3][2] = {{0.023f, 10002}, {0.003f, 10402}, {0.003f, 10002}};
  for (const auto& row : rows) std::printf("%s, ", model::kOutputNames[mote::argmax(network.forward(model::inputs(row)))]);
}
)";
  for (const std::string weights : {"float32", "float16", "int8"}) {
    EXPECT_EQ(answers(weights, kClasses), "a \\ b, b, c, ") << weights;
  }
}

TEST_F(Export, IsACppHeaderForTheLibraryInTwoFilesToo) {
  folder_.write("program.cpp", "#include \"model.hpp\"\nstatic_assert(model::kTopology.inputs == 12);\n");
  ASSERT_EQ(export_as("int8").status, 0);
  ASSERT_EQ(run_command("make -s dist BUILD=" + folder_.file("build")).status, 0);
  const CommandResult compiled = run_command(build::compiler() + " -std=c++17 -fsyntax-only -I" +
                                             folder_.file("build/dist") + " " + folder_.file("program.cpp"));
  EXPECT_EQ(compiled.status, 0) << compiled.output;
}

TEST_F(Export, WritesTheSameForTheSameNetwork) {
  ASSERT_EQ(export_as("int8").status, 0);
  const std::string first = contents(folder_.file("model.hpp"));
  ASSERT_EQ(export_as("int8").status, 0);
  EXPECT_EQ(contents(folder_.file("model.hpp")), first);
  EXPECT_NE(first.find("\nnamespace model {\n"), std::string::npos);
  ASSERT_EQ(export_as("int8", "my-net.2.hpp").status, 0);
  EXPECT_NE(contents(folder_.file("my-net.2.hpp")).find("\nnamespace my_net_2 {\n"), std::string::npos);
}

/// Exports a network that learned elements of another type, and verifies it in a program.
TEST_F(Export, TakesElementsOfOtherTypes) {
  constexpr const char* kVerifies = R"(
#include <cstdio>
#include "model.hpp"
static mote::Storage<mote::flash_network_bytes(model::kTopology)> scratch;
int main() {
  mote::FlashNetwork network;
  if (!network.bind(model::kModel, scratch).ok()) return 1;
  std::printf("%s of %zu bytes", mote::to_string(verify(network, model::kGolden).status), sizeof model::kGoldenInputs[0]);
}
)";
  for (const auto& [type, size] : {std::pair(0x09, 1), std::pair(0x0b, 2), std::pair(0x0d, 4)}) {
    for (const auto& [half, count] : {std::pair("train", 48u), std::pair("t10k", 12u)}) {
      std::string file = idx_header({count, 3, 4}, static_cast<char>(type));
      for (std::size_t i = 0; i < count * 12; ++i) {
        const float element = i % 12 == i / 12 % 4 ? 100.0f : -static_cast<float>(i % 7);
        if (type == 0x0d) {
          file += idx_floats({1}, {element / 100.0f}).substr(8);
        } else {
          file += std::string(size == 2 ? 1 : 0, element < 0 ? '\xff' : '\0') + static_cast<char>(element);
        }
      }
      folder_.write(half + std::string("-images-idx3-ubyte"), file);
    }
    const CommandResult exported = export_as("float32");
    ASSERT_EQ(exported.status, 0) << exported.output;
    EXPECT_NE(line_with(exported.output, folder_.file("model.hpp")).find(line_with(exported.output, "test accuracy ")),
              std::string::npos)
        << exported.output;
    const CommandResult result = build::run_program(folder_, kVerifies);
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.output, "ok of " + std::to_string(size) + " bytes");
  }
}

/// One input is 0 in every image, and its weights are huge: in int8 they leave the other weights of their columns 0.
TEST_F(Export, WarnsWhenItsWeightsDamageTheNetwork) {
  std::string images[2] = {contents(folder_.file("train-images-idx3-ubyte")),
                           contents(folder_.file("t10k-images-idx3-ubyte"))};
  for (std::string& file : images) {
    for (std::size_t i = 16 + 11; i < file.size(); i += 12) file[i] = 0;
  }
  folder_.write("train-images-idx3-ubyte", images[0]);
  folder_.write("t10k-images-idx3-ubyte", images[1]);
  folder_.write("train-targets-idx2-float", idx_floats({48, 1}, std::vector<float>(48, 0.5f)));
  folder_.write("t10k-targets-idx2-float", idx_floats({12, 1}, std::vector<float>(12, 0.5f)));
  const std::string model = folder_.file("model.safetensors"), header = folder_.file("model.hpp");
  ASSERT_EQ(train_here("--hidden none --batch 4 --epochs 60 --save " + model).status, 0);
  const std::string command = "--load " + model + " --evaluate --export-weights int8 --export-header " + header;
  const CommandResult good = train_here(command);
  EXPECT_NE(good.output.find(" bytes of int8 weights and their biases, test loss 0."), std::string::npos)
      << good.output;
  EXPECT_NE(line_with(good.output, header + ": ").find(", test accuracy 1.0000 (12/12)"), std::string::npos)
      << good.output;
  EXPECT_EQ(good.output.find("warning"), std::string::npos) << good.output;

  std::string file = contents(model);
  const std::size_t weights = 8 + static_cast<unsigned char>(file[0]) + 256 * static_cast<unsigned char>(file[1]);
  for (std::size_t unit = 0; unit < 4; ++unit)
    file.replace(weights + 4 * (12 * unit + 11), 4, std::string("\0\x80\x3b\x45", 4));                 // 3000
  for (const char* key : {"\"checksum\"", "\"fingerprint\""}) file.replace(file.find(key), 2, "\"X");  // no longer true
  folder_.write("model.safetensors", file);
  for (const char* quiet : {"", " --quiet"}) {
    const std::string output = train_here(command + quiet).output;
    EXPECT_NE(line_with(output, "train: warning: " + header + ": test accuracy falls from 1.0000 to ")
                  .find("with int8 weights: "),
              std::string::npos)
        << output;
  }
  EXPECT_EQ(train_here("--load " + model + " --evaluate --export-weights float16 --export-header " + header)
                .output.find("warning"),
            std::string::npos);
}

TEST_F(Export, MeasuresTheLossOfNumbersAndOfReproducedImages) {
  folder_.write("train-targets-idx2-float", idx_floats({48, 2}, std::vector<float>(96, 0.5f)));
  folder_.write("t10k-targets-idx2-float", idx_floats({12, 2}, std::vector<float>(24, 0.5f)));
  for (const char* options :
       {"--regression", "--regression --loss mae", "--regression --loss huber", "--autoencoder",
        "--autoencoder --loss sigmoid-cross-entropy", "--loss sigmoid-cross-entropy", "", "--label-smoothing 0.1"}) {
    const std::string header = folder_.file("model.hpp");
    const CommandResult result = train_here(options + std::string(" --hidden 5 --epochs 2 --export-header ") + header);
    ASSERT_EQ(result.status, 0) << result.output;
    const std::string loss = line_with(result.output, "test loss ");
    EXPECT_NE(line_with(result.output, header + ": ").find(", " + loss), std::string::npos)
        << "float32 weights change no digit shown:\n"
        << result.output;
  }
}

TEST_F(Export, OfAModelFileNeedsNoTraining) {
  const std::string model = folder_.file("model.safetensors");
  ASSERT_EQ(export_as("float16 --save " + model).status, 0);
  const std::string trained = contents(folder_.file("model.hpp"));
  const CommandResult loaded = train_here("--load " + model + " --evaluate --export-weights float16 --export-header " +
                                          folder_.file("model.hpp"));
  EXPECT_EQ(loaded.status, 0) << loaded.output;
  EXPECT_EQ(contents(folder_.file("model.hpp")), trained);
}

/// The header folds the standardization in; a loaded network brings its own.
TEST_F(Export, OfALoadedTableNetworkIsTheHeaderOfItsTraining) {
  const std::string model = folder_.file("model.safetensors"), header = folder_.file("model.hpp");
  const std::string data = "--data tools/data/tables/iris.csv ";
  for (const char* weights : {"float32", "float16", "int8", "integer"}) {
    const std::string exports = std::string(" --export-weights ") + weights + " --export-header " + header;
    const CommandResult trained = train(data + "--epochs 20 --save " + model + exports);
    ASSERT_EQ(trained.status, 0) << trained.output;
    const std::string first = contents(header);
    const CommandResult loaded = train(data + "--evaluate --load " + model + exports);
    ASSERT_EQ(loaded.status, 0) << loaded.output;
    EXPECT_EQ(line_with(loaded.output, header), line_with(trained.output, header));
    EXPECT_EQ(contents(header), first) << weights;
    EXPECT_EQ(loaded.output.find("warning"), std::string::npos) << loaded.output;
  }
}

TEST_F(Export, NamesANamespaceThatCppTakes) {
  for (const auto& [file, name] :
       {std::pair("class.hpp", "model_class"), std::pair("errno.hpp", "model_errno"),
        std::pair("_A__b.hpp", "model__A_b"), std::pair("7.hpp", "model_7"), std::pair("bool.hpp", "model_bool"),
        std::pair("log.hpp", "model_log"), std::pair("digits.hpp", "digits")}) {
    ASSERT_EQ(export_as("int8", file).status, 0);
    EXPECT_NE(contents(folder_.file(file)).find("\nnamespace " + std::string(name) + " {\n"), std::string::npos);
  }
}

TEST_F(Export, LeavesFilesOfOthersAlone) {
  folder_.write("model.hpp", "int mine;\n");
  const CommandResult result = export_as("int8");
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.output.find("exists and is not a header of this program; name another file"), std::string::npos)
      << result.output;
  EXPECT_EQ(contents(folder_.file("model.hpp")), "int mine;\n");
  const std::string twice = folder_.file("one") + " --log " + folder_.file("./one");
  EXPECT_NE(train_here("--export-header " + twice).output.find("--log and --export-header name the same file"),
            std::string::npos);
}

TEST_F(Export, RefusesWhatItCannotWrite) {
  const CommandResult ensemble = train_here("--ensemble 2 --export-header " + folder_.file("model.hpp"));
  EXPECT_EQ(ensemble.status, 2);
  EXPECT_NE(ensemble.output.find("--ensemble"), std::string::npos);
  EXPECT_EQ(train_here("--export-weights int8").status, 2);
  const CommandResult other = train_here("--export-weights int4 --export-header " + folder_.file("model.hpp"));
  EXPECT_EQ(other.status, 2);
  EXPECT_NE(other.output.find("float32, float16, int8, integer or integer16"), std::string::npos) << other.output;
  const CommandResult floats = train_here("--calibration percentile --export-header " + folder_.file("model.hpp"));
  EXPECT_EQ(floats.status, 2);
  EXPECT_NE(floats.output.find("--calibration: needs --export-weights integer"), std::string::npos) << floats.output;
  const CommandResult fine =
      train_here("--calibration percentile --export-weights integer16 --export-header " + folder_.file("model.hpp"));
  EXPECT_NE(fine.output.find("--calibration: needs --export-weights integer"), std::string::npos) << fine.output;
  const CommandResult scale = train_here("--scale-per layer --export-header " + folder_.file("model.hpp"));
  EXPECT_NE(scale.output.find("--scale-per: needs --export-weights integer or integer16"), std::string::npos)
      << scale.output;
  const CommandResult library = train_here("--epochs 1 --export-header " + folder_.file("mote.hpp"));
  EXPECT_EQ(library.status, 2);
  EXPECT_NE(library.output.find("mote.hpp: mote.hpp is the library's header"), std::string::npos) << library.output;
  const CommandResult large = train_here(
      "--hidden 5 --init gaussian --init-scale 1e6 --optimizer sgd --learning-rate 1e-30 --epochs 1 --export-weights "
      "float16 --export-header " +
      folder_.file("model.hpp"));
  EXPECT_EQ(large.status, 1);
  EXPECT_NE(large.output.find("too large for the format: layer 1, from its input "), std::string::npos) << large.output;
  EXPECT_FALSE(std::filesystem::exists(folder_.file("model.hpp")));
  const CommandResult nowhere = train_here("--epochs 1 --export-header " + folder_.file("missing/model.hpp"));
  EXPECT_NE(nowhere.status, 0);
  EXPECT_NE(nowhere.output.find("missing/model.hpp"), std::string::npos) << nowhere.output;
}

TEST(ExportOfMnist, LosesLessThanThreeInAThousandWithEightBits) {
  const TemporaryFolder folder;
  const std::string save = folder.file("model.safetensors");
  for (const char* options : {"--hidden 30 --activation sigmoid --init scaled-gaussian --learning-rate 0.1",
                              "--hidden 100,50", "--hidden 64,32 --batch-norm --activation tanh"}) {
    const CommandResult result = train(std::string(options) + " --epochs 2 --train-limit 20000 --save " + save);
    ASSERT_EQ(result.status, 0) << result.output;
    const auto correct_of = [](const std::string& line) { return std::stoi(line.substr(line.find('(') + 1)); };
    const int trained = correct_of(line_with(result.output, "test accuracy "));
    EXPECT_GT(trained, 8500) << options;
    for (const char* weights : {"int8", "integer", "integer16"}) {
      const CommandResult exported = train("--load " + save + " --evaluate --export-weights " + weights +
                                           " --export-header " + folder.file("model.hpp"));
      ASSERT_EQ(exported.status, 0) << exported.output;
      const int found = correct_of(line_with(exported.output, folder.file("model.hpp")));
      EXPECT_LE(std::abs(found - trained), 30) << options << ' ' << weights;
    }
  }
}

}  // namespace
