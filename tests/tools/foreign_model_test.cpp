// SPDX-License-Identifier: MIT
// Networks as PyTorch's save_file(network.state_dict()) writes them, made here from networks of train: equal numbers
// under other names, in other orders and types.
#include <cmath>
#include <map>
#include <vector>

#include "support/model_support.hpp"
#include "support/train_program.hpp"

namespace {

using train_program::line_with;
using train_program::SmallSet;

struct StateTensor {
  std::string name, type, shape, data;
};

/// A number in a type of safetensors.
std::string as(const std::string& type, float x) {
  std::string bytes;
  std::uint64_t bits = 0;
  std::size_t size = 4;
  std::uint32_t single;
  std::memcpy(&single, &x, sizeof single);
  if (type == "F64") {
    const double wide = static_cast<double>(x);
    std::memcpy(&bits, &wide, size = 8);
  } else if (type == "BF16") {
    bits = single >> 16, size = 2;
  } else if (type == "F16") {  // exact for the numbers of these tests
    int exponent = 0;
    const float fraction = std::frexp(std::fabs(x), &exponent);
    const auto whole = static_cast<std::uint32_t>(std::ldexp(fraction, 11));
    bits = (std::signbit(x) ? 0x8000u : 0u) |
           (x == 0.0f ? 0u : static_cast<std::uint32_t>(exponent + 14) << 10 | (whole & 1023));
    size = 2;
  } else {
    bits = single;
  }
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(bits >> 8 * i);
  return bytes;
}

StateTensor tensor(const std::string& name, const std::string& shape, const std::vector<float>& numbers,
                   const std::string& type = "F32") {
  StateTensor made{name, type, shape, ""};
  for (const float x : numbers) made.data += as(type, x);
  return made;
}

std::string state_dict(const std::vector<StateTensor>& tensors) {
  std::string header = R"({"__metadata__":{"format":"pt"})", data;
  for (const StateTensor& t : tensors) {
    header += ",\"" + t.name + R"(":{"dtype":")" + t.type + R"(","shape":[)" + t.shape + R"(],"data_offsets":[)" +
              std::to_string(data.size()) + "," + std::to_string(data.size() + t.data.size()) + "]}";
    data += t.data;
  }
  return model::file_of(header + "}", data);
}

class Foreign : public SmallSet {
 protected:
  /// Trains a network and returns the numbers of its tensors by mote's names.
  std::map<std::string, std::vector<float>> trained(const std::string& options) {
    const CommandResult run = train_here("--quiet --epochs 20 --save " + own() + " " + options);
    EXPECT_EQ(run.status, 0) << run.output;
    const std::string header = model::header_of(contents(own())), data = model::data_of(contents(own()));
    std::map<std::string, std::vector<float>> numbers;
    for (std::size_t at = header.find("\"layers."); at != std::string::npos;) {
      const std::size_t end = header.find('"', at + 1), offsets = header.find("data_offsets\":[", at) + 15;
      const std::size_t begin = std::stoul(header.substr(offsets));
      std::vector<float>& list = numbers[header.substr(at + 1, end - at - 1)];
      list.resize((std::stoul(header.substr(header.find(',', offsets) + 1)) - begin) / 4);
      std::memcpy(list.data(), data.data() + begin, 4 * list.size());
      at = std::min(header.find("\"layers.", end), header.find("\"norms.", end));
    }
    return numbers;
  }
  /// Numbers that F16 and BF16 hold exactly.
  static std::vector<float> rounded(std::vector<float> numbers) {
    for (float& x : numbers) x = std::round(x * 16.0f) / 16.0f;
    return numbers;
  }
  CommandResult evaluate(const std::vector<StateTensor>& tensors, const std::string& options) {
    folder_.write("net", state_dict(tensors));
    return train_here("--evaluate --load " + folder_.file("net") + " " + options);
  }
  std::string own() const { return folder_.file("own"); }
  std::string loss_of_own() { return line_with(train_here("--evaluate --load " + own()).output, "test loss"); }
};

TEST_F(Foreign, LayersAreFoundByAnyNamesInAnyOrder) {
  auto n = trained("--hidden 6,5 --activation tanh");
  const std::string expected = loss_of_own();
  const std::vector<std::vector<std::string>> names = {{"fc1", "fc2", "fc3"},
                                                       {"0", "2", "4"},
                                                       {"module.net.2", "module.net.10", "module.net.11"},
                                                       {"input", "hidden", "out"},
                                                       {"inputs", "golden", "out"}};
  for (const std::vector<std::string>& name : names) {
    const CommandResult found = evaluate(
        {tensor(name[2] + ".bias", "4", n["layers.2.bias"]), tensor(name[1] + ".weight", "5,6", n["layers.1.weight"]),
         tensor(name[2] + ".weight", "4,5", n["layers.2.weight"]),
         tensor(name[0] + ".weight", "6,12", n["layers.0.weight"]), tensor(name[1] + ".bias", "5", n["layers.1.bias"]),
         tensor(name[0] + ".bias", "6", n["layers.0.bias"])},
        "--activation Tanh --layers 12,6,5,4");
    EXPECT_EQ(found.status, 0) << found.output;
    EXPECT_EQ(line_with(found.output, "test loss"), expected) << name[0];
    EXPECT_NE(found.output.find("layers    " + name[0] + ", " + name[1] + ", " + name[2] + ", of "), std::string::npos)
        << found.output;
  }
}

TEST_F(Foreign, NumbersHaveAnyPrecision) {
  auto n = trained("--hidden 5");
  std::string expected;
  for (const std::string type : {"F32", "F64", "F16", "BF16"}) {
    const CommandResult found = evaluate({tensor("0.weight", "5,12", rounded(n["layers.0.weight"]), type),
                                          tensor("0.bias", "5", rounded(n["layers.0.bias"]), type),
                                          tensor("2.weight", "4,5", rounded(n["layers.1.weight"]), type),
                                          tensor("2.bias", "4", rounded(n["layers.1.bias"]), type)},
                                         "--activation relu");
    EXPECT_EQ(found.status, 0) << found.output;
    const std::string loss = line_with(found.output, "parameters fingerprint");
    if (expected.empty()) expected = loss;
    EXPECT_EQ(loss, expected) << type;
  }
}

TEST_F(Foreign, ABiasBeforeBatchNormalizationIsFoldedAndAMissingOneIsZero) {
  auto n = trained("--hidden 5 --batch-norm --batch 22 --learning-rate 0.1");
  const std::string expected = loss_of_own();
  std::vector<float> bias = {0.5f, -1.0f, 0.25f, 2.0f, 0.0f}, mean = n["norms.0.running_mean"];
  for (std::size_t i = 0; i < 5; ++i) mean[i] += bias[i];
  for (const std::string norm : {"1", "bn0"}) {
    const std::string linear = norm == "1" ? "0" : "fc0";
    std::vector<StateTensor> tensors = {tensor(norm + ".bias", "5", n["norms.0.bias"]),
                                        tensor(norm + ".running_mean", "5", mean),
                                        tensor(norm + ".running_var", "5", n["norms.0.running_var"]),
                                        tensor(norm + ".weight", "5", n["norms.0.weight"]),
                                        {norm + ".num_batches_tracked", "I64", "", std::string(8, '\0')},
                                        tensor(linear + ".bias", "5", bias),
                                        tensor(linear + ".weight", "5,12", n["layers.0.weight"]),
                                        tensor(norm == "1" ? "3.weight" : "fc1.weight", "4,5", n["layers.1.weight"]),
                                        tensor(norm == "1" ? "3.bias" : "fc1.bias", "4", n["layers.1.bias"])};
    EXPECT_EQ(line_with(evaluate(tensors, "--activation relu").output, "test loss"), expected);
    tensors[5].data = std::string(20, '\0');
    const std::string zero = line_with(evaluate(tensors, "--activation relu").output, "test loss");
    tensors.erase(tensors.begin() + 5);
    const CommandResult missing = evaluate(tensors, "--activation relu");
    EXPECT_EQ(line_with(missing.output, "test loss"), zero) << missing.output;
    EXPECT_NE(zero, expected);
  }
}

TEST_F(Foreign, InputsAreNormalizedAndTheModelIsConverted) {
  auto n = trained("--hidden none");
  std::string header = model::unsealed(model::header_of(contents(own())));
  header.replace(header.find("\"input_scale\""), 13, R"("input_offset":"0x1.fep+6","input_scale")");  // 127.5
  const std::size_t scale = header.find("\"input_scale\":\"") + 15;
  char text[40];
  std::snprintf(text, sizeof text, "%a", static_cast<double>(static_cast<float>(1.0 / (255.0 * 0.25))));
  header.replace(scale, header.find('"', scale) - scale, text);
  folder_.write("own", model::file_of(header, model::data_of(contents(own()))));
  const std::string converted = folder_.file("converted");
  const CommandResult found =
      evaluate({tensor("weight.weight", "4,12", n["layers.0.weight"]), tensor("weight.bias", "4", n["layers.0.bias"])},
               "--input-mean 0.5 --input-deviation 0.25 --save " + converted);
  EXPECT_EQ(found.status, 0) << found.output;
  EXPECT_EQ(line_with(found.output, "test loss"), loss_of_own());
  EXPECT_EQ(line_with(train_here("--evaluate --load " + converted).output, "test loss"), loss_of_own());
}

TEST_F(Foreign, ALinearAloneHasNoNames) {
  auto n = trained("--hidden none");
  for (const std::string prefix : {"", "."}) {
    const CommandResult found = evaluate(
        {tensor(prefix + "weight", "4,12", n["layers.0.weight"]), tensor(prefix + "bias", "4", n["layers.0.bias"])},
        "--loss cross-entropy");
    EXPECT_EQ(line_with(found.output, "test loss"), loss_of_own()) << found.output;
    EXPECT_NE(found.output.find("layers    weight, of "), std::string::npos) << found.output;
  }
}

TEST_F(Foreign, NetworksMayHaveMoreOutputsThanTheDataHaveClasses) {
  auto n = trained("--hidden none");
  std::vector<float> weights = n["layers.0.weight"], biases = n["layers.0.bias"];
  weights.resize(6 * 12), biases.resize(6, -1000.0f);  // outputs of probability 0
  const std::vector<StateTensor> wide = {tensor("0.weight", "6,12", weights), tensor("0.bias", "6", biases)};
  const CommandResult found = evaluate(wide, "--save " + folder_.file("wide"));
  EXPECT_EQ(found.status, 0) << found.output;
  EXPECT_EQ(line_with(found.output, "test loss"), loss_of_own());
  EXPECT_EQ(train_here("--load " + folder_.file("wide") + " --epochs 1").status, 0);
  biases.resize(3), weights.resize(3 * 12);
  const CommandResult narrow = evaluate({tensor("0.weight", "3,12", weights), tensor("0.bias", "3", biases)}, "");
  EXPECT_EQ(narrow.status, 2);
  EXPECT_NE(narrow.output.find("the network has 3 outputs, the data need 4"), std::string::npos) << narrow.output;
}

/// The model made of a small file is larger than the file.
TEST_F(Foreign, MayBringOffsetsAndScalesOfTheirInputs) {
  const auto loss = [&](const std::vector<StateTensor>& tensors, const std::string& options) {
    const CommandResult found = evaluate(tensors, options);
    EXPECT_EQ(found.status, 0) << found.output;
    return line_with(found.output, "test loss");
  };
  std::vector<float> numbers;
  for (int i = 0; i < 48; ++i) numbers.push_back(static_cast<float>(i * 7 % 16) / 16.0f);
  const StateTensor weight = tensor("weight", "4,12", numbers, "F16");
  const std::string expected = loss({weight}, "--input-mean 0.501960784 --input-deviation 0.501960784");  // 128 of 255
  EXPECT_EQ(loss({weight, tensor("inputs.offset", "12", std::vector<float>(12, 128.0f), "F16"),
                  tensor("inputs.scale", "12", std::vector<float>(12, 1.0f / 128.0f), "F16")},
                 "--save " + folder_.file("new")),
            expected);
  EXPECT_EQ(line_with(train_here("--evaluate --load " + folder_.file("new")).output, "test loss"), expected);
}

TEST_F(Foreign, FilesAreNotReplaced) {
  const std::string file = state_dict({tensor("weight", "4,12", std::vector<float>(48, 0.5f))});
  folder_.write("net", file);
  for (const std::string& load : {"--evaluate --load " + folder_.file("net"), std::string("--epochs 1")}) {
    const CommandResult run = train_here(load + " --save " + folder_.file("net"));
    EXPECT_EQ(run.status, 2) << run.output;
    EXPECT_NE(run.output.find("net: exists and is not a model of this program; name another file"), std::string::npos)
        << run.output;
    EXPECT_EQ(contents(folder_.file("net")), file);
  }
}

TEST_F(Foreign, TensorsFillTheFileWithoutOverlap) {
  const std::string one = R"({"weight":{"dtype":"F32","shape":[4,12],"data_offsets":)",
                    two = R"([0,192]},"bias":{"dtype":"F32","shape":[4],"data_offsets":)";
  const struct {
    std::string header, error;
  } cases[] = {{one + "[4,196]}}", "net: tensor weight [4,12]: found at byte "},
               {one + two + "[188,204]}}", "net: tensor bias [4]: found at byte "},
               {one + two + "[196,212]}}", "net: tensor bias [4]: found at byte "},
               {one + two + "[192,208]}}", "net: found 8 bytes after the last tensor"}};
  for (const auto& c : cases) {
    folder_.write("net", model::file_of(c.header, std::string(216, '\0')));
    const CommandResult run = train_here("--evaluate --load " + folder_.file("net"));
    EXPECT_EQ(run.status, 2) << run.output;
    EXPECT_NE(run.output.find(c.error), std::string::npos) << run.output;
  }
}

TEST_F(Foreign, OtherMembersOfATensorAreSkipped) {
  const std::string start = R"({"weight":{"dtype":"F32",)", end = R"("shape":[4,12],"data_offsets":[0,192]}})";
  for (const std::string other :
       {R"("note":"a}",)", R"("more":{"a":[1,-2.5e3,null,[],{}],"b":true},)", R"("n":0,"m":{},)"}) {
    folder_.write("net", model::file_of(start + other + end, std::string(192, '\0')));
    const CommandResult run = train_here("--evaluate --load " + folder_.file("net"));
    EXPECT_EQ(run.status, 0) << run.output;
  }
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  folder_.write("net", model::file_of(start + "\"deep\":" + deep + "," + end, std::string(192, '\0')));
  EXPECT_EQ(train_here("--evaluate --load " + folder_.file("net")).status, 2);
}

TEST_F(Foreign, OutputsThatAreNoNumbersAreNoAnswers) {
  const CommandResult run = evaluate({tensor("weight", "4,12", std::vector<float>(48, 3e38f))}, "");
  EXPECT_EQ(run.status, 1);
  EXPECT_NE(run.output.find("test loss: not finite"), std::string::npos) << run.output;
  EXPECT_EQ(run.output.find("the network answers"), std::string::npos) << run.output;
}

TEST_F(Foreign, MessagesShowTheNamesThatWereFound) {
  const std::vector<float> many(200, 0.5f);
  const auto some = [&](std::size_t count) {
    return std::vector<float>(many.begin(), many.begin() + static_cast<long>(count));
  };
  const StateTensor first = tensor("fc1.weight", "5,12", some(60)), second = tensor("fc2.weight", "4,5", some(20));
  const struct {
    std::vector<StateTensor> tensors;
    const char* options;
    const char* error;
  } cases[] = {
      {{tensor("", "5,12", some(60))}, "", "\"\" [5,12]: not a tensor of Linear"},
      {{}, "", "no layers found; expected tensors such as fc1.weight [outputs,inputs] and fc1.bias; found no tensors"},
      {{second, first},
       "",
       "layers 12,5,4 without their activation; add --activation relu, or the one that it was "
       "trained with; found fc1.weight [5,12], fc2.weight [4,5]"},
      {{second, first}, "--activation relu --layers 12,6,4", "layers 12,5,4, not those of --layers 12,6,4; found fc1."},
      {{first, tensor("fc2.weight", "4,6", some(24))}, "--activation relu", "layers in an unknown order"},
      {{first, tensor("conv.weight", "1,1,3,3", some(9))},
       "",
       "conv.weight [1,1,3,3]: expected [outputs,inputs] of Linear"},
      {{first, second, tensor("norm.weight", "5", some(5))},
       "",
       "norm.weight [5]: expected [outputs,inputs] of Linear, or running_mean"},
      {{first, second, tensor("lstm.weight_ih", "5,5", some(25))}, "", "lstm.weight_ih [5,5]: not a tensor of Linear"},
      {{first, second, tensor("fc1.bias", "4", some(4))}, "", "fc1.bias [4]: expected [5] for fc1"},
      {{tensor("0.weight", "5,12", some(60)), tensor("3.weight", "4,5", some(20)),
        tensor("2.running_mean", "5", some(5)), tensor("2.running_var", "5", some(5))},
       "--activation relu",
       "2: batch normalization must follow its layer directly, before the activation"},
      {{first, second, tensor("bn9.running_mean", "4", some(4)), tensor("bn9.running_var", "4", some(4))},
       "--activation relu",
       "bn9: no layer found for this batch normalization; name it with the number of its layer"},
      {{first, {"fc2.weight", "I8", "4,5", std::string(20, '\1')}},
       "--activation relu",
       "tensor fc2.weight [4,5]: found I8, expected F32, F64, F16 or BF16"},
      {{first, tensor("fc2.weight", "4,5", std::vector<float>(20, HUGE_VALF))},
       "--activation relu",
       "tensor fc2.weight [4,5]: element 0: expected a finite number"},
      {{first, tensor("fc2.weight", "4,5", some(19))},
       "--activation relu",
       "tensor fc2.weight [4,5] of F32: found offsets 240 to 316 in 316 bytes"},
      {{tensor("fc1.weight", "9000000,0", {})}, "", "fc1.weight [9000000,0]: size out of range"},
  };
  for (const auto& c : cases) {
    const CommandResult found = evaluate(c.tensors, c.options);
    EXPECT_EQ(found.status, 2) << c.error;
    EXPECT_NE(found.output.find("train: --load: " + folder_.file("net") + ": "), std::string::npos) << found.output;
    EXPECT_NE(found.output.find(c.error), std::string::npos) << found.output << c.error;
  }
  trained("--hidden 5");
  const CommandResult own_file = train_here("--evaluate --activation relu --load " + own());
  EXPECT_EQ(own_file.status, 2);
  EXPECT_NE(own_file.output.find("--activation and --load contradict each other"), std::string::npos);
  folder_.write("net", state_dict({first, second}));
  const CommandResult told = train_program::predict(folder_.file("net") + " " + folder_.file("t10k-images-idx3-ubyte"));
  EXPECT_EQ(told.status, 2);
  EXPECT_NE(told.output.find("network of another program, without metadata; make a model of it with: train --load"),
            std::string::npos)
      << told.output;
}

}  // namespace
