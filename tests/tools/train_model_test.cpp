// SPDX-License-Identifier: MIT
// Model files of tools/train and tools/predict.
#include <algorithm>
#include <filesystem>
#include <limits>
#include <vector>

#include "support/model_support.hpp"
#include "support/train_program.hpp"

namespace {

namespace fs = std::filesystem;
using train_program::line_with;
using train_program::predict;
using train_program::SmallSet;

class ModelTools : public SmallSet {
 protected:
  std::string model() const { return folder_.file("model.safetensors"); }
  /// The result of a saving run, and of an evaluation of the saved model.
  void expect_same_result(const std::string& options) {
    const CommandResult saved = train_here("--quiet --epochs 2 --save " + model() + " " + options);
    ASSERT_EQ(saved.status, 0) << saved.output;
    const CommandResult loaded =
        train_here("--quiet --evaluate --load " + model() + (options.find("--auto") == 0 ? " --autoencoder" : ""));
    EXPECT_EQ(loaded.status, 0);
    EXPECT_EQ(loaded.output, saved.output) << options;
  }
};

TEST_F(ModelTools, EvaluateWhatWasSaved) {
  for (const char* options :
       {"", "--batch-norm --hidden 9,5", "--autoencoder --hidden 3", "--hidden none --loss quadratic",
        "--loss huber --huber-delta 0.3 --activation gelu", "--label-smoothing 0.1 --early-stopping loss"}) {
    expect_same_result(options);
  }
  EXPECT_FALSE(fs::exists(model() + ".mote-part"));
}

TEST_F(ModelTools, GoOnFromWhatWasSaved) {
  ASSERT_EQ(train_here("--hidden 7 --epochs 3 --save " + model()).status, 0);
  const std::string before = contents(model());
  const CommandResult more = train_here("--load " + model() + " --epochs 1 --save " + model());
  EXPECT_EQ(more.status, 0) << more.output;
  EXPECT_NE(more.output.find("network   12-7-4, relu"), std::string::npos) << more.output;
  EXPECT_NE(more.output.find("start     parameters of " + model()), std::string::npos) << more.output;
  EXPECT_NE(contents(model()), before);
}

TEST_F(ModelTools, PrintClassesAndProbabilities) {
  ASSERT_EQ(train_here("--epochs 20 --save " + model() + " --class-names 'ash,oak \"red\",elm,fir'").status, 0);
  const CommandResult all = predict(model() + " " + folder_.file("t10k-images-idx3-ubyte"));
  ASSERT_EQ(all.status, 0) << all.output;
  std::istringstream lines(all.output);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "file,image,class,ash,\"oak \"\"red\"\"\",elm,fir");
  const char* names[] = {"ash", "\"oak \"\"red\"\"\"", "elm", "fir"};
  for (std::size_t i = 0; i < 12; ++i) {
    ASSERT_TRUE(std::getline(lines, line));
    const std::string start = folder_.file("t10k-images-idx3-ubyte") + "," + std::to_string(i) + "," + names[i % 4];
    EXPECT_EQ(line.rfind(start + ",", 0), 0u) << line;
    double sum = 0.0;
    std::istringstream numbers(line.substr(start.size() + 1));
    for (std::string number; std::getline(numbers, number, ',');) sum += std::stod(number);
    EXPECT_NEAR(sum, 1.0, 1e-6);
  }
  EXPECT_FALSE(std::getline(lines, line));
  // Names stay with a model that is trained on.
  ASSERT_EQ(train_here("--epochs 1 --load " + model() + " --save " + model()).status, 0);
  EXPECT_EQ(predict(model() + " " + folder_.file("t10k-images-idx3-ubyte")).output.rfind("file,image,class,ash,", 0),
            0u);
}

