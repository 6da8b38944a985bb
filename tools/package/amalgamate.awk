# SPDX-License-Identifier: MIT
# All of mote as two files: awk -f tools/package/amalgamate.awk -v part=header include/mote/mote.hpp > mote.hpp, and with
# part=source src/*/*.cpp > mote.cpp. Each header is taken in where it is first included. The choice between builds
# (MOTE_DISPATCH) is left out: there is one build.
# "mote/..." is public; other names are relative to the file that includes them.
function path_of(name, file) {
  if (name ~ /^mote\//) return "include/" name
  sub(/[^\/]*$/, "", file)
  while (name ~ /^\.\.\//) { sub(/^\.\.\//, "", name); sub(/[^\/]*\/$/, "", file) }
  return file name
}

function take(file,    line, name, depth, skipped) {
  if (file in taken) return
  taken[file] = 1
  if (part == "source" && file ~ /^include\//) return
  depth = skipped = 0
  while ((status = (getline line < file)) > 0) {
    if (line ~ /^#ifdef MOTE_DISPATCH/) { skipped = 1; depth = 0; continue }
    if (skipped) {  # as far as its #else; what follows is kept as far as its #endif
      if (skipped == 1 && line ~ /^#(if|ifdef|ifndef) /) ++depth
      if (skipped == 1 && line ~ /^#endif/) --depth
      if (skipped == 1 && depth == 0 && line ~ /^#else/) { skipped = 2; continue }
      if (skipped == 1) continue
      if (line ~ /^#endif/) { skipped = 0; continue }
    }
    if (line ~ /^#pragma once/ || line ~ /SPDX-License-Identifier/) continue
    if (line ~ /^#include "/) {
      name = line
      sub(/^#include "/, "", name)
      sub(/".*/, "", name)
      take(path_of(name, file))
      continue
    }
    print line
  }
  if (status < 0) { print "amalgamate: cannot read " file > "/dev/stderr"; exit failed = 1 }
  close(file)
}

BEGIN {
  print "// SPDX-License-Identifier: MIT"
  print "// mote, all of it: made from its sources by make dist. " (part == "header" ? "Needs mote.cpp." : "")
  while ((getline license < "LICENSE") > 0) print "// " license
  print part == "header" ? "#pragma once\n" : "\n#include \"mote.hpp\"\n"
  if (part == "source") {
    print "// Every rounding is written out; compilers must not fuse more of them."
    print "#if defined(__clang__)\n#pragma clang fp contract(off)"
    print "#elif defined(__GNUC__)\n#pragma GCC optimize(\"fp-contract=off\")\n#endif\n"
  }
  for (i = 1; i < ARGC; ++i) take(ARGV[i])
  exit failed
}
