# SPDX-License-Identifier: MIT
# Runs CMakeLists.txt of the folder MOTE as ESP-IDF does, with stubs of its functions, which check their arguments.
function(idf_component_register)
  cmake_parse_arguments(component "" "" "SRCS;INCLUDE_DIRS" ${ARGN})
  list(LENGTH component_SRCS count)
  if(count LESS 40 OR NOT EXISTS "${component_INCLUDE_DIRS}/mote/mote.hpp")
    message(FATAL_ERROR "idf_component_register: ${count} sources, include folder ${component_INCLUDE_DIRS}")
  endif()
  message("${count} sources")
  set(COMPONENT_LIB mote PARENT_SCOPE)
endfunction()
function(target_compile_options target)
  message("options of ${target}: ${ARGN}")
endfunction()

set(ESP_PLATFORM 1)
include("${MOTE}/CMakeLists.txt")