TEST_F(ModelTools, NameNoClassForNumbersAndInputs) {
  folder_.write("train-targets-idx2-float", idx_floats({48, 2}, std::vector<float>(96, 0.5f)));
  folder_.write("t10k-targets-idx2-float", idx_floats({12, 2}, std::vector<float>(24, 0.5f)));
  const std::string images = " " + folder_.file("t10k-images-idx3-ubyte");
  const auto start = [&](const std::string& options) {
    const CommandResult trained = train_here(options + " --hidden 4 --epochs 1 --save " + model());
    EXPECT_EQ(trained.status, 0) << trained.output;
    const std::string output = predict(model() + images).output;
    const std::size_t row = output.find('\n') + 1;
    const std::string header = output.substr(0, row);
    const auto columns = static_cast<std::size_t>(std::count(header.begin(), header.end(), ','));
    const std::string first = output.substr(row, output.find('\n', row) - row);
    EXPECT_EQ(static_cast<std::size_t>(std::count(first.begin(), first.end(), ',')), columns) << output;
    return output.substr(0, std::min<std::size_t>(18, row - 1));
  };
  EXPECT_EQ(start("--regression"), "file,image,0,1");
  EXPECT_EQ(start("--regression --loss sigmoid-cross-entropy"), "file,image,0,1");
  EXPECT_EQ(start("--autoencoder --loss sigmoid-cross-entropy"), "file,image,0,1,2,3");
  EXPECT_EQ(start("--autoencoder"), "file,image,0,1,2,3");
  EXPECT_EQ(start("--loss quadratic"), "file,image,class,0");
  EXPECT_EQ(start("--loss sigmoid-cross-entropy"), "file,image,class,0");
}

TEST_F(ModelTools, SayThatImagesAreDarkOnLight) {
  ASSERT_EQ(train_here("--epochs 1 --save " + model()).status, 0);
  const std::string idx = contents(folder_.file("t10k-images-idx3-ubyte"));
  std::string paper = idx;
  for (std::size_t i = 16; i < paper.size(); ++i)
    paper[i] = static_cast<char>(255 - static_cast<unsigned char>(idx[i]));
  folder_.write("paper", paper);
  const CommandResult dark = predict(model() + " " + folder_.file("paper"));
  EXPECT_EQ(dark.status, 0);
  EXPECT_NE(dark.output.find("predict: " + folder_.file("paper") + ": bright borders, "), std::string::npos)
      << dark.output;
  EXPECT_EQ(predict(model() + " " + folder_.file("t10k-images-idx3-ubyte")).output.find("bright"), std::string::npos);
}

TEST_F(ModelTools, ReadCompressedImagesOfAnyType) {
  ASSERT_EQ(train_here("--epochs 1 --save " + model()).status, 0);
  const std::string file = folder_.file("t10k-images-idx3-ubyte");
  const std::string plain = predict(model() + " " + file).output;
  ASSERT_EQ(run_command("gzip -c " + file + " > " + folder_.file("packed.gz")).status, 0);
  const auto without_name = [](std::string text, const std::string& name) {
    for (std::size_t at; (at = text.find(name)) != std::string::npos;) text.erase(at, name.size());
    return text;
  };
  const std::string packed = predict(model() + " " + folder_.file("packed.gz")).output;
  EXPECT_EQ(without_name(packed, folder_.file("packed.gz")), without_name(plain, file));
  std::vector<float> floats;
  for (const char byte : contents(file).substr(16)) floats.push_back(static_cast<unsigned char>(byte));
  folder_.write("floats", idx_floats({12, 1, 3, 4}, floats));
  const std::string of_floats = predict(model() + " " + folder_.file("floats")).output;
  EXPECT_EQ(without_name(of_floats, folder_.file("floats")), without_name(plain, file));
}

