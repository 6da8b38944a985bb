# SPDX-License-Identifier: MIT
# Joins mote into two files: awk -f tools/package/amalgamate.awk -v part=header include/mote/mote.hpp > mote.hpp, and with
# part=source src/*/*.cpp > mote.cpp. Inserts each header where it is first included. Leaves out the choice between
# builds (MOTE_DISPATCH): there is one build. part=unit FILE.cpp prints one source for builds with flags of their own.
# Names that begin with "mote/" are public; others are relative to the file that includes them.
function path_of(name, file) {
  if (name ~ /^mote\//) return "include/" name
  sub(/[^\/]*$/, "", file)
  while (name ~ /^\.\.\//) { sub(/^\.\.\//, "", name); sub(/[^\/]*\/$/, "", file) }
  return file name
}

function take(file,    line, name, depth, skipped) {
  if (file in taken) return
  taken[file] = 1
  depth = skipped = 0
  while ((status = (getline line < file)) > 0) {
    if (line ~ /^#ifdef MOTE_DISPATCH/) { skipped = 1; depth = 0; continue }
    if (skipped) {  # skips up to the #else, then keeps lines up to the #endif
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
    if (!quiet) print line
  }
  if (status < 0) { print "amalgamate: cannot read " file > "/dev/stderr"; exit failed = 1 }
  close(file)
}

# Flags that bits depend on.
function print_flags() {
  print "// Every fused multiply-add is written out; compilers must not fuse others."
  print "#if defined(__clang__)\n#pragma clang fp contract(off)"
  print "#elif defined(__GNUC__)\n#pragma GCC optimize(\"fp-contract=off\")\n#endif"
  print "// The assembler of Debian 12 reads vcvt with condition ne as vcvtn of a processor with MVE."
  print "#if defined(__ARM_FEATURE_MVE) && !defined(__clang__)\n#pragma GCC optimize(\"no-if-conversion2\")\n#endif\n"
}

BEGIN {
  if (part == "unit") {
    print_flags()
    while ((status = (getline line < ARGV[1])) > 0) print line
    exit status < 0
  }
  print "// SPDX-License-Identifier: MIT"
  print "// mote in one file, made from its sources by make dist. " (part == "header" ? "Needs mote.cpp." : "")
  while ((getline license < "LICENSE") > 0) print "// " license
  if (part == "source") {
    print "\n#include \"mote.hpp\"\n"
    print "// Flags: -std=c++17 -Os (or -O3), and for firmware -fno-math-errno -fno-exceptions -fno-rtti"
    print "// -fno-threadsafe-statics -ffunction-sections -fdata-sections; where an Arm processor has a floating-point unit,"
    print "// -mfp16-format=ieee makes weights of 16 bits faster.\n"
    print_flags()
  }
  quiet = part == "source"  # mote.hpp has these headers
  if (quiet) take("include/mote/mote.hpp")
  quiet = 0
  for (i = 1; i < ARGC; ++i) take(ARGV[i])
  exit failed
}
