// SPDX-License-Identifier: MIT
#include "pictures/page.hpp"

#include "pictures/page_style.hpp"
#include "pictures/svg.hpp"

namespace tools {

std::string element(const char* name, const std::string& content, const char* style) {
  const std::string start = *style == '\0' ? name : std::string(name) + " class=\"" + style + "\"";
  return "<" + start + ">" + content + "</" + name + ">\n";
}

std::string section(const std::string& heading, const std::string& note, const std::string& content) {
  const std::string paragraph = note.empty() ? "" : element("p", escape(note));
  return element("section", element("h2", escape(heading)) + paragraph + content);
}

std::string figure(const std::string& content, const std::string& caption) {
  return element("figure", content + element("figcaption", caption));
}

std::string html_page(const std::string& heading, const std::string& command, const std::string& body) {
  const std::string head =
      "<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta http-equiv=\"Content-Security-Policy\" "
      "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\"/>\n" +
      element("title", "mote: " + escape(heading)) + element("style", kPageStyle);
  const std::string top = element("h1", escape(heading)) + element("code", escape(command));
  return kPageStart + std::string("<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n") +
         element("head", head) + element("body", "\n" + top + body) + "</html>\n";
}

}  // namespace tools