TEST_F(ModelTools, NameThePlaceOfAnInputThatIsNoNumber) {
  ASSERT_EQ(train_here("--epochs 1 --save " + model()).status, 0);
  std::vector<float> floats(36, 0.5f);
  floats[25] = std::numeric_limits<float>::quiet_NaN();
  folder_.write("floats", idx_floats({3, 3, 4}, floats));
  const CommandResult result = predict(model() + " " + folder_.file("floats"));
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.output.find(folder_.file("floats") +
                               ": input is NaN or infinite: in sample 2, feature 1 (the first are 0)\n"),
            std::string::npos)
      << result.output;
}

TEST_F(ModelTools, ReadPgmAsTheyReadIdx) {
  ASSERT_EQ(train_here("--epochs 5 --save " + model()).status, 0);
  const std::string idx = contents(folder_.file("t10k-images-idx3-ubyte")), pixels = idx.substr(16 + 12, 12);
  folder_.write("one.pgm", "P5\n# a comment\n4 3\n255\n" + pixels);
  const std::string of_idx = predict(model() + " " + folder_.file("t10k-images-idx3-ubyte")).output;
  const std::string of_pgm = predict(model() + " " + folder_.file("one.pgm")).output;
  const std::string second = line_with(of_idx, folder_.file("t10k-images-idx3-ubyte") + ",1,");
  EXPECT_NE(of_pgm.find(second.substr(second.find(",1,") + 3)), std::string::npos) << of_pgm;
  const struct {
    std::string name, bytes;
    const char* error;
  } cases[] = {
      {"size.pgm", "P5 3 4 255\n" + pixels,
       "found an image of 3 x 4 pixels, expected 4 x 3; predict --fit fits a digit of any size"},
      {"short.pgm", "P5 4 3 255\n" + pixels.substr(1), "found 11 bytes of pixels, expected 12"},
      {"long.pgm", "P5 4 3 255\n" + pixels + "x", "found 13 bytes of pixels, expected 12"},
      {"deep.pgm", "P5 4 3 65535\n" + pixels, "found 12 bytes of pixels, expected 24"},
      {"digits.pgm", "P5 4 3333333333333 255\n" + pixels, "found 12 bytes, too few for 4 x 4294967295 pixels"},
      {"none.pgm", "P5 0 3 255\n" + pixels, "width: expected a number greater than 0"},
      {"text.pgm", "P2 4 3 255\n" + pixels, "found 12 bytes, too few for 4 x 3 pixels"},
      {"color.ppm", "P6 4 3 255\n" + pixels, "found 12 bytes of pixels, expected 36"},
      {"P.idx", "PK" + pixels, "expected a PGM or PPM image (P2, P3, P5 or P6)"},
      {"bright.pgm", "P5 4 3 7\n" + std::string(11, '\7') + '\x8', "found a pixel of 8, the largest possible is 7"},
      {"other", "GIX89a", "not an IDX file"},
      {"empty", "", "empty file"},
  };
  for (const auto& c : cases) {
    folder_.write(c.name, c.bytes);
    const CommandResult result = predict(model() + " " + folder_.file(c.name));
    EXPECT_EQ(result.status, 2) << c.name;
    EXPECT_EQ(result.output.rfind("predict: " + folder_.file(c.name) + ": ", 0), 0u) << result.output;
    EXPECT_NE(result.output.find(c.error), std::string::npos) << result.output;
  }
  folder_.write("dim.pgm", "P5 4 3 5\n" + std::string(12, '\5'));
  folder_.write("full.pgm", "P5 4 3 255\n" + std::string(12, '\xff'));
  const auto outputs = [&](const char* name) {
    const std::string text = predict(model() + " " + folder_.file(name)).output;
    return text.substr(text.find(".pgm,0,"));
  };
  EXPECT_EQ(outputs("dim.pgm"), outputs("full.pgm"));
}

