# SPDX-License-Identifier: MIT
# The target mote::mote of an installed mote, for find_package(mote).
get_filename_component(mote_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET mote::mote)
  add_library(mote::mote STATIC IMPORTED)
  set_target_properties(mote::mote PROPERTIES
    IMPORTED_LOCATION "${mote_prefix}/lib/libmote.a"
    INTERFACE_INCLUDE_DIRECTORIES "${mote_prefix}/include"
    INTERFACE_COMPILE_FEATURES cxx_std_17)
endif()
