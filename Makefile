# SPDX-License-Identifier: MIT
# mote: `make help` lists the targets.

# All processors, unless the command line has -j.
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)

CXX      ?= g++
AR       ?= ar
BUILD    ?= build
OPTIMIZE ?= -O2
WERROR   ?= -Werror
# Memory of the tools in MiB, reserved once; unused pages cost nothing.
MEMORY_MB ?= 512
DATA_MB   ?= 256

ifeq ($(origin CXX),default)
CXX := g++
endif

CPPFLAGS += -Iinclude
# ARITHMETIC=separate rounds after the multiplication and after the addition on every machine; native uses fused
# multiply-add where the processor has it.
ARITHMETIC ?= native
# Number of processes that run the tests, in parallel under make -j.
SHARDS   ?= 1
ifeq ($(ARITHMETIC),separate)
CPPFLAGS += -DMOTE_SEPARATE_ARITHMETIC
else ifneq ($(ARITHMETIC),native)
$(error ARITHMETIC: found '$(ARITHMETIC)', expected native or separate)
endif
MIB := $(shell for mib in '$(MEMORY_MB)' '$(DATA_MB)'; do case "$$mib" in (''|0*|*[!0-9]*) echo "'$$mib'";; esac; done)
ifneq ($(MIB),)
$(error MEMORY_MB, DATA_MB: found $(firstword $(MIB)), expected a number of MiB)
endif
# Sanitizers keep clang from vectorizing loops that ask for it.
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Wvla \
            $(if $(findstring -fsanitize,$(CXXFLAGS)),-Wno-pass-failed) $(WERROR)
# -ffp-contract=off: the source writes out every fused multiply-add, so that results are equal to the bit everywhere.
BASE     := -std=c++17 $(WARNINGS) -ffp-contract=off -fno-math-errno -fno-trapping-math -ffunction-sections -fdata-sections
LIBRARY  := $(BASE) -fno-exceptions -fno-rtti -fno-threadsafe-statics

COMPILER := $(shell $(CXX) --version 2>/dev/null)
IS_CLANG := $(findstring clang,$(COMPILER))

NUMERIC_OPTIMIZE := $(if $(filter -O2,$(OPTIMIZE)),-O3,$(OPTIMIZE))
# Flags for products and for sums in lanes.
# GCC: -fno-ivopts keeps the addresses of a tile in registers (3 % at 12 rows). -O3 would unroll the 16-wide loops before
# it vectorizes them, which costs a factor of 50.
# clang 14: without the extra passes, each sum is vectorized twice, for the next term and for the store after the loop,
# and spills the accumulators (a factor of 4 with v3). Below -O3, 32-wide loops keep their sums in memory (a factor of 3
# with v4).
CLANG_PASSES     := -mllvm -extra-vectorizer-passes
CLANG_PASSES     := $(if $(IS_CLANG),$(shell $(CXX) $(CLANG_PASSES) -x c++ -c /dev/null -o /dev/null 2>/dev/null && echo $(CLANG_PASSES)))
KERNEL_OPTIMIZE  := $(if $(IS_CLANG),$(NUMERIC_OPTIMIZE) $(CLANG_PASSES),$(OPTIMIZE) -fno-tree-loop-distribute-patterns -fno-ivopts) -ftree-vectorize -funroll-loops
PRODUCTS := products/products products/weight_update textbook/regularization
NUMERIC  := $(PRODUCTS) products/flash_product core/vector_math \
            $(addprefix textbook/,activation batch_norm dropout loss optimizer information)
