// SPDX-License-Identifier: MIT
// tools/train on data of other types, and on data that are odd: one line says so.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <vector>

#include "support/train_program.hpp"

namespace {

using namespace train_program;

class TrainData : public SmallSet {
 protected:
  /// The elements of the images of this set, written as another type by put(value, file).
  template <typename Put>
  void rewrite_images(char type, Put put) {
    for (const char* half : {"train", "t10k"}) {
      const std::string path = half + std::string("-images-idx3-ubyte"), old = contents(folder_.file(path));
      std::string file = old.substr(0, 16);
      file[2] = type;
      for (std::size_t i = 16; i < old.size(); ++i) put(static_cast<unsigned char>(old[i]), file);
      folder_.write("other/" + path, file);
      std::filesystem::copy(folder_.file(half + std::string("-labels-idx1-ubyte")), folder_.file("other"),
                            std::filesystem::copy_options::overwrite_existing);
    }
  }
  std::string fingerprint_of(const std::string& folder) {
    const CommandResult result = train("--data " + folder + " --hidden 7 --epochs 3 --checkpoint " + folder_.file("c") +
                                       " --report " + folder_.file("r.html"));
    EXPECT_EQ(result.status, 0) << result.output;
    return line_with(result.output, "parameters fingerprint ");
  }
  /// Writes the training labels, and returns what training says to standard error.
  std::string warnings_of(const std::string& labels, const std::string& options) {
    folder_.write("train-labels-idx1-ubyte", idx_header({static_cast<std::uint32_t>(labels.size())}) + labels);
    const CommandResult result = train_here("--hidden 5 --epochs 1 --quiet " + options);
    EXPECT_EQ(result.status, 0) << result.output;
    std::istringstream lines(result.output);
    std::string warnings;
    for (std::string line; std::getline(lines, line);) {
      const std::string start = "train: warning: ";
      if (line.rfind(start, 0) == 0) warnings += line.substr(start.size()) + "\n";
    }
    return warnings;
  }
};

void put_float(float x, std::string& file) {
  file += idx_floats({1}, {x}).substr(8);
}

TEST_F(TrainData, OfFloatsLearnsAsThatOfBytes) {
  std::filesystem::create_directory(folder_.file("other"));
  rewrite_images(0x0d,
                 [](int byte, std::string& file) { put_float(static_cast<float>(byte) * (1.0f / 255.0f), file); });
  EXPECT_EQ(fingerprint_of(folder_.file("other")), fingerprint_of(folder_.path()));
}

TEST_F(TrainData, OfIntegersLearnsAsThatOfFloats) {
  std::filesystem::create_directory(folder_.file("other"));
  const auto expect_equal = [&](char type, float divisor, int bytes) {
    const auto value = [](int byte) { return 77 * byte - 9000; };
    rewrite_images(type, [&](int byte, std::string& file) {
      for (int i = bytes; i-- > 0;) file += static_cast<char>(value(byte) >> 8 * i);
    });
    const std::string of_integers = fingerprint_of(folder_.file("other"));
    rewrite_images(0x0d, [&](int byte, std::string& file) {
      const int number = bytes == 1 ? static_cast<signed char>(value(byte)) : value(byte);
      put_float(static_cast<float>(number) / divisor, file);
    });
    EXPECT_EQ(fingerprint_of(folder_.file("other")), of_integers) << bytes;
  };
  expect_equal(0x09, 128.0f, 1);
  expect_equal(0x0b, 32768.0f, 2);
}

TEST_F(TrainData, OfLargeFloatsIsWarnedOf) {
  std::filesystem::create_directory(folder_.file("other"));
  rewrite_images(0x0d, [](int byte, std::string& file) { put_float(static_cast<float>(byte), file); });
  const std::string options = " --hidden 7 --epochs 1 --quiet --data ",
                    warning = "the inputs have a root mean square of ";
  const std::string line = line_with(train(options + folder_.file("other")).output, warning);
  ASSERT_NE(line, "");
  const std::string file = contents(folder_.file("train-images-idx3-ubyte"));
  double squares = 0.0;
  for (std::size_t i = 16; i < file.size(); ++i) squares += std::pow(static_cast<unsigned char>(file[i]), 2);
  EXPECT_NEAR(std::stod(line.substr(warning.size())), std::sqrt(squares / static_cast<double>(file.size() - 16)), 0.1);
  EXPECT_EQ(line_with(train(options + folder_.path()).output, warning), "");
}

TEST_F(TrainData, SortedByClassIsSplitByClass) {
  std::string images = idx_header({48, 3, 4}), labels;
  const std::string old = contents(folder_.file("train-images-idx3-ubyte"));
  for (int c = 0; c < 4; ++c) {
    for (int i = c; i < 48; i += 4) {
      images += old.substr(16 + 12 * static_cast<std::size_t>(i), 12);
      labels += static_cast<char>(c);
    }
  }
  folder_.write("train-images-idx3-ubyte", images);
  EXPECT_EQ(warnings_of(labels, "--validation 12"),
            "--validation: the last 12 training images have 12 of the 12 of class 3; instead, images of every class "
            "are held out, shuffled by the seed\n");
  EXPECT_EQ(warnings_of(labels, "--validation 12 --seed 7 --train-limit 20").rfind("--validation: the last 12", 0), 0u);
  // Validation holds 3 of each class, and training, shuffled, 9 of each: the network learns all.
  const CommandResult result = train_here("--validation 12 --epochs 60 --batch 4 --early-stopping accuracy");
  EXPECT_NE(line_with(result.output, "early stopping: ").find("validation accuracy 1.0000"), std::string::npos)
      << result.output;
  EXPECT_NE(result.output.find("test accuracy 1.0000"), std::string::npos) << result.output;
  const std::string command = "--validation 12 --epochs 2 --hidden 5 ";
  const std::string whole = line_with(train_here(command).output, "parameters ");
  EXPECT_EQ(line_with(train_here(command + "--checkpoint " + folder_.file("c")).output, "parameters "), whole);
  const CommandResult resumed = train("--resume " + folder_.file("c"));
  EXPECT_EQ(line_with(resumed.output, "parameters "), whole) << "the split is the same again\n" << resumed.output;
}

TEST_F(TrainData, InAnyOrderKeepsItsSplit) {
  std::string labels;
  for (int i = 0; i < 48; ++i) labels += static_cast<char>(i % 4);
  EXPECT_EQ(warnings_of(labels, "--validation 12"), "");
  EXPECT_EQ(warnings_of(labels, "--validation 1"), "no validation images of classes 0, 1, 2\n");
  EXPECT_EQ(warnings_of(labels, "--validation 0"), "");
}

TEST_F(TrainData, WithoutSomeClassesIsWarnedOf) {
  const auto labels_of = [](const std::vector<int>& classes) {
    std::string labels;
    for (std::size_t i = 0; i < 48; ++i) labels += static_cast<char>(classes[i % classes.size()]);
    return labels;
  };
  EXPECT_EQ(warnings_of(labels_of({1, 2, 3, 4}), "--validation 4"),
            "no training images of class 0; labels that start at 1 leave it unused\n");
  EXPECT_EQ(warnings_of(labels_of({0, 1, 2, 3, 5, 8}), "--validation 12"), "no training images of classes 4, 6, 7\n");
  EXPECT_EQ(warnings_of(labels_of({3}), "--validation 12 --epochs 100 --batch 4"),
            "all training images are of class 3: there is nothing to tell apart\n"
            "the network answers class 3 to 12 of 12 test images; --diagnose shows dead or saturated units\n");
  EXPECT_EQ(warnings_of(labels_of({0, 1, 2, 3}), "--validation 0 --train-limit 1 --learning-rate 1e-9")
                .rfind("all training images are of class 0: there is nothing to tell apart\n", 0),
            0u);
}

TEST_F(TrainData, ThatAllGetOneAnswerIsWarnedOf) {
  const std::string warning = "train: warning: the network answers class ";
  std::string rare = idx_labels(48, 1);
  rare.back() = 1;
  folder_.write("train-labels-idx1-ubyte", rare);
  folder_.write("t10k-labels-idx1-ubyte", idx_labels(12, 2));
  const CommandResult constant = train_here("--hidden none --epochs 20 --validation 0 --quiet");
  EXPECT_EQ(line_with(constant.output, warning),
            warning + "0 to 12 of 12 test images; --diagnose shows dead or saturated units")
      << constant.output;
  write_image_set(folder_);
  EXPECT_EQ(train_here("--epochs 60 --batch 4").output.find(warning), std::string::npos);
}

TEST_F(TrainData, LossesThatAreSmallOrLargeKeepTheirDigits) {
  const auto write = [&](float unit) {
    for (const auto& [half, count] : {std::pair("train", 48u), std::pair("t10k", 12u)}) {
      std::vector<float> targets;
      for (std::uint32_t i = 0; i < count; ++i) targets.push_back(unit * static_cast<float>(i % 4));
      folder_.write(half + std::string("-targets-idx2-float"), idx_floats({count, 1}, targets));
    }
  };
  const std::string options = "--regression --hidden none --epochs 2 --optimizer adam --learning-rate ";
  write(1e-4f);
  const CommandResult small = train_here(options + "0.001 --init uniform --init-scale 1e-6");
  EXPECT_NE(line_with(small.output, "test loss ").find("e-"), std::string::npos) << small.output;
  write(1e18f);
  const CommandResult large = train_here(options + "0.001");
  EXPECT_EQ(large.status, 0) << large.output;
  EXPECT_NE(line_with(large.output, "test loss ").find("e+36"), std::string::npos) << large.output;
  write(1e20f);
  const CommandResult infinite = train_here(options + "0.001");
  EXPECT_EQ(infinite.status, 1) << infinite.output;
  EXPECT_NE(infinite.output.find("; the targets reach 3e+20: divide them, so that most are below 1\n"),
            std::string::npos)
      << infinite.output;
}

}  // namespace