// Digits of MNIST's test images as a scanner may see them: dark on light, of another size and anywhere on the paper.
TEST_F(ModelTools, FitDigitsOfAnySize) {
  ASSERT_EQ(train_program::train("--quiet --hidden 64 --train-limit 10000 --epochs 4 --save " + model()).status, 0);
  const std::string mnist = build::folder() + "/mnist/t10k-";
  const std::string images = contents(mnist + "images-idx3-ubyte"), labels = contents(mnist + "labels-idx1-ubyte");
  constexpr std::size_t kDigits = 40, kWidth = 190, kHeight = 130, kScale = 3;
  std::string files;
  for (std::size_t i = 0; i < kDigits; ++i) {
    std::string paper(kWidth * kHeight, '\xe0');
    for (std::size_t y = 0; y < 28 * kScale; ++y) {
      for (std::size_t x = 0; x < 28 * kScale; ++x) {
        const auto ink = static_cast<unsigned char>(images[16 + i * 784 + y / kScale * 28 + x / kScale]);
        paper[(y + 2 * (i % 20)) * kWidth + x + 5 * (i % 20)] = static_cast<char>(0xe0 - ink * 0xc0 / 255);
      }
    }
    const std::string name = std::to_string(i) + ".pgm";
    folder_.write(name, "P5 190 130 255\n" + paper);
    files += " " + folder_.file(name);
  }
  const CommandResult told = predict("--fit " + model() + files);
  ASSERT_EQ(told.status, 0) << told.output;
  std::size_t right = 0;
  for (std::size_t i = 0; i < kDigits; ++i) {
    right +=
        told.output.find("/" + std::to_string(i) + ".pgm,0," + std::to_string(labels[8 + i]) + ",") != std::string::npos
            ? 1
            : 0;
  }
  EXPECT_GE(right, 36u) << told.output;
  folder_.write("blank.pgm", "P2 2 2 9 5 5 5 5\n");
  EXPECT_NE(predict("--fit " + model() + " " + folder_.file("blank.pgm"))
                .output.find("blank.pgm: found no strokes: no pixel differs from the border by 16 of 255"),
            std::string::npos);
  ASSERT_EQ(train_here("--epochs 1 --save " + model()).status, 0);
  EXPECT_EQ(predict("--fit " + model() + " " + folder_.file("0.pgm")).status, 0) << "for images of any size";
  EXPECT_EQ(predict("--fit " + model() + " " + folder_.file("t10k-images-idx3-ubyte")).status, 2);
}

TEST_F(ModelTools, NameWhatIsWrongWithAFile) {
  ASSERT_EQ(train_here("--hidden 5 --epochs 1 --save " + model()).status, 0);
  const std::string file = contents(model());
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string header = model::header_of(file);
    header.replace(header.find(from), from.size(), to);
    header += std::string((8 - header.size() % 8) % 8, ' ');
    return model::file_of(header, model::data_of(file));
  };
  std::string damaged = file;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  const struct {
    std::string bytes;
    const char* error;
  } cases[] = {
      {changed("relu,", "step,"), "metadata missing, unknown or out of range, at byte "},
      {changed("relu,", "step,"), " in activations: \"step,softmax\""},
      {changed("layers.1.bias", "layers.2.bias"), "tensors do not fit the network, at byte "},
      {changed("layers.1.bias", "layers.2.bias"), ": \"layers.2.bias\", which the network does not have"},
      {changed("[5,12]", "[12,5]"), "tensors do not fit the network, at byte "},
      {changed("[5,12]", "[12,5]"),
       ": [12,5], expected \"F32\", [5,12] and offsets 240 bytes apart for layers.0.weight"},
      {changed("[4]", "[5]"), ": [5], expected \"F32\", [4] and offsets 16 bytes apart for layers.1.bias"},
      {changed("F32", "F16"), "tensors do not fit the network, at byte "},
      {changed("F32", "F16"), ": \"F16\", expected \"F32\", [5,12] and offsets 240 bytes apart for layers.0.weight"},
      {changed("[340,356]", "[340,355]"),
       ": [340,355], expected \"F32\", [4] and offsets 16 bytes apart for layers.1.bias"},
      {changed("\"loss\"", "\"LOSS\""),
       "metadata missing, unknown or out of range: loss is missing, expected for example \"loss\": \"cross-"},
      {changed("\"sizes\"", "\"SIZES\""), ": sizes is missing, expected for example \"sizes\": \"784,2"},
      {damaged, "damaged model: wrong checksum: found "},
      {file.substr(0, 100), "truncated model file: found 100 bytes, expected "},
      {changed(",\"layers.1.bias\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[340,356]}", ""),
       "tensors do not fit the network: layers.1.bias is missing"},
  };
  for (const auto& c : cases) {
    folder_.write("wrong", c.bytes);
    for (const CommandResult& result :
         {train_here("--evaluate --load " + folder_.file("wrong")),
          predict(folder_.file("wrong") + " " + folder_.file("t10k-images-idx3-ubyte"))}) {
      EXPECT_EQ(result.status, 2) << result.output;
      EXPECT_NE(result.output.find(folder_.file("wrong") + ": "), std::string::npos) << result.output;
      EXPECT_NE(result.output.find(c.error), std::string::npos) << result.output;
    }
  }
}