SOURCES  := $(wildcard src/*/*.cpp)
HEADERS  := $(wildcard include/mote/*.hpp include/mote/detail/*.hpp)

# On x86-64 the numeric files are compiled once per instruction set. src/dispatch/instruction_set.cpp asks the processor
# for exactly these features and chooses a build at run time.
MACHINE := $(shell $(CXX) -dumpmachine 2>/dev/null)
ifneq ($(filter x86_64-%,$(MACHINE)),)
DISPATCH := -DMOTE_DISPATCH
BUILDS   := baseline v3 v4
# Fixes the position of tile loops in the lines of the instruction fetch, which is worth 4 % in large products.
ALIGNED  := -falign-functions=64
SET_baseline := -DMOTE_NUMERIC=mote::x86_baseline
SET_v3       := -DMOTE_NUMERIC=mote::x86_v3 -mavx2 -mfma
SET_v4       := -DMOTE_NUMERIC=mote::x86_v4 -mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512
else
BUILDS   := baseline
endif

LIBRARY_OBJECTS := $(patsubst src/%.cpp,$(BUILD)/src/%.o,$(filter-out $(NUMERIC:%=src/%.cpp),$(SOURCES))) \
                   $(foreach build,$(BUILDS),$(NUMERIC:%=$(BUILD)/src/%.$(build).o))
PROGRAMS        := train bench lesson predict
# The default build puts the programs beside their sources, where the README runs them; other builds put them into $(BUILD).
PROGRAM_FOLDER  := $(if $(filter build,$(BUILD)),tools,$(BUILD)/tools)
PROGRAM_FILES   := $(PROGRAMS:%=$(PROGRAM_FOLDER)/%)
EXAMPLES        := $(patsubst tools/examples/%.cpp,$(BUILD)/examples/%,$(wildcard tools/examples/*.cpp))
TOOL_OBJECTS    := $(patsubst tools/%.cpp,$(BUILD)/tools/%.o,$(wildcard $(addsuffix /*.cpp,tools/common tools/data tools/run tools/pictures tools/experiments tools/benchmarks)))
# TESTS="files/idx products/products" builds only these tests, with only the objects of TESTED_TOOLS, or of all tools.
TEST_OBJECTS    := $(patsubst tests/%.cpp,$(BUILD)/tests/%.o,$(or $(TESTS:%=tests/%_test.cpp),$(filter-out tests/target/%,$(wildcard tests/*/*_test.cpp))))
MNIST           := $(patsubst tools/data/mnist/%.gz,$(BUILD)/mnist/%,$(wildcard tools/data/mnist/*.gz))

# A list of tests in the syntax of GoogleTest: separated by colons.
empty :=
with_colons = $(subst $(empty) $(empty),:,$(strip $1))

# Prints one short line per step; `make V=1` prints the commands.
say = $(if $(V),,@printf '%-7s %s\n' '$1' '$2' &&)

.PHONY: all examples test test-documents kill-test mutations pytorch-anomaly target test-target size weight-formats dist package install uninstall interchange test-emulated test-emulated-quick emulated-tests pytorch-golden bench bench-peers reproduce lesson-results fingerprints test-cmsis-nn format help clean data FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/libmote.a $(PROGRAM_FILES) data ## Build the library and the tools, and unpack MNIST (the default)

data: $(BUILD)/mnist/verified

# A change of the compiler or of the flags rebuilds everything. dist, package, install and uninstall use an existing build, whatever its flags.
FLAGS_NOW := $(CXX) $(COMPILER) $(CPPFLAGS) $(CXXFLAGS) $(BASE) $(KERNEL_OPTIMIZE) $(ALIGNED) $(NUMERIC_OPTIMIZE) $(BUILDS:%=$(SET_%)) $(LDFLAGS) $(MEMORY_MB) $(DATA_MB)
ifeq ($(filter help clean format,$(MAKECMDGOALS)),)
IGNORED := $(shell mkdir -p $(BUILD); $(if $(filter dist install uninstall package,$(MAKECMDGOALS)),test -e $(BUILD)/flags,printf '%s\n' '$(FLAGS_NOW)' | cmp -s - $(BUILD)/flags) || \
                   printf '%s\n' '$(FLAGS_NOW)' > $(BUILD)/flags)
endif

$(BUILD)/libmote.a: $(LIBRARY_OBJECTS)
	$(call say,AR,$@) rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/src/%.o: src/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) $(LIBRARY) $(DISPATCH) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

# Objects per instruction set, such as build/src/products/products.v3.o: file $*, instruction set $1.
define numeric_rule
$(BUILD)/src/%.$1.o: src/%.cpp $(BUILD)/flags
	@mkdir -p $$(@D)
	$$(call say,CXX,$$@) $(CXX) $(CPPFLAGS) $(LIBRARY) $(SET_$1) $$(if $$(filter $(PRODUCTS),$$*),$(KERNEL_OPTIMIZE) $(ALIGNED),$(NUMERIC_OPTIMIZE)) $(CXXFLAGS) -MMD -MP -c $$< -o $$@
endef
$(foreach build,$(BUILDS),$(eval $(call numeric_rule,$(build))))

$(BUILD)/tools/%.o: tools/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) -Itools -DMOTE_MEMORY_MB=$(MEMORY_MB) -DMOTE_DATA_MB=$(DATA_MB) $(BASE) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/examples/%: $(BUILD)/tools/examples/%.o $(BUILD)/libmote.a
	@mkdir -p $(@D)
	$(call say,LINK,$@) $(CXX) $(OPTIMIZE) $(CXXFLAGS) $^ $(LDFLAGS) -o $@

examples: $(EXAMPLES) | data ## Build and run the programs of tools/examples
	@for example in $(EXAMPLES); do echo "$$example"; $$example || exit 1; done

# The loop that measures the peak needs the flags of the products.
$(BUILD)/tools/benchmarks/peak.o: override CXXFLAGS += $(KERNEL_OPTIMIZE)

$(PROGRAM_FILES): $(PROGRAM_FOLDER)/%: $(BUILD)/tools/%.o $(TOOL_OBJECTS) $(BUILD)/libmote.a | $(BUILD)/flags
	$(call say,LINK,$@) $(CXX) $(OPTIMIZE) $(CXXFLAGS) -Wl,--gc-sections $^ $(LDFLAGS) -o $@

$(BUILD)/mnist/%: tools/data/mnist/%.gz
	@mkdir -p $(@D)
	$(call say,GUNZIP,$@) gunzip -c $< > $@

$(BUILD)/mnist/verified: tools/data/mnist/SHA256SUMS $(MNIST)
	@cd $(@D) && sha256sum --check --quiet $(abspath $<)
	@touch $@

test: $(patsubst %,test-shard-%,$(shell seq $(SHARDS))) ## Build and run the tests (needs GoogleTest: libgtest-dev)

test-shard-%: all $(BUILD)/tests/mote_tests
	GTEST_TOTAL_SHARDS=$(SHARDS) GTEST_SHARD_INDEX=$$(($* - 1)) MOTE_BUILD=$(BUILD) MOTE_CXX='$(CXX)' \
	    MOTE_LINK='$(CXXFLAGS) $(LDFLAGS)' MOTE_TOOLS=$(PROGRAM_FOLDER) $(BUILD)/tests/mote_tests --gtest_brief=1 \
	    $(TEST_FILTER:%=--gtest_filter='%')

$(BUILD)/tests/%.o: tests/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) -Isrc -Itools -Itests $(BASE) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/tests/mote_tests: $(TEST_OBJECTS) $(if $(TESTED_TOOLS),$(TESTED_TOOLS:%=$(BUILD)/tools/%.o),$(TOOL_OBJECTS)) $(BUILD)/libmote.a
	$(call say,LINK,$@) $(CXX) $(OPTIMIZE) $(CXXFLAGS) $^ $(LDFLAGS) -lgtest_main -lgtest -pthread -o $@

kill-test: all $(BUILD)/tests/mote_tests ## Kill 1,000 trainings, each at a random moment, and resume them from their checkpoints
	MOTE_KILLS=1000 MOTE_BUILD=$(BUILD) MOTE_TOOLS=$(PROGRAM_FOLDER) $(BUILD)/tests/mote_tests --gtest_brief=1 --gtest_filter='*SurviveKills*'

test-documents: all $(BUILD)/tests/mote_tests ## Run every command of the documents, also the commands of minutes and hours
	MOTE_SLOW_COMMANDS=1 MOTE_BUILD=$(BUILD) MOTE_TOOLS=$(PROGRAM_FOLDER) $(BUILD)/tests/mote_tests --gtest_brief=1 --gtest_filter='*Documents.*'

MUTANTS ?= 240
SEED    ?= 1
mutations: data ## Change one place of src/ at a time and count the changes that tests find, into tests/mutations/RESULTS.md (MUTANTS=240, SEED=1)
	python3 tests/mutations/mutate.py --mutants $(MUTANTS) --seed $(SEED) > $(BUILD)/mutations.md && mv $(BUILD)/mutations.md tests/mutations/RESULTS.md

# Debian's Python packages need Debian's Python.
PYTHON ?= /usr/bin/python3

pytorch-golden: ## Recompute the golden numbers of tests/training/pytorch_test.cpp (needs PyTorch: python3-torch)
	@$(PYTHON) -c 'import torch' 2>/dev/null || { echo '$(PYTHON): no PyTorch; apt-get install python3-torch, or pass PYTHON=...'; exit 1; }
	$(PYTHON) -W ignore::UserWarning tests/pytorch/golden.py > $(BUILD)/golden.txt && mv $(BUILD)/golden.txt tests/pytorch/golden.txt

$(BUILD)/pytorch/sounds: tests/pytorch/sounds.cpp $(BUILD)/libmote.a
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) -Itools $(BASE) $(OPTIMIZE) $(CXXFLAGS) $^ $(LDFLAGS) -o $@

pytorch-anomaly: $(BUILD)/examples/anomaly $(BUILD)/pytorch/sounds ## Compare the anomaly network with PyTorch's twin (needs python3-torch)
	$(PYTHON) tests/pytorch/anomaly.py $(BUILD) 3

interchange: all ## Exchange model files with Python in both directions and compare the outputs (needs python3-numpy; python3-torch)
	$(PYTHON) tests/interchange/interchange.py $(PROGRAM_FOLDER) $(BUILD)/mnist

bench: all ## Measure the speed of mote on the first processor (BENCH_OPTIONS=--help lists the options)
	taskset -c 0 $(PROGRAM_FOLDER)/bench $(BENCH_OPTIONS)

# Finds peers by linking with them. Missing peers are left out, and the program says so.
HASH := \#
has  = $(if $(shell printf '$(HASH)include <$1>\nint main() { return ($2) == nullptr; }\n' | \
                    $(CXX) -x c++ - -I/usr/include/eigen3 $3 -o $(BUILD)/probe 2>/dev/null && echo yes),$4)
PEERS = $(call has,cblas.h,openblas_get_config(),-lopenblas,OPENBLAS) \
        $(call has,dnnl.h,dnnl_version(),-ldnnl,ONEDNN) \
        $(call has,Eigen/Core,Eigen::SimdInstructionSetsInUse(),,EIGEN)
PEER_LIBRARIES = $(if $(filter OPENBLAS,$(FOUND)),-lopenblas) $(if $(filter ONEDNN,$(FOUND)),-ldnnl)
# Loops of the peers are built for this very machine; Eigen is compiled as its manual recommends.
PEER_FLAGS = $(BASE) -O3 -march=native $(if $(DISPATCH),-mprefer-vector-width=512) -DNDEBUG \
             -ffp-contract=fast $(FOUND:%=-DHAVE_%) -isystem /usr/include/eigen3
PEER_OBJECTS := $(patsubst tests/peers/%.cpp,$(BUILD)/peers/%.o,$(wildcard tests/peers/*.cpp))
ifneq ($(findstring peers,$(MAKECMDGOALS)),)
FOUND := $(PEERS)
endif

bench-peers: all $(BUILD)/peers/bench_peers ## Measure mote beside OpenBLAS, oneDNN and Eigen (libopenblas-dev, libdnnl-dev, libeigen3-dev)
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 \
	    taskset -c 0 $(BUILD)/peers/bench_peers $(BENCH_OPTIONS)

$(BUILD)/peers/found: FORCE
	@mkdir -p $(@D); printf '%s\n' '$(PEER_FLAGS)' | cmp -s - $@ || printf '%s\n' '$(PEER_FLAGS)' > $@

# GCC misreads its own AVX-512 headers in Eigen (bug 105593).
$(BUILD)/peers/eigen.o: override CXXFLAGS += $(if $(IS_CLANG),,-Wno-maybe-uninitialized)

$(BUILD)/peers/%.o: tests/peers/%.cpp $(BUILD)/flags $(BUILD)/peers/found
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) -Isrc -Itools -Itests/peers -DMOTE_DATA_MB=$(DATA_MB) $(PEER_FLAGS) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/peers/bench_peers: $(PEER_OBJECTS) $(TOOL_OBJECTS) $(BUILD)/libmote.a
	$(call say,LINK,$@) $(CXX) $(CXXFLAGS) $^ $(LDFLAGS) $(PEER_LIBRARIES) -o $@

dist: $(BUILD)/dist/mote.hpp $(BUILD)/dist/mote.cpp ## Join the library into two files, for any development environment

$(BUILD)/dist/mote.hpp: tools/package/amalgamate.awk LICENSE $(HEADERS)
	@mkdir -p $(@D)
	$(call say,AWK,$@) awk -f $< -v part=header include/mote/mote.hpp > $@

$(BUILD)/dist/mote.cpp: tools/package/amalgamate.awk LICENSE $(HEADERS) $(SOURCES) $(wildcard src/*/*.hpp)
	@mkdir -p $(@D)
	$(call say,AWK,$@) awk -f $< -v part=source $(sort $(SOURCES)) > $@

VERSION  = $(shell sed -n 's/.*kVersion\[\] = "\(.*\)";/\1/p' include/mote/version.hpp)
PREFIX  ?= /usr/local
define PC
prefix=$(PREFIX)
includedir=$${prefix}/include
libdir=$${prefix}/lib

Name: mote
Description: A small neural-network library that trains and runs without heap or operating system
Version: $(VERSION)
Cflags: "-I$${includedir}"
Libs: "-L$${libdir}" -lmote
endef
export PC

CMAKE_FILES := tools/package/cmake/moteConfig.cmake tools/package/cmake/moteConfigVersion.cmake

install: $(BUILD)/libmote.a ## Install library, headers and files for pkg-config and CMake (PREFIX=/usr/local, DESTDIR=)
	case '$(PREFIX)' in /*) ;; *) echo "PREFIX: found '$(PREFIX)', expected an absolute path, for mote.pc" >&2; exit 1;; esac
	install -d '$(DESTDIR)$(PREFIX)/include/mote/detail' '$(DESTDIR)$(PREFIX)/lib/pkgconfig' '$(DESTDIR)$(PREFIX)/lib/cmake/mote'
	install -m 644 include/mote/*.hpp '$(DESTDIR)$(PREFIX)/include/mote'
	install -m 644 include/mote/detail/*.hpp '$(DESTDIR)$(PREFIX)/include/mote/detail'
	install -m 644 $(BUILD)/libmote.a '$(DESTDIR)$(PREFIX)/lib'
	printf '%s\n' "$$PC" > '$(DESTDIR)$(PREFIX)/lib/pkgconfig/mote.pc'
	for file in $(CMAKE_FILES); do sed 's/@VERSION@/$(VERSION)/' "$$file" > '$(DESTDIR)$(PREFIX)/lib/cmake/mote/'$${file##*/}; done

