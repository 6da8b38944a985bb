// SPDX-License-Identifier: MIT
// tools/train --report and --plot.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/markup.hpp"
#include "support/train_program.hpp"

namespace {

using namespace train_program;

class TrainPictures : public SmallSet {
 protected:
  /// Trains with --report and returns the page, which must be well-formed.
  std::string report(const std::string& options, int status = 0) {
    const CommandResult result = train_here(options + " --report " + folder_.file("run.html"));
    EXPECT_EQ(result.status, status) << result.output;
    const std::string page = contents(folder_.file("run.html"));
    elements_.clear();
    EXPECT_EQ(markup::parse(page, elements_), "") << options;
    EXPECT_GE(markup::count(elements_, "svg"), 2u) << options;
    EXPECT_FALSE(std::filesystem::exists(folder_.file("run.html.mote-part")));
    return page;
  }

  std::vector<markup::Element> elements_;
};

TEST_F(TrainPictures, ReportShowsWhatWasPrinted) {
  const CommandResult result = train_here("--epochs 2 --report " + folder_.file("run.html"));
  const std::string page = contents(folder_.file("run.html"));
  const std::string fingerprint = line_with(result.output, "parameters fingerprint ").substr(23);
  EXPECT_EQ(fingerprint.size(), 8u);
  EXPECT_NE(page.find("<b>" + fingerprint + "</b>"), std::string::npos);
  const std::string loss = line_with(result.output, "test loss ").substr(10);
  EXPECT_NE(page.find("<b>" + loss + "</b>"), std::string::npos);
  EXPECT_NE(page.find("12-256-4, relu, softmax with cross-entropy loss"), std::string::npos);
  EXPECT_NE(page.find("train --data " + folder_.path() + " --epochs 2 --report "), std::string::npos);
}

TEST_F(TrainPictures, PicturesChangeNoBit) {
  for (const std::string options : {"--epochs 3", "--epochs 3 --batch-norm --dropout 0.5 --optimizer nesterov",
                                    "--epochs 3 --early-stopping loss --ensemble 2"}) {
    const std::string plain = line_with(train_here(options).output, "parameters fingerprint ");
    const CommandResult result = train_here(options + " --plot --report " + folder_.file("run.html"));
    EXPECT_EQ(line_with(result.output, "parameters fingerprint "), plain) << options;
  }
}

TEST_F(TrainPictures, DeepNetworksShowWhichLayersLearnSlowly) {
  const std::string page = report("--epochs 2 --hidden 8,8,8,8 --activation sigmoid --init scaled-gaussian");
  EXPECT_NE(page.find("Speed of learning by layer"), std::string::npos);
  EXPECT_NE(page.find("layer 1, epoch 0: "), std::string::npos);
  EXPECT_NE(page.find("layer 5, epoch 2: "), std::string::npos);
  EXPECT_NE(page.find("At the end: layer 1 vanishing, "), std::string::npos);
}

TEST_F(TrainPictures, EveryKindOfRunHasAReport) {
  for (const char* options :
       {"--epochs 1", "--epochs 2 --validation 0", "--epochs 3 --hidden none", "--epochs 3 --autoencoder",
        "--epochs 40 --early-stopping loss --stop-patience 2", "--epochs 3 --ensemble 3",
        "--epochs 3 --ensemble 2 --batch-norm --threads 2", "--epochs 2 --batch-norm --hidden 5,5",
        "--epochs 2 --loss mae", "--epochs 2 --hidden 1", "--epochs 60 --batch 4 --learning-rate 0.1"}) {
    report(options);
  }
  folder_.write("train-targets-idx2-float", idx_floats({48, 2}, std::vector<float>(96, 0.25f)));
  folder_.write("t10k-targets-idx2-float", idx_floats({12, 2}, std::vector<float>(24, 0.25f)));
  EXPECT_NE(report("--epochs 2 --regression").find("wanted 0.25, 0.25"), std::string::npos);
}

TEST_F(TrainPictures, ADivergedRunShowsHowItWent) {
  const std::string page = report(
      "--hidden none --loss quadratic --output-activation identity --batch full --warmup 1000 "
      "--learning-rate 3000 --epochs 1000",
      1);
  EXPECT_NE(page.find("<p class=\"alert\">training diverged: the loss is not finite"), std::string::npos);
}

TEST_F(TrainPictures, AnInterruptedRunIsDrawn) {
  const CommandResult result =
      run_command("timeout --preserve-status -s INT 0.5 " + program() + "--data " + folder_.path() +
                  " --quiet --plot --epochs 1000000000 --report " + folder_.file("run.html"));
  EXPECT_EQ(result.status, 130) << result.output;
  EXPECT_NE(result.output.find("\nLoss\n"), std::string::npos);
  EXPECT_NE(contents(folder_.file("run.html")).find("interrupted after "), std::string::npos);
}

TEST_F(TrainPictures, EscapesTheNamesOfFolders) {
  const std::string odd = folder_.file("<i>&'odd\"");
  std::filesystem::create_directory(odd);
  for (const char* name :
       {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
    std::filesystem::copy_file(folder_.file(name), odd + "/" + name);
  }
  const CommandResult result =
      run_command("cd " + folder_.path() + " && " + std::filesystem::absolute(program()).string() +
                  "--epochs 1 --data \"<i>&'odd\\\"\" --report run.html");
  ASSERT_EQ(result.status, 0) << result.output;
  const std::string page = contents(folder_.file("run.html"));
  EXPECT_EQ(markup::parse(page, elements_), "");
  EXPECT_NE(page.find("<td>&lt;i&gt;&amp;&#39;odd&quot;</td>"), std::string::npos);
  EXPECT_NE(page.find("--data &#39;&lt;i&gt;&amp;&#39;\\&#39;&#39;odd&quot;&#39;"), std::string::npos)
      << "as a shell reads it";
}

TEST_F(TrainPictures, PlotsAfterTheResult) {
  const CommandResult result = train_here("--epochs 3 --quiet --plot");
  ASSERT_EQ(result.status, 0);
  EXPECT_LT(result.output.find("parameters fingerprint "), result.output.find("\nLoss\n"));
  EXPECT_NE(result.output.find("\nAccuracy\n"), std::string::npos);
  EXPECT_NE(result.output.find("\nlayer 2, softmax  ▕"), std::string::npos);
  EXPECT_EQ(result.output.find('\033'), std::string::npos) << "colors in a pipe";
  const CommandResult numbers = train_here("--epochs 3 --quiet --plot --autoencoder");
  EXPECT_EQ(numbers.output.find("Accuracy"), std::string::npos);
}

TEST_F(TrainPictures, RefusesAPathBeforeTraining) {
  folder_.write("notes.html", "mine\n");
  const struct {
    std::string options;
    int status;
    const char* message;
  } cases[] = {
      {"--report " + folder_.file("notes.html"), 2,
       "notes.html: exists and is not a report of this program; name another"},
      {"--report " + folder_.path(), 2, "is a directory; name a file in it"},
      {"--report " + folder_.file("none/run.html"), 1, "none/run.html: cannot be written: no folder "},
      {"--log " + folder_.file("a") + " --report " + folder_.file("a"), 2, "--log and --report name the same file"},
      {"--report", 2, "--report: value FILE.html missing"},
  };
  for (const auto& c : cases) {
    const CommandResult result = train_here("--quiet --epochs 1 " + c.options);
    EXPECT_EQ(result.status, c.status) << c.options;
    EXPECT_NE(result.output.find(c.message), std::string::npos) << result.output;
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
  }
  EXPECT_EQ(contents(folder_.file("notes.html")), "mine\n");
}

}  // namespace