TEST_F(ModelTools, RefuseWhatDoesNotGoTogether) {
  const std::string checkpoint = folder_.file("checkpoint");
  ASSERT_EQ(train_here("--hidden 5 --epochs 1 --save " + model() + " --checkpoint " + checkpoint).status, 0);
  folder_.write("notes", "mine, not a model");
  folder_.write("source.c", "int f() {\n  return 42;\n}\n");
  fs::create_directory(folder_.file("other"));
  folder_.write("other/train-images-idx3-ubyte", idx_images(48, 3, 5, 4));
  folder_.write("other/train-labels-idx1-ubyte", idx_labels(48, 4));
  folder_.write("other/t10k-images-idx3-ubyte", idx_images(12, 3, 5, 4));
  folder_.write("other/t10k-labels-idx1-ubyte", idx_labels(12, 4));
  const std::string load = "--load " + model() + " ";
  const struct {
    std::string options, error;
  } cases[] = {
      {load + "--hidden 5", "--hidden and --load contradict each other"},
      {load + "--loss quadratic", "--loss and --load contradict each other"},
      {load + "--ensemble 2", "--load and --ensemble contradict each other"},
      {"--save x --ensemble 2", "--save and --ensemble contradict each other"},
      {load + "--evaluate --epochs 3", "--epochs and --evaluate contradict each other; --evaluate does not train"},
      {load + "--evaluate --l2 0.1", "--l2 and --evaluate contradict each other"},
      {load + "--evaluate --diagnose", "--diagnose and --evaluate contradict each other"},
      {load + "--evaluate --validation 9", "--validation and --evaluate contradict each other"},
      {"--evaluate", "--evaluate: needs --load"},
      {"--class-names a,b,c --save x", "--class-names: found 3 names, expected 4"},
      {"--class-names 'a,b,c,d\xff' --save x",
       "--class-names: metadata missing, unknown or out of range; expected UTF-8 without line breaks"},
      {"--class-names 'a,b,c,d\ne' --save x", "--class-names: "},
      {load + "--autoencoder", "--autoencoder: found the loss cross-entropy in "},
      {"--save " + folder_.file("notes"), "exists and is not a model of this program; name another file"},
      {"--save " + folder_.file("source.c"), "source.c: exists and is not a model of this program; name another file"},
      {"--load " + folder_.file("notes"),
       "notes: not a safetensors header: no JSON, or an unknown or repeated name, at byte 8: t a model"},
      {"--load " + checkpoint,
       "checkpoint: checkpoint of a training, expected a model; train --resume continues from it"},
      {"--load " + folder_.file("none"), "none: No such file or directory"},
      {"--load " + folder_.path(),
       "train: --load: " + folder_.path() + ": is a directory, expected a safetensors file"},
      {load + "--data " + folder_.file("other"), "the network has 12 inputs, the images have 15 pixels"},
  };
  for (const auto& c : cases) {
    const CommandResult result = train_here(c.options);
    EXPECT_EQ(result.status, 2) << c.options;
    EXPECT_NE(result.output.find(c.error), std::string::npos) << result.output;
  }
  EXPECT_EQ(contents(folder_.file("notes")), "mine, not a model");
}

