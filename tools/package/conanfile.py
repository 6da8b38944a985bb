# SPDX-License-Identifier: MIT
# Recipe for Conan 2, beside the sources of the package: `conan create .`
from conan import ConanFile
from conan.tools.cmake import CMake, cmake_layout


class Mote(ConanFile):
    name = "mote"
    version = "@VERSION@"
    license = "MIT"
    description = "Neural networks that train and run in static memory, on computers and microcontrollers"
    settings = "os", "arch", "compiler", "build_type"
    exports_sources = "CMakeLists.txt", "cmake/*", "src/*", "LICENSE"
    generators = "CMakeToolchain"

    def layout(self):
        cmake_layout(self)

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()

    def package_info(self):
        self.cpp_info.libs = ["mote"]
        self.cpp_info.set_property("cmake_target_name", "mote::mote")
