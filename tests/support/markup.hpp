// SPDX-License-Identifier: MIT
// A strict reader of pages and drawings as XML.
#pragma once

#include <cctype>
#include <string>
#include <vector>

namespace markup {

struct Element {
  std::string name;
  std::string attributes;  // as written
  std::string text;        // direct text, entities as written
};

/// Parses `text` as XML, in the subset that pages use. Returns the problem, or "" and the elements in the order in
/// which they begin.
inline std::string parse(const std::string& text, std::vector<Element>& elements) {
  std::vector<std::size_t> open;
  const auto problem = [&](const std::string& what, std::size_t at) {
    return what + " at " + std::to_string(at) + ": " + text.substr(at, 60);
  };
  for (std::size_t at = 0; at < text.size();) {
    if (text.compare(at, 2, "<!") == 0) {
      const bool comment = text.compare(at, 4, "<!--") == 0;
      const std::size_t end = text.find(comment ? "-->" : ">", at);
      if (end == std::string::npos) return problem("unclosed declaration", at);
      at = end + (comment ? 3 : 1);
    } else if (text.compare(at, 2, "</") == 0) {
      const std::size_t end = text.find('>', at);
      if (end == std::string::npos || open.empty()) return problem("end without beginning", at);
      if (text.substr(at + 2, end - at - 2) != elements[open.back()].name) return problem("wrong end", at);
      open.pop_back();
      at = end + 1;
    } else if (text[at] == '<') {
      std::size_t end = at + 1;
      for (bool quoted = false; end < text.size() && (quoted || text[end] != '>'); ++end) {
        if (text[end] == '"') quoted = !quoted;
        if (text[end] == '<') return problem("< in a tag", at);
      }
      if (end >= text.size()) return problem("unclosed tag", at);
      const bool empty = text[end - 1] == '/';
      const std::string inside = text.substr(at + 1, end - at - 1 - (empty ? 1 : 0));
      const std::size_t space = inside.find(' ');
      elements.push_back({inside.substr(0, space), space == std::string::npos ? "" : inside.substr(space), ""});
      for (const char c : elements.back().name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) return problem("not a name", at);
      }
      if (!empty) open.push_back(elements.size() - 1);
      at = end + 1;
    } else {
      if (text[at] == '&') {
        const std::string entity = text.substr(at, text.find(';', at) - at + 1);
        if (entity != "&amp;" && entity != "&lt;" && entity != "&gt;" && entity != "&quot;" && entity != "&#39;") {
          return problem("unknown entity", at);
        }
      }
      if (static_cast<unsigned char>(text[at]) < 0x20 && text[at] != '\n' && text[at] != '\t') {
        return problem("control character", at);
      }
      if (!open.empty()) elements[open.back()].text += text[at];
      ++at;
    }
  }
  return open.empty() ? "" : "no end of " + elements[open.back()].name;
}

/// The value of an attribute; "" if there is none.
inline std::string attribute(const Element& element, const std::string& name) {
  const std::size_t start = element.attributes.find(" " + name + "=\"");
  if (start == std::string::npos) return "";
  const std::size_t from = start + name.size() + 3;
  return element.attributes.substr(from, element.attributes.find('"', from) - from);
}

inline std::size_t count(const std::vector<Element>& elements, const std::string& name, const std::string& style = "") {
  std::size_t n = 0;
  for (const Element& element : elements) {
    n += element.name == name && (style.empty() || attribute(element, "class") == style) ? 1u : 0u;
  }
  return n;
}

}  // namespace markup
