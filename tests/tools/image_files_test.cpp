// SPDX-License-Identifier: MIT
// Damaged and unexpected files: one line that names the file and the problem.
#include "data/image_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <limits>
#include <vector>

#include "common/error.hpp"
#include "mote/memory.hpp"
#include "support/temporary_folder.hpp"

namespace {

mote::Storage<4096> memory;

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
  EXPECT_EQ(refusal_of_images("\x1f\x8b\x08"), "train-images-idx3-ubyte: gzip data; run gunzip on it first");
  EXPECT_EQ(refusal_of_images("PK" + good.substr(2)),
            "train-images-idx3-ubyte: not an IDX file: its first two bytes are not zero: found 0x504b");
  std::string bytes = good;
  bytes[2] = 0x0d;
  EXPECT_EQ(refusal_of_images(bytes),
            "train-images-idx3-ubyte: unsupported element type: found 0x0d, expected 0x08 (unsigned byte)");
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
  EXPECT_EQ(refusal(), "t10k-images-idx3-ubyte: found images of 4 x 3, expected 3 x 4 as in " + folder_.path() +
                           "/train-images-idx3-ubyte");
}

TEST_F(ImageFiles, RefuseWhatIsMissingCompressedOrAFolder) {
  std::filesystem::remove(folder_.file("train-images-idx3-ubyte"));
  EXPECT_EQ(refusal(), "train-images-idx3-ubyte: no such file (nor train-images.idx3-ubyte)");
  folder_.write("train-images-idx3-ubyte.gz", "\x1f\x8b");
  EXPECT_EQ(refusal(), "train-images-idx3-ubyte.gz: still compressed; run gunzip on it first");
  std::filesystem::create_directory(folder_.file("train-images-idx3-ubyte"));
  EXPECT_EQ(refusal(), "train-images-idx3-ubyte: is a directory, expected an IDX file");
  std::filesystem::remove(folder_.file("train-images-idx3-ubyte"));
  ASSERT_EQ(mkfifo(folder_.file("train-images-idx3-ubyte").c_str(), 0600), 0);
  EXPECT_EQ(refusal(), "train-images-idx3-ubyte: is not a regular file, expected an IDX file");
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

TEST_F(TargetFiles, RefuseDamagedFiles) {
  const std::string good = idx_floats({48, 2}, std::vector<float>(96, 0.5f));
  EXPECT_EQ(refusal_of_targets(good), "accepted");
  EXPECT_EQ(refusal_of_targets(""), "train-targets-idx2-float: empty file");
  EXPECT_EQ(refusal_of_targets(idx_header({48, 2}) + std::string(96, '\0')),
            "train-targets-idx2-float: unsupported element type: found 0x08, expected 0x0d (32-bit float)");
  EXPECT_EQ(refusal_of_targets(idx_floats({48}, std::vector<float>(48))),
            "train-targets-idx2-float: wrong number of dimensions: found 1, expected 2");
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