uninstall: ## Remove the files of make install (PREFIX, DESTDIR), and no others
	cd '$(DESTDIR)$(PREFIX)' && rm -f $(HEADERS) lib/libmote.a lib/pkgconfig/mote.pc $(CMAKE_FILES:tools/package/cmake/%=lib/cmake/mote/%)
	cd '$(DESTDIR)$(PREFIX)' && rmdir --ignore-fail-on-non-empty include/mote/detail include/mote lib/cmake/mote

# Templates, in which @VERSION@ stands for the version, and where they go.
TEMPLATES = $(shell cd tools/package && find . -type f ! -name amalgamate.awk ! -name mote.h)
PACKAGE   = $(BUILD)/package/mote

package: ## Make one folder for Arduino, PlatformIO, Zephyr, ESP-IDF, CMake, Meson, Conan and vcpkg, and its zip (needs zip)
	@command -v zip >/dev/null || { echo 'package: no zip; apt-get install zip' >&2; exit 1; }
	rm -rf $(BUILD)/package && mkdir -p $(PACKAGE)/src/mote/detail
	for file in $(TEMPLATES); do mkdir -p "$$(dirname $(PACKAGE)/$$file)" && sed 's/@VERSION@/$(VERSION)/' "tools/package/$$file" > "$(PACKAGE)/$$file" || exit 1; done
	cp LICENSE .github/CHANGELOG.md $(PACKAGE)
	cp tools/examples/iris.hpp $(PACKAGE)/examples/Classify
	cp tools/package/mote.h $(PACKAGE)/src
	cp include/mote/*.hpp $(PACKAGE)/src/mote && cp include/mote/detail/*.hpp $(PACKAGE)/src/mote/detail
	for file in src/*/*.cpp src/*/*.hpp src/*/*.def; do mkdir -p "$(PACKAGE)/$${file%/*}" && case "$$file" in (*.cpp) awk -f tools/package/amalgamate.awk -v part=unit "$$file";; (*) cat "$$file";; esac > "$(PACKAGE)/$$file" || exit 1; done
	cd $(BUILD)/package && zip -qrX mote-$(VERSION).zip mote

