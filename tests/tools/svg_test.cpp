// SPDX-License-Identifier: MIT
#include "pictures/svg.hpp"

#include <gtest/gtest.h>

#include "support/markup.hpp"

namespace {

using tools::Svg;

TEST(Svg, EscapesMarkup) {
  EXPECT_EQ(tools::escape("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  EXPECT_EQ(tools::escape("größer – 数\n\t"), "größer – 数\n\t");
}

TEST(Svg, ReplacesWhatIsNoText) {
  EXPECT_EQ(tools::escape(std::string("a\0b\x1b\x7f", 5)), "a\ufffdb\ufffd\ufffd");
  EXPECT_EQ(tools::escape("\xff\xc3"), "\ufffd\ufffd");                           // never valid; cut off
  EXPECT_EQ(tools::escape("\xc0\xaf"), "\ufffd\ufffd");                           // too long for '/'
  EXPECT_EQ(tools::escape("\xed\xa0\x80"), "\ufffd\ufffd\ufffd");                 // half of a pair
  EXPECT_EQ(tools::escape("\xf4\x90\x80\x80"), "\ufffd\ufffd\ufffd\ufffd");       // past the last character
  EXPECT_EQ(tools::escape("\xf0\x9f\x98\x80\xe2\x82\xac"), "\xf0\x9f\x98\x80€");  // four and three bytes
}

TEST(Svg, WritesShortCoordinates) {
  EXPECT_EQ(Svg::coordinate(12.5), "12.5");
  EXPECT_EQ(Svg::coordinate(100), "100");
  EXPECT_EQ(Svg::coordinate(1.0 / 3.0), "0.33");
  EXPECT_EQ(Svg::coordinate(-0.001), "0");
}

TEST(Svg, WritesEachShape) {
  Svg svg(40, 30, "two <lines>");
  svg.line(0, 1, 2.5, 3, "grid");
  svg.rectangle(1, 2, 3, 4, "bar", "5 & 6", 0.5);
  svg.circle(1, 2, 3, "dot s0");
  svg.path("M0 0L1 1", "line s1");
  svg.text(1, 2, Svg::Anchor::end, "tick", "a<b");
  EXPECT_EQ(svg.element(),
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 30\" role=\"img\" "
            "aria-label=\"two &lt;lines&gt;\">\n"
            "<line x1=\"0\" y1=\"1\" x2=\"2.5\" y2=\"3\" class=\"grid\"/>\n"
            "<rect x=\"1\" y=\"2\" width=\"3\" height=\"4\" fill-opacity=\"0.5\" class=\"bar\">"
            "<title>5 &amp; 6</title></rect>\n"
            "<circle cx=\"1\" cy=\"2\" r=\"3\" class=\"dot s0\"/>\n"
            "<path d=\"M0 0L1 1\" class=\"line s1\"/>\n"
            "<text x=\"1\" y=\"2\" text-anchor=\"end\" class=\"tick\">a&lt;b</text>\n"
            "</svg>\n");
  std::vector<markup::Element> elements;
  EXPECT_EQ(markup::parse(svg.element(), elements), "");
}

TEST(Svg, TheTestsReaderFindsFaults) {
  std::vector<markup::Element> elements;
  for (const char* fault : {"<a>", "<a></b>", "</a>", "<a b=\"<\"/>", "<a>&nbsp;</a>", "<a", "<a>\x01</a>", "<!-- "}) {
    EXPECT_NE(markup::parse(fault, elements), "") << fault;
  }
}

}  // namespace
