// SPDX-License-Identifier: MIT
#include "data/pnm.hpp"

#include <algorithm>
#include <cmath>

namespace tools {
namespace {

bool is_space(unsigned char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Skips white space and comments from `at` on.
void skip_space(mote::Bytes file, std::size_t& at) {
  for (bool is_comment = false; at < file.size() && (is_comment || is_space(file[at]) || file[at] == '#'); ++at) {
    is_comment = file[at] == '#' || (is_comment && file[at] != '\n' && file[at] != '\r');
  }
}

/// Skips white space and comments from `at` on and takes a number; kMost stands for larger ones.
bool take_number(mote::Bytes file, std::size_t& at, std::uint32_t& number) {
  skip_space(file, at);
  const std::size_t start = at;
  constexpr std::uint64_t kMost = ~std::uint32_t{0};
  std::uint64_t value = 0;
  for (; at < file.size() && file[at] >= '0' && file[at] <= '9'; ++at) {
    value = std::min(10 * value + (file[at] - std::uint64_t{'0'}), kMost);
  }
  number = static_cast<std::uint32_t>(value);
  return at > start;
}

struct Header {
  bool is_text = false;
  std::uint32_t channels = 1, width = 0, height = 0, largest = 0;

  std::uint64_t values() const { return std::uint64_t{width} * height * channels; }
};

std::string read_header(mote::Bytes file, std::size_t& at, Header& header) {
  const char format = file.size() > 2 && file[0] == 'P' ? static_cast<char>(file[1]) : '\0';
  if (format != '2' && format != '3' && format != '5' && format != '6') {
    return "expected a PGM or PPM image (P2, P3, P5 or P6); make one with: convert FILE digit.pgm";
  }
  header.is_text = format < '4';
  header.channels = format == '3' || format == '6' ? 3 : 1;
  at = 2;
  if (!is_space(file[at]) && file[at] != '#') return "expected white space after P" + std::string(1, format);
  if (!take_number(file, at, header.width) || header.width == 0) return "width: expected a number greater than 0";
  if (!take_number(file, at, header.height) || header.height == 0) return "height: expected a number greater than 0";
  if (!take_number(file, at, header.largest)) return "largest value: expected a number from 1 to 65535";
  if (header.largest == 0 || header.largest > 65535) {
    return "largest value: found " + std::to_string(header.largest) + ", expected 1 to 65535";
  }
  if (at == file.size() || !is_space(file[at])) return "truncated header";
  ++at;
  return "";
}

/// Calls f(value) for each value of the pixels.
template <typename F>
std::string for_each_value(mote::Bytes file, std::size_t at, const Header& header, F f) {
  const std::size_t bytes = header.largest > 255 ? 2 : 1;
  const std::uint64_t found = file.size() - at, expected = header.values() * bytes;
  if (header.width > 0xffffff || header.height > 0xffffff || (header.is_text && found / 2 + 1 < header.values())) {
    return "found " + std::to_string(found) + " bytes, too few for " + std::to_string(header.width) + " x " +
           std::to_string(header.height) + " pixels";
  }
  if (!header.is_text && found != expected) {
    return "found " + std::to_string(found) + " bytes of pixels, expected " + std::to_string(expected);
  }
  for (std::uint64_t i = 0; i < header.values(); ++i) {
    std::uint32_t value = 0;
    if (header.is_text) {
      if (!take_number(file, at, value))
        return "pixels: found " + std::to_string(i) + " numbers, expected " + std::to_string(header.values());
    } else {
      value = bytes == 1 ? std::uint32_t{file[at]} : std::uint32_t{file[at]} << 8 | file[at + 1];
      at += bytes;
    }
    if (value > header.largest) {
      return "found a pixel of " + std::to_string(value) + ", the largest possible is " +
             std::to_string(header.largest);
    }
    f((value * 255u + header.largest / 2) / header.largest);
  }
  if (header.is_text) skip_space(file, at);
  return !header.is_text || at == file.size() ? "" : "found text after the last pixel";
}

/// Brightness of strokes: 0 for paper, up to 1 for the strongest stroke.
std::vector<float> find_ink(const GrayImage& image) {
  std::vector<unsigned char> border;
  for_each_border_pixel(image.height, image.width,
                        [&](std::size_t y, std::size_t x) { border.push_back(image.pixels[y * image.width + x]); });
  std::nth_element(border.begin(), border.begin() + static_cast<std::ptrdiff_t>(border.size() / 2), border.end());
  const float paper = border[border.size() / 2];
  const auto [darkest, brightest] = std::minmax_element(image.pixels.begin(), image.pixels.end());
  const float dark = paper - static_cast<float>(*darkest), bright = static_cast<float>(*brightest) - paper;
  const float sign = dark > bright ? -1.0f : 1.0f, largest = std::max(dark, bright);
  std::vector<float> ink(image.pixels.size());
  if (largest < static_cast<float>(kLeastContrast)) return ink;
  std::transform(image.pixels.begin(), image.pixels.end(), ink.begin(), [&](unsigned char pixel) {
    return std::max(0.0f, sign * (static_cast<float>(pixel) - paper) / largest);
  });
  return ink;
}

/// A box of pixels [left, right) x [top, bottom).
struct Box {
  std::uint32_t left, right, top, bottom;
};

/// The box around strokes; empty if there are none.
Box box_of(const std::vector<float>& ink, const GrayImage& image) {
  constexpr float kStroke = 0.25f;  // weaker marks are stains or shadows
  Box box = {image.width, 0, image.height, 0};
  for (std::uint32_t y = 0; y < image.height; ++y) {
    for (std::uint32_t x = 0; x < image.width; ++x) {
      if (ink[std::size_t{y} * image.width + x] < kStroke) continue;
      box = {std::min(box.left, x), std::max(box.right, x + 1), std::min(box.top, y), std::max(box.bottom, y + 1)};
    }
  }
  return box;
}

/// Calls f(pixel, weight) for the pixels that the interval [begin, end) covers, inside [0, size).
template <typename F>
void for_each_covered(double begin, double end, std::uint32_t size, F f) {
  for (auto i = static_cast<std::uint32_t>(begin); i < size && static_cast<double>(i) < end; ++i) {
    f(i, std::min(end, i + 1.0) - std::max(begin, static_cast<double>(i)));
  }
}

}  // namespace

std::string read_pnm(mote::Bytes file, GrayImage& image) {
  Header header;
  std::size_t at = 0;
  if (std::string wrong = read_header(file, at, header); !wrong.empty()) return wrong;
  image = {header.width, header.height, {}};
  constexpr std::uint32_t kLuminance[] = {299, 587, 114};  // ITU-R BT.601, in thousandths
  std::uint32_t channel = 0, sum = 0;
  return for_each_value(file, at, header, [&](std::uint32_t value) {
    if (header.channels == 1) return image.pixels.push_back(static_cast<unsigned char>(value));
    sum += kLuminance[channel++] * value;
    if (channel == header.channels)
      image.pixels.push_back(static_cast<unsigned char>((sum + 500) / 1000)), channel = sum = 0;
  });
}

GrayImage fit_digit(const GrayImage& image, std::uint32_t width, std::uint32_t height) {
  const std::vector<float> ink = find_ink(image);
  const Box box = box_of(ink, image);
  if (box.right <= box.left) return {};
  const double box_width = box.right - box.left, box_height = box.bottom - box.top;
  const double scale = std::min(std::round(width * 5 / 7.0) / box_width, std::round(height * 5 / 7.0) / box_height);
  const auto size = [&](double pixels) { return std::max(1.0, std::round(scale * pixels)); };
  const auto fitted_width = static_cast<std::uint32_t>(size(box_width));
  const auto fitted_height = static_cast<std::uint32_t>(size(box_height));
  // Mean of the ink under each new pixel.
  std::vector<double> fitted(std::size_t{fitted_width} * fitted_height);
  const double across = box_width / fitted_width, down = box_height / fitted_height;
  double mass = 0.0, mass_x = 0.0, mass_y = 0.0;
  for (std::uint32_t y = 0; y < fitted_height; ++y) {
    for (std::uint32_t x = 0; x < fitted_width; ++x) {
      double& sum = fitted[std::size_t{y} * fitted_width + x];
      for_each_covered(box.top + y * down, box.top + (y + 1) * down, image.height, [&](std::uint32_t row, double tall) {
        for_each_covered(box.left + x * across, box.left + (x + 1) * across, image.width,
                         [&](std::uint32_t column, double wide) {
                           sum += tall * wide * static_cast<double>(ink[std::size_t{row} * image.width + column]);
                         });
      });
      sum /= across * down;
      mass += sum, mass_x += (x + 0.5) * sum, mass_y += (y + 0.5) * sum;
    }
  }
  const auto shift = [](double middle, double center, std::uint32_t room, std::uint32_t used) {
    return static_cast<std::uint32_t>(std::clamp(std::round(middle - center), 0.0, static_cast<double>(room - used)));
  };
  const std::uint32_t left = shift(width / 2.0, mass_x / mass, width, fitted_width);
  const std::uint32_t top = shift(height / 2.0, mass_y / mass, height, fitted_height);
  GrayImage digit{width, height, std::vector<unsigned char>(std::size_t{width} * height)};
  const double strongest = *std::max_element(fitted.begin(), fitted.end());
  for (std::uint32_t y = 0; y < fitted_height; ++y) {
    for (std::uint32_t x = 0; x < fitted_width; ++x) {
      const double share = fitted[std::size_t{y} * fitted_width + x] / strongest;
      digit.pixels[std::size_t{top + y} * width + left + x] = static_cast<unsigned char>(std::lround(255.0 * share));
    }
  }
  return digit;
}

}  // namespace tools
