// SPDX-License-Identifier: MIT
// MNIST in flash. MOTE_MNIST and MOTE_SMALL_MNIST name folders of files; the assembler takes their bytes.
#pragma once

#include <cstddef>
#include <cstdint>

/// Declares `name`, `count` bytes of a file from `offset` on.
#define MOTE_FLASH_BYTES(name, file, offset, count)                            \
  asm(".pushsection .images,\"a\",%progbits\n"                                 \
      ".global " #name "\n" #name ": .incbin \"" file "\"," #offset "," #count \
      "\n"                                                                     \
      ".popsection");                                                          \
  extern "C" const std::uint8_t name[count]