TEST_F(ModelTools, LeaveTheOldFileWhenTheDiskIsFullOrTrainingFails) {
  ASSERT_EQ(train_here("--hidden 5 --epochs 1 --save " + model()).status, 0);
  const std::string before = contents(model());
  const CommandResult full = run_command("ulimit -f 1; " + train_program::program() + "--data " + folder_.path() +
                                         " --hidden 300 --epochs 1 --save " + model());
  EXPECT_EQ(full.status, 1) << full.output;
  EXPECT_NE(full.output.find("train: --save: " + model() + ": cannot be written: File too large"), std::string::npos)
      << full.output;
  EXPECT_EQ(train_here("--learning-rate 1e30 --loss quadratic --output-activation identity --save " + model()).status,
            1);
  EXPECT_EQ(train_here("--epochs 1 --save " + folder_.file("missing/model")).status, 1);
  EXPECT_EQ(contents(model()), before);
  EXPECT_FALSE(fs::exists(model() + ".mote-part"));
}

TEST_F(ModelTools, NormalizedNetworksGoOnInBatchesOfAnySize) {
  const std::string data = "--quiet --train-limit ";
  ASSERT_EQ(train_program::train(data + "700 --validation 100 --hidden 4 --batch-norm --save " + model()).status, 0);
  for (const char* options : {"700 --epochs 1 --batch 400", "700 --epochs 1 --batch full", "193 --evaluate"}) {
    const CommandResult result = train_program::train("--load " + model() + " " + data + options);
    EXPECT_EQ(result.status, 0) << options << ": " << result.output;
  }
}

TEST_F(ModelTools, KeepWhatWasLearntWhenOtherFilesCannotBeWritten) {
  const CommandResult full =
      run_command("ulimit -f 16; " + train_program::program() + "--data " + folder_.path() +
                  " --hidden 5 --epochs 2 --save " + model() + " --report " + folder_.file("report.html"));
  EXPECT_EQ(full.status, 1) << full.output;
  EXPECT_NE(full.output.find("report.html: cannot be written: File too large"), std::string::npos) << full.output;
  EXPECT_FALSE(fs::exists(folder_.file("report.html")));
  EXPECT_EQ(train_here("--evaluate --load " + model()).status, 0);
}

TEST_F(ModelTools, KeepWhatWasLearntWhenTheReaderIsSlow) {
  const CommandResult result =
      run_command("{ { timeout --preserve-status -s INT 1 " + train_program::program() + "--epochs 100000000 --data " +
                  folder_.path() + " --save " + model() + "; echo status $? >&2; } | { sleep 2; cat > /dev/null; }; }");
  EXPECT_EQ(result.output, "status 130\n");
  EXPECT_TRUE(fs::exists(model()));
}

TEST_F(ModelTools, TakeAnyNamesOfClasses) {
  const std::string names =
      "--class-names ',oak\x1b[2J,elm\x7f,\xc2\x9b"
      "fir'";
  ASSERT_EQ(train_here("--epochs 1 --save " + model() + " " + names).status, 0);
  const CommandResult again = train_here("--evaluate --load " + model());
  EXPECT_EQ(again.status, 0) << again.output;
  const CommandResult told = predict(model() + " " + folder_.file("t10k-images-idx3-ubyte"));
  EXPECT_EQ(told.status, 0) << told.output;
  EXPECT_NE(told.output.find("oak?[2J,elm?,?fir\n"), std::string::npos) << told.output.substr(0, 200);
}