include tests/target/target.mk
include tests/checks.mk
include tests/fuzz/fuzz.mk
include tests/emulated.mk

fingerprints: all ## Compare the bits of trained networks across compilers, instruction sets, threads and aarch64
	tests/fingerprints.sh

reproduce: all ## Test the textbook's lessons on MNIST, into tests/reproduce/RESULTS.md (TABLE=a for one table; needs python3)
	python3 tests/reproduce/reproduce.py $(PROGRAM_FOLDER)/train $(TABLE)

lesson-results: all ## Run all experiments of tools/lesson, into tests/lesson/RESULTS.md
	tests/lesson/results.sh $(PROGRAM_FOLDER)/lesson > $(BUILD)/lesson.md && mv $(BUILD)/lesson.md tests/lesson/RESULTS.md

format: ## Format all sources with clang-format
	clang-format -i $$(git ls-files '*.hpp' '*.cpp')

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables: CXX, OPTIMIZE (-O2), CXXFLAGS, LDFLAGS, WERROR (-Werror), BUILD (build), ARITHMETIC (native, separate),"
	@echo "  MEMORY_MB (512), DATA_MB (256), SHARDS (1), TESTS, V=1 (show commands), BENCH_OPTIONS, PREFIX (/usr/local), DESTDIR,"
	@echo "  PYTHON (/usr/bin/python3)"

clean: ## Remove the build and the programs
	rm -rf $(BUILD) $(PROGRAM_FILES)

-include $(wildcard $(BUILD)/src/*/*.d $(BUILD)/tools/*.d $(BUILD)/tools/*/*.d $(BUILD)/tests/*/*.d $(BUILD)/peers/*.d)
