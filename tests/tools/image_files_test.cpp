// SPDX-License-Identifier: MIT
// Damaged and unexpected files: one line that names the file and the problem.
#include "data/image_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <limits>
#include <vector>

#include "common/error.hpp"
#include "mote/memory.hpp"
#include "support/temporary_folder.hpp"

namespace {

mote::Storage<4096> memory;  // the largest set of these tests, in floats

class ImageFiles : public testing::Test {
 protected:
  ImageFiles() { write_image_set(folder_); }

  /// The message that rejects the set, without the path of the folder.
  std::string refusal() {
    try {
      tools::load_image_set(folder_.path(), memory, aim_, loss_);
    } catch (const tools::Error& error) {
      EXPECT_EQ(error.status, tools::kExitRefused);
      const std::string text = error.what();
      EXPECT_EQ(text.find('\n'), std::string::npos) << text;
      EXPECT_EQ(text.rfind(folder_.path() + "/", 0), 0u) << "does not start with the file: " << text;
      return text.substr(folder_.path().size() + 1);
    }
    return "accepted";
  }

  std::string refusal_of_images(const std::string& bytes) {
    folder_.write("train-images-idx3-ubyte", bytes);
    return refusal();
  }

  TemporaryFolder folder_;
  tools::Aim aim_ = tools::Aim::labels;
  mote::Loss loss_ = mote::Loss::quadratic;
};

TEST_F(ImageFiles, ReadAWholeSet) {
  const tools::ImageSet set = tools::load_image_set(folder_.path(), memory);
  EXPECT_EQ(set.train.count, 48u);
  EXPECT_EQ(set.test.count, 12u);
  EXPECT_EQ(set.rows, 3u);
  EXPECT_EQ(set.columns, 4u);
  EXPECT_EQ(set.train.features, 12u);
  EXPECT_EQ(set.train.classes, 4u);
  EXPECT_EQ(static_cast<const std::uint8_t*>(set.train.data)[0], 255);
  EXPECT_EQ(set.train.labels[47], 3);
}

TEST_F(ImageFiles, RefuseDamagedHeaders) {
  const std::string good = idx_images(48, 3, 4, 4);
  EXPECT_EQ(refusal_of_images(""), "train-images-idx3-ubyte: empty file");
  EXPECT_EQ(refusal_of_images("\x1f\x8b\x08"),
            "train-images-idx3-ubyte: gzip cannot decompress it: damaged or incomplete; download it again");
  EXPECT_EQ(refusal_of_images("PK" + good.substr(2)),
            "train-images-idx3-ubyte: not an IDX file: its first two bytes are not zero: found 0x504b");
  std::string bytes = good;
  bytes[2] = 0x0a;
  EXPECT_EQ(refusal_of_images(bytes),
            "train-images-idx3-ubyte: unsupported element type: found 0x0a, expected 0x08, 0x09 or 0x0b to 0x0e");
  bytes[2] = 0x0d;
  EXPECT_EQ(refusal_of_images(bytes), "train-images-idx3-ubyte: truncated data: found 592 bytes, expected 2320");
  EXPECT_EQ(refusal_of_images(idx_labels(48, 4)),
            "train-images-idx3-ubyte: wrong number of dimensions: found 1, expected 3");
  EXPECT_EQ(refusal_of_images(good.substr(0, 10)),
            "train-images-idx3-ubyte: truncated header: found 10 bytes, expected 16");
  EXPECT_EQ(refusal_of_images(idx_header({0, 3, 4})), "train-images-idx3-ubyte: a dimension is zero: dimension 0");
  EXPECT_EQ(refusal_of_images(idx_header({0xffffffff, 0xffffffff, 0xffffffff})),
            "train-images-idx3-ubyte: product of the dimensions too large");
}

TEST_F(ImageFiles, RefuseWrongLengths) {
  const std::string good = idx_images(48, 3, 4, 4);
  EXPECT_EQ(refusal_of_images(good.substr(0, good.size() - 1)),
            "train-images-idx3-ubyte: truncated data: found 591 bytes, expected 592");
  EXPECT_EQ(refusal_of_images(good + "x"),
            "train-images-idx3-ubyte: bytes after the end of the data: found 593 bytes, expected 592");
}

TEST_F(ImageFiles, RefuseLabelsThatDoNotMatch) {
  folder_.write("train-labels-idx1-ubyte", idx_labels(47, 4));
  EXPECT_EQ(
      refusal(),
      "train-labels-idx1-ubyte: number of labels or targets differs from number of images: found 47, expected 48");
  write_image_set(folder_);
  folder_.write("t10k-labels-idx1-ubyte", idx_labels(12, 5));
  EXPECT_EQ(refusal(), "t10k-labels-idx1-ubyte: label out of range: found 4, the largest possible is 3");
}

TEST_F(ImageFiles, RefuseTestImagesOfAnotherSize) {
  folder_.write("t10k-images-idx3-ubyte", idx_images(12, 4, 3, 4));
  EXPECT_EQ(refusal(), "t10k-images-idx3-ubyte: found images of 3 x 4, expected 4 x 3 as in " + folder_.path() +
                           "/train-images-idx3-ubyte");
}

TEST_F(ImageFiles, RefuseWhatIsMissingOrNoFile) {
  std::filesystem::remove(folder_.file("train-images-idx3-ubyte"));
  EXPECT_EQ(refusal(), "train-images-idx3-ubyte: no such file (nor train-images.idx3-ubyte)");
  for (const char* name : {"train-images.idx3-ubyte.gz", "train-images.idx3-ubyte"}) {
    std::filesystem::create_directory(folder_.file(name));
    EXPECT_EQ(refusal(), name + std::string(": is a directory, expected an IDX file, or one of its name inside: "
                                            "train-images-idx3-ubyte"));
  }
  ASSERT_EQ(mkfifo(folder_.file("train-images-idx3-ubyte").c_str(), 0600), 0);
  EXPECT_EQ(refusal(), "train-images-idx3-ubyte: is not a regular file, expected an IDX file");
}

/// The bytes of a set as training sees them.
std::string contents(const tools::ImageSet& set) {
  std::string all;
  for (const mote::Dataset* half : {&set.train, &set.test}) {
    all.append(static_cast<const char*>(half->data), half->count * half->features * size_of(half->type));
    all.append(reinterpret_cast<const char*>(half->labels), half->count);
  }
  return all;
}

TEST_F(ImageFiles, AreReadCompressedByGzip) {
  const std::string expected = contents(tools::load_image_set(folder_.path(), memory));
  const std::string zip = "gzip -n '" + folder_.path() + "/";
  for (const char* name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"}) {
    ASSERT_EQ(std::system((zip + name + "'").c_str()), 0);
  }
  std::filesystem::rename(folder_.file("train-labels-idx1-ubyte.gz"), folder_.file("train-labels-idx1-ubyte"));
  std::filesystem::rename(folder_.file("t10k-images-idx3-ubyte.gz"), folder_.file("t10k-images.idx3-ubyte.gz"));
  EXPECT_EQ(contents(tools::load_image_set(folder_.path(), memory)), expected);
  // A file before it is decompressed wins over a compressed one.
  folder_.write("t10k-images-idx3-ubyte", idx_images(12, 3, 4, 3));
  EXPECT_NE(contents(tools::load_image_set(folder_.path(), memory)), expected);
}

TEST_F(ImageFiles, RefuseCompressedFilesThatAreDamagedOrTooLarge) {
  std::filesystem::remove(folder_.file("train-images-idx3-ubyte"));
  folder_.write("large", idx_images(500, 3, 4, 4));
  const std::string zip = "gzip -nc '" + folder_.file("large") + "' > '" + folder_.file("train-images-idx3-ubyte.gz");
  ASSERT_EQ(std::system((zip + "'").c_str()), 0);
  EXPECT_EQ(refusal(),
            "train-images-idx3-ubyte.gz: data set too large for the 4096 bytes of static memory built in; "
            "rebuild with: make DATA_MB=2");
  folder_.write("large", idx_images(48, 3, 4, 4));
  ASSERT_EQ(std::system((zip + "'").c_str()), 0);
  const auto size = std::filesystem::file_size(folder_.file("train-images-idx3-ubyte.gz"));
  std::filesystem::resize_file(folder_.file("train-images-idx3-ubyte.gz"), size - 5);
  EXPECT_EQ(refusal(),
            "train-images-idx3-ubyte.gz: gzip cannot decompress it: damaged or incomplete; download it again");
}

TEST_F(ImageFiles, SayThatGzipIsMissing) {
  std::filesystem::remove(folder_.file("train-images-idx3-ubyte"));
  folder_.write("train-images-idx3-ubyte.gz", "\x1f\x8b\x08");
  const std::string path = getenv("PATH");
  setenv("PATH", folder_.path().c_str(), 1);
  EXPECT_EQ(refusal(),
            "train-images-idx3-ubyte.gz: compressed, and gzip cannot be run to read it: No such file or directory; "
            "install gzip, or decompress the file");
  setenv("PATH", path.c_str(), 1);
}

/// Archives unpack each file into a folder of its name.
TEST_F(ImageFiles, AreFoundInsideDirectoriesOfTheirNames) {
  const std::string expected = contents(tools::load_image_set(folder_.path(), memory));
  const std::string name = "train-images-idx3-ubyte";
  std::filesystem::rename(folder_.file(name), folder_.file("moved"));
  std::filesystem::create_directory(folder_.file(name));
  std::filesystem::rename(folder_.file("moved"), folder_.file(name + "/" + name));
  EXPECT_EQ(contents(tools::load_image_set(folder_.path(), memory)), expected);
  // A file of the other spelling wins over the directory.
  folder_.write("train-images.idx3-ubyte", idx_images(48, 3, 4, 3));
  EXPECT_NE(contents(tools::load_image_set(folder_.path(), memory)), expected);
}

/// Elements of `bytes` each, most significant byte first.
std::string numbers(const std::vector<std::uint32_t>& dimensions, char type, std::size_t bytes,
                    const std::vector<std::int64_t>& values) {
  std::string file = idx_header(dimensions, type);
  for (const std::int64_t value : values) {
    for (std::size_t i = bytes; i-- > 0;) file += static_cast<char>(value >> 8 * i);
  }
  return file;
}

TEST_F(ImageFiles, MayHaveElementsOfOtherTypes) {
  std::vector<std::int64_t> train, test;
  for (std::int64_t i = 0; i < 48 * 12; ++i) train.push_back(i * 100 - 30000);
  for (std::int64_t i = 0; i < 12 * 12; ++i) test.push_back(-i);
  std::filesystem::remove(folder_.file("train-images-idx3-ubyte"));
  std::filesystem::remove(folder_.file("t10k-images-idx3-ubyte"));
  folder_.write("train-images-idx2-short", numbers({48, 12}, 0x0b, 2, train));
  folder_.write("t10k-images.idx4-short", numbers({12, 1, 1, 12}, 0x0b, 2, test));
  tools::ImageSet set = tools::load_image_set(folder_.path(), memory);
  EXPECT_EQ(set.train.type, mote::ElementType::int16);
  EXPECT_EQ(set.train.scale, 1.0f / 32768.0f);
  EXPECT_EQ(set.rows, 1u);
  EXPECT_EQ(set.columns, 12u);
  EXPECT_EQ(element_at(set.train, 47, 11), 27500.0f);
  EXPECT_EQ(element_at(set.test, 11, 11), -143.0f);
  folder_.write("train-images-idx2-short", numbers({48, 12}, 0x0c, 4, train));
  EXPECT_EQ(refusal(),
            "t10k-images.idx4-short: found 16-bit integers after training images of 32-bit integers, "
            "expected one type for both");
  folder_.write("t10k-images.idx4-short", numbers({12, 1, 1, 12}, 0x0c, 4, test));
  set = tools::load_image_set(folder_.path(), memory);
  EXPECT_EQ(set.train.type, mote::ElementType::float32);
  EXPECT_EQ(input_at(set.train, 0, 1), -29900.0f);
  test[13] = 33554433;  // 2^25 + 1
  folder_.write("t10k-images.idx4-short", numbers({12, 1, 1, 12}, 0x0c, 4, test));
  EXPECT_EQ(refusal(),
            "t10k-images.idx4-short: element 1 of sample 1 (the first is 0): found 33554433, which a 32-bit "
            "float cannot hold");
  std::vector<float> floats(144, 0.5f);
  floats[25] = std::numeric_limits<float>::quiet_NaN();
  folder_.write("t10k-images.idx4-short", idx_floats({12, 12}, floats));
  EXPECT_EQ(refusal(),
            "t10k-images.idx4-short: element 1 of sample 2 (the first is 0): found NaN or infinity, expected "
            "a finite number");
}

TEST_F(ImageFiles, KeepTheShapeOfImagesInFourDimensions) {
  const auto shape = [&](const std::vector<std::uint32_t>& sizes) {
    for (const char* half : {"train", "t10k"}) {
      const std::uint32_t count = half[0] == 't' && half[1] == 'r' ? 48 : 12;
      std::vector<std::uint32_t> dimensions = {count};
      dimensions.insert(dimensions.end(), sizes.begin(), sizes.end());
      folder_.write(half + std::string("-images-idx3-ubyte"), idx_header(dimensions) + std::string(count * 36, 'x'));
    }
    const tools::ImageSet set = tools::load_image_set(folder_.path(), memory);
    EXPECT_EQ(set.train.features, 36u);
    return std::to_string(set.rows) + " x " + std::to_string(set.columns);
  };
  EXPECT_EQ(shape({4, 9}), "4 x 9");
  EXPECT_EQ(shape({1, 36}), "1 x 36");
  EXPECT_EQ(shape({36}), "1 x 36");
  EXPECT_EQ(shape({4, 9, 1}), "4 x 9");
  EXPECT_EQ(shape({1, 4, 9}), "4 x 9");
  EXPECT_EQ(shape({2, 6, 3}), "2 x 18") << "colors last";
  EXPECT_EQ(shape({3, 2, 6}), "6 x 6") << "colors first";
  EXPECT_EQ(shape({3, 2, 3, 2}), "1 x 36") << "not an image";
}

TEST_F(ImageFiles, MayHaveLabelsOfOtherTypes) {
  const auto labels = [&](const std::string& bytes) {
    folder_.write("train-labels-idx1-ubyte", bytes);
    const tools::ImageSet set = tools::load_image_set(folder_.path(), memory);
    return std::vector<int>(set.train.labels, set.train.labels + set.train.count);
  };
  std::vector<std::int64_t> values;
  std::vector<float> floats, one_hot;
  for (int i = 0; i < 48; ++i) {
    values.push_back(i % 4);
    floats.push_back(static_cast<float>(i % 4));
    for (int c = 0; c < 4; ++c) one_hot.push_back(c == i % 4 ? 1.0f : 0.0f);
  }
  const std::vector<int> expected(values.begin(), values.end());
  EXPECT_EQ(labels(numbers({48}, 0x09, 1, values)), expected);
  EXPECT_EQ(labels(numbers({48, 1}, 0x0b, 2, values)), expected);
  EXPECT_EQ(labels(numbers({48}, 0x0c, 4, values)), expected);
  EXPECT_EQ(labels(idx_floats({48}, floats)), expected);
  EXPECT_EQ(labels(idx_floats({48, 4}, one_hot)), expected);
  values[5] = -1;
  folder_.write("train-labels-idx1-ubyte", numbers({48}, 0x0c, 4, values));
  EXPECT_EQ(refusal(),
            "train-labels-idx1-ubyte: label of sample 5 (the first is 0): found -1, expected a whole number "
            "from 0 to 255");
  floats[7] = 1.5f;
  folder_.write("train-labels-idx1-ubyte", idx_floats({48}, floats));
  EXPECT_EQ(refusal(),
            "train-labels-idx1-ubyte: label of sample 7 (the first is 0): found 1.5, expected a whole number "
            "from 0 to 255");
  one_hot[9] = 1.0f;
  folder_.write("train-labels-idx1-ubyte", idx_floats({48, 4}, one_hot));
  EXPECT_EQ(refusal(),
            "train-labels-idx1-ubyte: found 4 columns of 32-bit floats, and in sample 2 (the first is 0) not a 1 among "
            "zeros; "
            "expected one column of labels, or one-hot rows");
}

TEST_F(ImageFiles, RefuseWhatDoesNotFitTheStaticMemory) {
  EXPECT_EQ(refusal_of_images(idx_images(500, 3, 4, 4)),
            "train-images-idx3-ubyte: data set too large for the 4096 bytes of static memory built in; rebuild with: "
            "make DATA_MB=2");
}

/// The set with two targets an image instead of labels.
class TargetFiles : public ImageFiles {
 protected:
  TargetFiles() {
    for (const char* name : {"train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"}) {
      std::filesystem::remove(folder_.file(name));
    }
    folder_.write("train-targets-idx2-float", idx_floats({48, 2}, std::vector<float>(96, 0.5f)));
    folder_.write("t10k-targets-idx2-float", idx_floats({12, 2}, std::vector<float>(24, 0.25f)));
  }
  std::string refusal_of_targets(const std::string& bytes, mote::Loss loss = mote::Loss::quadratic) {
    folder_.write("train-targets-idx2-float", bytes);
    aim_ = tools::Aim::numbers;
    loss_ = loss;
    return refusal();
  }
};

TEST_F(TargetFiles, AreReadBesideTheImages) {
  const tools::ImageSet set = tools::load_image_set(folder_.path(), memory, tools::Aim::numbers);
  EXPECT_EQ(set.train.labels, nullptr);
  EXPECT_EQ(set.train.outputs(), 2u);
  EXPECT_EQ(set.train.targets.rows, 48u);
  EXPECT_EQ(set.train.targets.row(47)[1], 0.5f);
  EXPECT_EQ(set.test.targets.row(11)[0], 0.25f);
  EXPECT_EQ(static_cast<const std::uint8_t*>(set.train.data)[0], 255) << "left alone by the conversion";
}

TEST_F(TargetFiles, ReadTheDottedSpellingAndOddNumbersOfPixels) {
  std::filesystem::rename(folder_.file("train-targets-idx2-float"), folder_.file("train-targets.idx2-float"));
  folder_.write("train-images-idx3-ubyte", idx_images(48, 1, 3, 1));
  folder_.write("t10k-images-idx3-ubyte", idx_images(12, 1, 3, 1));
  folder_.write("train-targets.idx2-float", idx_floats({48, 1}, std::vector<float>(48, 1.5f)));
  folder_.write("t10k-targets-idx2-float", idx_floats({12, 1}, std::vector<float>(12, 2.5f)));
  const tools::ImageSet set = tools::load_image_set(folder_.path(), memory, tools::Aim::numbers);
  EXPECT_EQ(set.train.targets.row(47)[0], 1.5f);
  EXPECT_EQ(set.test.targets.row(11)[0], 2.5f);
}

TEST_F(TargetFiles, AnAutoencoderNeedsImagesOnly) {
  std::filesystem::remove(folder_.file("train-targets-idx2-float"));
  const tools::ImageSet set = tools::load_image_set(folder_.path(), memory, tools::Aim::inputs);
  EXPECT_EQ(set.train.outputs(), 12u);
  EXPECT_TRUE(set.train.inputs_are_targets && set.test.inputs_are_targets);
}

TEST_F(TargetFiles, MayHaveElementsOfOtherTypesAndOneDimension) {
  const auto last_target = [&](const std::string& bytes) {
    folder_.write("train-targets-idx2-float", bytes);
    std::filesystem::remove(folder_.file("t10k-targets-idx2-float"));
    std::filesystem::copy(folder_.file("train-targets-idx2-float"), folder_.file("t10k-targets-idx2-float"));
    folder_.write("t10k-images-idx3-ubyte", idx_images(48, 3, 4, 4));
    const tools::ImageSet set = tools::load_image_set(folder_.path(), memory, tools::Aim::numbers);
    EXPECT_EQ(set.train.targets.rows, 48u);
    return set.train.targets.row(47)[set.train.targets.columns - 1];
  };
  EXPECT_EQ(last_target(idx_header({48, 2}) + std::string(96, 'A')), 65.0f) << "bytes grow to floats elsewhere";
  EXPECT_EQ(last_target(numbers({48}, 0x0b, 2, std::vector<std::int64_t>(48, -300))), -300.0f);
  EXPECT_EQ(last_target(numbers({48}, 0x0e, 8, std::vector<std::int64_t>(48, 0x3fb999999999999a))), 0.1f);
}

TEST_F(TargetFiles, OfAnAutoencoderMustFitTheLossToo) {
  aim_ = tools::Aim::inputs;
  loss_ = mote::Loss::sigmoid_cross_entropy;
  EXPECT_EQ(refusal(), "accepted");
  std::vector<std::int64_t> values(48 * 12, 5);
  values[30] = -1;
  folder_.write("train-images-idx3-ubyte", numbers({48, 3, 4}, 0x09, 1, values));
  EXPECT_EQ(refusal(),
            "train-images-idx3-ubyte: found inputs out of range, expected numbers from 0 to 1, the targets of "
            "this loss");
}

TEST_F(TargetFiles, RefuseDamagedFiles) {
  const std::string good = idx_floats({48, 2}, std::vector<float>(96, 0.5f));
  EXPECT_EQ(refusal_of_targets(good), "accepted");
  EXPECT_EQ(refusal_of_targets(""), "train-targets-idx2-float: empty file");
  EXPECT_EQ(refusal_of_targets(good.substr(0, good.size() - 1)),
            "train-targets-idx2-float: truncated data: found 395 bytes, expected 396");
  EXPECT_EQ(refusal_of_targets(good + "xyz"),
            "train-targets-idx2-float: bytes after the end of the data: found 399 bytes, expected 396");
  EXPECT_EQ(refusal_of_targets(idx_header({0xffffffff, 0xffffffff}, 0x0d)),
            "train-targets-idx2-float: product of the dimensions too large");
  std::filesystem::remove(folder_.file("train-targets-idx2-float"));
  EXPECT_EQ(refusal(), "train-targets-idx2-float: no such file (nor train-targets.idx2-float)");
}

TEST_F(TargetFiles, RefuseWrongShapes) {
  EXPECT_EQ(refusal_of_targets(idx_floats({47, 2}, std::vector<float>(94))),
            "train-targets-idx2-float: number of labels or targets differs from number of images: found 47, expected "
            "48");
  EXPECT_EQ(refusal_of_targets(idx_floats({48, 3}, std::vector<float>(144))),
            "t10k-targets-idx2-float: second dimension: found 2 targets per sample, expected 3 as in the training set");
}

TEST_F(TargetFiles, RefuseNumbersThatTheLossCannotTake) {
  std::vector<float> values(96, 0.25f);
  values[7] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(refusal_of_targets(idx_floats({48, 2}, values)),
            "train-targets-idx2-float: targets of sample 3 (the first is 0): found 0.250000, inf, expected finite "
            "numbers for this loss");
  values[7] = 1.5f;
  const std::string bytes = idx_floats({48, 2}, values);
  EXPECT_EQ(refusal_of_targets(bytes), "accepted");
  EXPECT_EQ(refusal_of_targets(bytes, mote::Loss::sigmoid_cross_entropy),
            "train-targets-idx2-float: targets of sample 3 (the first is 0): found 0.250000, 1.500000, expected "
            "numbers from 0 to 1 for this loss");
  EXPECT_EQ(refusal_of_targets(bytes, mote::Loss::cross_entropy),
            "train-targets-idx2-float: targets of sample 0 (the first is 0): found 0.250000, 0.250000, expected "
            "numbers from 0 to 1 that add up to 1 for this loss");
}

}  // namespace