TEST_F(ModelTools, ShowLongPathsWhole) {
  const std::string far =
      folder_.file(std::string(200, 'a') + "/" + std::string(200, 'b') + "/" + std::string(200, 'c'));
  fs::create_directories(far);
  ASSERT_EQ(train_here("--epochs 1 --save " + far + "/model").status, 0);
  const CommandResult again = train_here("--epochs 1 --load " + far + "/model");
  EXPECT_NE(again.output.find(far + "/model, seed 1\ntraining"), std::string::npos) << again.output;
}

TEST_F(ModelTools, SayWhereSumsAreTooLarge) {
  ASSERT_EQ(train_here("--hidden 5 --epochs 1 --save " + model()).status, 0);
  std::string header = model::unsealed(model::header_of(contents(model()))), data = model::data_of(contents(model()));
  header.replace(header.find("fingerprint"), 1, "X");
  for (std::size_t i = 0; i < 5 * 12; ++i) data.replace(4 * i, 4, "\x00\x00\x7f\x7f", 4);  // weights of 3.4e38
  folder_.write("huge", model::file_of(header, data));
  const CommandResult evaluated = train_here("--evaluate --load " + folder_.file("huge"));
  EXPECT_EQ(evaluated.status, 1) << evaluated.output;
  EXPECT_NE(evaluated.output.find("train: test loss: not finite; sums of a layer are too large"), std::string::npos)
      << evaluated.output;
  const CommandResult told = predict(folder_.file("huge") + " " + folder_.file("t10k-images-idx3-ubyte"));
  EXPECT_EQ(told.status, 1) << told.output;
  EXPECT_NE(told.output.find("huge: outputs of 12 lines are not finite: the sums of a layer are too large"),
            std::string::npos)
      << told.output;
  EXPECT_EQ(told.output.find("-nan"), std::string::npos) << "the sign of NaN depends on the processor: " << told.output;
}

TEST_F(ModelTools, ReadHeadersBeyondOneMebibyteAndSayWhichAreTooLong) {
  ASSERT_EQ(train_here("--hidden 5 --epochs 1 --save " + model()).status, 0);
  const std::string header = model::unsealed(model::header_of(contents(model()))),
                    data = model::data_of(contents(model()));
  folder_.write("long", model::file_of(header + std::string(3 << 20, ' '), data));
  EXPECT_EQ(train_here("--evaluate --load " + folder_.file("long")).status, 0);
  folder_.write("longer", model::file_of(header + std::string(64 << 20, ' '), data));
  const CommandResult refused = train_here("--evaluate --load " + folder_.file("longer"));
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.output.find("longer: header: found 671"), std::string::npos) << refused.output;
  EXPECT_NE(refused.output.find(" bytes with the memory to check it, expected at most 67108864\n"), std::string::npos);
}

// The script also checks the other direction, networks made in Python.
TEST(Interchange, GivesPythonTheSameOutputs) {
  if (run_command("/usr/bin/python3 -c 'import numpy'").status != 0) GTEST_SKIP() << "needs python3-numpy";
  const CommandResult result = run_command("/usr/bin/python3 tests/interchange/interchange.py " + build::tools() + " " +
                                           build::folder() + "/mnist");
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_NE(result.output.find("largest difference"), std::string::npos) << result.output;
}

TEST_F(ModelTools, SayWhenTheirReaderIsGone) {
  const std::string log = folder_.file("log.csv");
  const CommandResult result = run_command("{ { sleep 0.1; " + train_program::program() + "--epochs 100 --data " +
                                           folder_.path() + " --log " + log + "; echo status $? >&2; } | true; }");
  EXPECT_NE(result.output.find("train: standard output: cannot be written: Broken pipe\nstatus 1"), std::string::npos)
      << result.output;
  EXPECT_FALSE(fs::exists(log));
  EXPECT_FALSE(fs::exists(log + ".mote-part"));
}

}  // namespace
