# SPDX-License-Identifier: MIT
# Overlay port for vcpkg, inside the package: vcpkg install mote --overlay-ports=mote/vcpkg
set(VCPKG_BUILD_TYPE release)
set(VCPKG_POLICY_SKIP_MISPLACED_CMAKE_FILES_CHECK enabled)  # moteConfig.cmake finds the library relative to lib/cmake
set(VCPKG_POLICY_SKIP_LIB_CMAKE_MERGE_CHECK enabled)
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}")
vcpkg_cmake_install()
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
