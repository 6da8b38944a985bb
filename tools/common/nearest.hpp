// SPDX-License-Identifier: MIT
// Names as people type them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tools {

/// Whether two names are equal but for case, hyphens and underscores: "LeakyReLU" and "leaky-relu".
bool same_name(std::string_view a, std::string_view b);

/// "; did you mean quadratic?": mote's name for `text` of another program, or the name with the most similar
/// spelling. Empty if no name is similar.
std::string did_you_mean(std::string_view text, const std::vector<std::string_view>& names);

}  // namespace tools
