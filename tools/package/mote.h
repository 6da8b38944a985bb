// SPDX-License-Identifier: MIT
// Arduino and PlatformIO find the library by this header.
#pragma once

#include "mote/mote.hpp"
