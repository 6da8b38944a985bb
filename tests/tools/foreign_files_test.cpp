// SPDX-License-Identifier: MIT
// Files of other programs where a model or images are expected, and words that help.
#include <gtest/gtest.h>

#include "support/train_program.hpp"

namespace {

using train_program::line_with;
using train_program::predict;
using train_program::SmallSet;

class ForeignFiles : public SmallSet {
 protected:
  std::string model() const { return folder_.file("model.safetensors"); }
};

const struct {
  const char *start, *format;
  bool is_image;
} kForeign[] = {{"PK\x03\x04", "a zip archive, such as torch.save() writes", false},
                {"\x80\x02}q", "a Python pickle", false},
                {"\x80\x05\x95", "a Python pickle", false},
                {"\x89HDF\r\n\x1a\n", "an HDF5 file, such as Keras writes", false},
                {"\x93NUMPY", "a NumPy array", false},
                {"\x89PNG\r\n\x1a\n", "a PNG image", true},
                {"\xff\xd8\xff\xe0", "a JPEG image", true},
                {"GIF89a", "a GIF image", true},
                {"BM1234", "a BMP image", true}};

TEST_F(ForeignFiles, AreNamedWhereAModelIsExpected) {
  for (const auto& foreign : kForeign) {
    folder_.write("foreign", foreign.start + std::string(100, 'a'));
    const std::string expected =
        folder_.file("foreign") + ": found " + foreign.format +
        ", expected a safetensors file; in Python, safetensors.torch.save_file() writes one, as mote/model_file.hpp "
        "describes it\n";
    EXPECT_EQ(predict(folder_.file("foreign") + " " + folder_.file("t10k-images-idx3-ubyte")).output,
              "predict: " + expected);
    EXPECT_EQ(train_here("--evaluate --load " + folder_.file("foreign")).output, "train: --load: " + expected);
  }
  folder_.write("foreign", "\x1f\x8b\x08" + std::string(100, 'a'));
  EXPECT_EQ(train_here("--evaluate --load " + folder_.file("foreign")).output,
            "train: --load: " + folder_.file("foreign") +
                ": found gzip data, expected a safetensors file; run gunzip on it\n");
}

TEST_F(ForeignFiles, AreNamedWhereImagesAreExpected) {
  ASSERT_EQ(train_here("--epochs 1 --save " + model()).status, 0);
  for (const auto& foreign : kForeign) {
    folder_.write("foreign", foreign.start + std::string(100, 'a'));
    const std::string path = folder_.file("foreign"), remedy = "; `convert " + path + " -colorspace gray image.pgm`";
    const CommandResult result = predict(model() + " " + path);
    EXPECT_EQ(result.status, 2);
    EXPECT_NE(result.output.find(path + ": found " + foreign.format + ", expected an IDX or PGM file"),
              std::string::npos)
        << result.output;
    EXPECT_EQ(result.output.find(remedy) != std::string::npos, foreign.is_image) << result.output;
    const CommandResult fitted = predict("--fit " + model() + " " + path);
    EXPECT_EQ(fitted.status, 2);
    EXPECT_NE(fitted.output.find(path + ": found " + foreign.format + ", expected a PGM or PPM image"),
              std::string::npos)
        << fitted.output;
  }
}

TEST_F(ForeignFiles, ThatAreAlmostPgmAreRejected) {
  ASSERT_EQ(train_here("--epochs 1 --save " + model()).status, 0);
  folder_.write("close.pgm", "P54 3\n255\n" + std::string(12, 'a'));
  EXPECT_NE(predict(model() + " " + folder_.file("close.pgm")).output.find("close.pgm: expected white space after P5"),
            std::string::npos);
  folder_.write("comment.pgm", "P5#made by hand\n4 3\n255\n" + std::string(12, 'a'));
  EXPECT_EQ(predict(model() + " " + folder_.file("comment.pgm")).status, 0);
}

TEST_F(ForeignFiles, HelpComesBesideWrongOptions) {
  for (const CommandResult& help : {train_program::train("--bogus --help"), train_program::train("--hidden x --help"),
                                    predict("--bogus --help"), predict("model --missing --help")}) {
    EXPECT_EQ(help.status, 0) << help.output;
    EXPECT_EQ(help.output.rfind("Usage: ", 0), 0u) << help.output;
  }
}

TEST_F(ForeignFiles, PredictEndsQuietlyWhenItsReaderDoes) {
  ASSERT_EQ(train_here("--epochs 1 --quiet --save " + model()).status, 0);
  std::string many = idx_header({40000, 3, 4});
  many.append(40000 * 12, 'a');
  folder_.write("many", many);
  const CommandResult result =
      run_command("{ " + build::tools() + "/predict " + model() + " " + folder_.file("many") + " | head -n 1; } 2>&1");
  EXPECT_EQ(result.output, "file,image,class,0,1,2,3\n");
}

TEST(Help, EndsQuietlyWhenItsReaderDoes) {
  for (const std::string program : {"train", "predict"}) {
    const CommandResult result =
        run_command("{ { sleep 0.2; " + build::tools() + "/" + program + " --help; } | true; } 2>&1");
    EXPECT_EQ(result.output, "");
  }
}

class ClassNames : public SmallSet {};

TEST_F(ClassNames, ReachTheTerminalAndTheReportWithoutASavedModel) {
  const std::string report = folder_.file("report.html");
  const CommandResult run =
      train_here("--epochs 1 --learning-rate 1e-6 --class-names ash,oak,elm,fir --report " + report);
  ASSERT_EQ(run.status, 0) << run.output;
  const std::string confused = line_with(run.output, "most confused: ");
  EXPECT_NE(confused.find("ash"), std::string::npos) << run.output;
  EXPECT_EQ(confused.find_first_of("0"), std::string::npos) << confused;
  for (const char* name : {"\nash ", "\noak ", "\nelm ", "\nfir "}) {
    EXPECT_NE(run.output.find(name), std::string::npos) << run.output;
  }
  const std::string page = contents(report);
  EXPECT_NE(page.find("elm as "), std::string::npos);
}

TEST_F(ClassNames, ThatAreEqualAreWarnedOf) {
  const CommandResult run =
      train_here("--epochs 1 --class-names 'ash,oak\x1b,ash,oak\x1b' --save " + folder_.file("model"));
  ASSERT_EQ(run.status, 0) << run.output;
  const std::string warnings =
      "train: warning: 2 classes are called 'ash'\ntrain: warning: 2 classes are called 'oak?'\n";
  EXPECT_NE(run.output.find(warnings), std::string::npos) << run.output;
  EXPECT_NE(train_here("--evaluate --load " + folder_.file("model")).output.find(warnings), std::string::npos);
  EXPECT_EQ(train_here("--epochs 1 --class-names ash,oak,elm,fir").output.find("are called"), std::string::npos);
}

}  // namespace
