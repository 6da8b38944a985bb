# SPDX-License-Identifier: MIT
# mote: `make help` lists the targets.

CXX      ?= g++
AR       ?= ar
BUILD    ?= build
OPTIMIZE ?= -O2
WERROR   ?= -Werror
# Static memory of the tools in MiB; pages that are not used cost nothing.
MEMORY_MB ?= 512
DATA_MB   ?= 256

ifeq ($(origin CXX),default)
CXX := g++
endif

CPPFLAGS += -Iinclude
# ARITHMETIC=separate: multiply, round, add, round, on every machine, instead of fused multiply-add where there is one.
ARITHMETIC ?= native
# Processes that share the tests, at the same time under make -j.
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
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Wvla $(WERROR)
# -ffp-contract=off: every rounding is written in the source, so that results are the same to the bit everywhere.
BASE     := -std=c++17 $(WARNINGS) -ffp-contract=off -fno-math-errno -fno-trapping-math -ffunction-sections -fdata-sections
LIBRARY  := $(BASE) -fno-exceptions -fno-rtti -fno-threadsafe-statics

COMPILER := $(shell $(CXX) --version 2>/dev/null)
IS_CLANG := $(findstring clang,$(COMPILER))

NUMERIC_OPTIMIZE := $(if $(filter -O2,$(OPTIMIZE)),-O3,$(OPTIMIZE))
# Products, and sums in lanes. GCC: -fno-ivopts keeps the addresses of a tile in registers (3 % at 12 rows); -O3 would unroll their 16-wide loops before vectorising them, which costs a factor of 50.
# clang: 14 vectorises each sum twice, for the next term and for the store after the loop, and then has no registers left, unless the copies are looked for (a factor of 4 with v3); less than -O3 leaves 32-wide loops, and so their sums, in memory (a factor of 3 with v4).
CLANG_PASSES     := -mllvm -extra-vectorizer-passes
CLANG_PASSES     := $(if $(IS_CLANG),$(shell $(CXX) $(CLANG_PASSES) -x c++ -c /dev/null -o /dev/null 2>/dev/null && echo $(CLANG_PASSES)))
KERNEL_OPTIMIZE  := $(if $(IS_CLANG),$(NUMERIC_OPTIMIZE) $(CLANG_PASSES),$(OPTIMIZE) -fno-tree-loop-distribute-patterns -fno-ivopts) -ftree-vectorize -funroll-loops
PRODUCTS := products/products products/weight_update textbook/regularization
NUMERIC  := $(PRODUCTS) products/flash_product core/vector_math \
            $(addprefix textbook/,activation batch_norm dropout loss optimizer information)
SOURCES  := $(wildcard src/*/*.cpp)
HEADERS  := $(wildcard include/mote/*.hpp include/mote/detail/*.hpp)

# On x86-64 the numeric files are compiled three times; src/dispatch/instruction_set.cpp chooses when the program runs, and asks the
# processor for exactly these features.
MACHINE := $(shell $(CXX) -dumpmachine 2>/dev/null)
ifneq ($(filter x86_64-%,$(MACHINE)),)
DISPATCH := -DMOTE_DISPATCH
BUILDS   := baseline v3 v4
# How a loop of a tile lies among the lines that instructions are fetched in must not be left to chance: 4 % in large products.
ALIGNED  := -falign-functions=64
SET_baseline := -DMOTE_NUMERIC=mote::x86_baseline
SET_v3       := -DMOTE_NUMERIC=mote::x86_v3 -mavx2 -mfma
SET_v4       := -DMOTE_NUMERIC=mote::x86_v4 -mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512
else
BUILDS   := baseline
endif

LIBRARY_OBJECTS := $(patsubst src/%.cpp,$(BUILD)/src/%.o,$(filter-out $(NUMERIC:%=src/%.cpp),$(SOURCES))) \
                   $(foreach build,$(BUILDS),$(NUMERIC:%=$(BUILD)/src/%.$(build).o))
PROGRAMS        := train bench gradients predict
# The default build puts the programs beside their sources, where the README runs them; others keep theirs to themselves.
PROGRAM_FOLDER  := $(if $(filter build,$(BUILD)),tools,$(BUILD)/tools)
PROGRAM_FILES   := $(PROGRAMS:%=$(PROGRAM_FOLDER)/%)
TOOL_OBJECTS    := $(patsubst tools/%.cpp,$(BUILD)/tools/%.o,$(wildcard $(addsuffix /*.cpp,tools/common tools/data tools/run tools/pictures tools/experiments tools/benchmarks)))
# TESTS="files/idx products/products": these only, which need no more of the tools than TESTED_TOOLS.
TEST_OBJECTS    := $(patsubst tests/%.cpp,$(BUILD)/tests/%.o,$(or $(TESTS:%=tests/%_test.cpp),$(filter-out tests/target/%,$(wildcard tests/*/*_test.cpp))))
MNIST           := $(patsubst tools/data/mnist/%.gz,$(BUILD)/mnist/%,$(wildcard tools/data/mnist/*.gz))

# A list of tests as GoogleTest wants it.
empty :=
with_colons = $(subst $(empty) $(empty),:,$(strip $1))

# One short line a step; `make V=1` shows the commands.
say = $(if $(V),,@printf '%-7s %s\n' '$1' '$2' &&)

.PHONY: all test kill-test mutations target test-target size weight-formats dist install interchange test-emulated test-emulated-quick emulated-tests pytorch-golden bench bench-peers reproduce gradients-results fingerprints format help clean data FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/libmote.a $(PROGRAM_FILES) data ## Build the library, the tools and unpack the data (the default)

data: $(BUILD)/mnist/verified

# Everything is rebuilt when the compiler or the flags change, but install takes what was built with whatever flags.
FLAGS_NOW := $(CXX) $(COMPILER) $(CPPFLAGS) $(CXXFLAGS) $(BASE) $(KERNEL_OPTIMIZE) $(ALIGNED) $(NUMERIC_OPTIMIZE) $(BUILDS:%=$(SET_%)) $(LDFLAGS) $(MEMORY_MB) $(DATA_MB)
ifeq ($(filter help clean format,$(MAKECMDGOALS)),)
IGNORED := $(shell mkdir -p $(BUILD); $(if $(filter dist install,$(MAKECMDGOALS)),test -e $(BUILD)/flags,printf '%s\n' '$(FLAGS_NOW)' | cmp -s - $(BUILD)/flags) || \
                   printf '%s\n' '$(FLAGS_NOW)' > $(BUILD)/flags)
endif

$(BUILD)/libmote.a: $(LIBRARY_OBJECTS)
	$(call say,AR,$@) rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/src/%.o: src/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) $(LIBRARY) $(DISPATCH) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

# build/src/products/products.v3.o and its like: file $*, instruction set $1.
define numeric_rule
$(BUILD)/src/%.$1.o: src/%.cpp $(BUILD)/flags
	@mkdir -p $$(@D)
	$$(call say,CXX,$$@) $(CXX) $(CPPFLAGS) $(LIBRARY) $(SET_$1) $$(if $$(filter $(PRODUCTS),$$*),$(KERNEL_OPTIMIZE) $(ALIGNED),$(NUMERIC_OPTIMIZE)) $(CXXFLAGS) -MMD -MP -c $$< -o $$@
endef
$(foreach build,$(BUILDS),$(eval $(call numeric_rule,$(build))))

# More static memory than a call or a load can reach across is addressed in full.
IS_FAR := $(and $(filter x86_64-%,$(MACHINE)),$(shell test $$(($(MEMORY_MB) + $(DATA_MB))) -gt 1500 && echo yes))
TOOLS  := $(BASE) $(if $(IS_FAR),-mcmodel=medium)

$(BUILD)/tools/%.o: tools/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) -Itools -DMOTE_MEMORY_MB=$(MEMORY_MB) -DMOTE_DATA_MB=$(DATA_MB) $(TOOLS) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

# The speed limit is measured by a loop that needs the compiler's help as much as the products do.
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

$(BUILD)/tests/mote_tests: $(TEST_OBJECTS) $(if $(TESTS),$(TESTED_TOOLS:%=$(BUILD)/tools/%.o),$(TOOL_OBJECTS)) $(BUILD)/libmote.a
	$(call say,LINK,$@) $(CXX) $(OPTIMIZE) $(CXXFLAGS) $^ $(LDFLAGS) -lgtest_main -lgtest -pthread -o $@

kill-test: all $(BUILD)/tests/mote_tests ## Kill 1,000 runs that write checkpoints, each at a random moment, and resume them
	MOTE_KILLS=1000 MOTE_BUILD=$(BUILD) MOTE_TOOLS=$(PROGRAM_FOLDER) $(BUILD)/tests/mote_tests --gtest_brief=1 --gtest_filter='*SurviveKills*'

MUTANTS ?= 240
SEED    ?= 1
mutations: data ## Change one operator of src/ at a time and see whether a test fails, into tests/mutations/RESULTS.md (MUTANTS=240, SEED=1)
	python3 tests/mutations/mutate.py --mutants $(MUTANTS) --seed $(SEED) > $(BUILD)/mutations.md && mv $(BUILD)/mutations.md tests/mutations/RESULTS.md

# Debian's packages are for Debian's Python.
PYTHON ?= /usr/bin/python3

pytorch-golden: ## Make the numbers anew that tests/pytorch_test.cpp compares with (needs PyTorch: python3-torch)
	@$(PYTHON) -c 'import torch' 2>/dev/null || { echo '$(PYTHON) has no PyTorch: apt-get install python3-torch, or say PYTHON=...'; exit 1; }
	$(PYTHON) -W ignore::UserWarning tests/pytorch/golden.py > $(BUILD)/golden.txt && mv $(BUILD)/golden.txt tests/pytorch/golden.txt

interchange: all ## Hold the outputs of networks to Python's, for model files of both (needs python3-numpy; python3-torch)
	$(PYTHON) tests/interchange/interchange.py $(PROGRAM_FOLDER) $(BUILD)/mnist

bench: all ## Measure mote on this machine's first processor (BENCH_OPTIONS=--help lists what can be chosen)
	taskset -c 0 $(PROGRAM_FOLDER)/bench $(BENCH_OPTIONS)

# Peers are looked for by linking with them; those that are missing are left out, and the program says so.
HASH := \#
has  = $(if $(shell printf '$(HASH)include <$1>\nint main() { return ($2) == nullptr; }\n' | \
                    $(CXX) -x c++ - -I/usr/include/eigen3 $3 -o $(BUILD)/probe 2>/dev/null && echo yes),$4)
PEERS = $(call has,cblas.h,openblas_get_config(),-lopenblas,OPENBLAS) \
        $(call has,dnnl.h,dnnl_version(),-ldnnl,ONEDNN) \
        $(call has,Eigen/Core,Eigen::SimdInstructionSetsInUse(),,EIGEN)
PEER_LIBRARIES = $(if $(filter OPENBLAS,$(FOUND)),-lopenblas) $(if $(filter ONEDNN,$(FOUND)),-ldnnl)
# The peers' own loops may be as fast as this very machine allows; Eigen is compiled in the way its manual recommends.
PEER_FLAGS = $(BASE) -O3 -march=native $(if $(DISPATCH),-mprefer-vector-width=512) -DNDEBUG \
             -ffp-contract=fast $(FOUND:%=-DHAVE_%) -isystem /usr/include/eigen3
PEER_OBJECTS := $(patsubst tests/peers/%.cpp,$(BUILD)/peers/%.o,$(wildcard tests/peers/*.cpp))
ifneq ($(findstring peers,$(MAKECMDGOALS)),)
FOUND := $(PEERS)
endif

bench-peers: all $(BUILD)/peers/bench_peers ## The same beside OpenBLAS, oneDNN and Eigen (libopenblas-dev, libdnnl-dev, libeigen3-dev)
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

dist: $(BUILD)/dist/mote.hpp $(BUILD)/dist/mote.cpp ## All of the library as two files, for any development environment

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

install: $(BUILD)/libmote.a ## Install library, headers and a pkg-config file (PREFIX=/usr/local, DESTDIR=)
	case '$(PREFIX)' in /*) ;; *) echo "PREFIX='$(PREFIX)' is no absolute path, which mote.pc needs" >&2; exit 1;; esac
	install -d '$(DESTDIR)$(PREFIX)/include/mote/detail' '$(DESTDIR)$(PREFIX)/lib/pkgconfig'
	install -m 644 include/mote/*.hpp '$(DESTDIR)$(PREFIX)/include/mote'
	install -m 644 include/mote/detail/*.hpp '$(DESTDIR)$(PREFIX)/include/mote/detail'
	install -m 644 $(BUILD)/libmote.a '$(DESTDIR)$(PREFIX)/lib'
	printf '%s\n' "$$PC" > '$(DESTDIR)$(PREFIX)/lib/pkgconfig/mote.pc'

include tests/target/target.mk
include tests/checks.mk
include tests/fuzz/fuzz.mk
include tests/emulated.mk

fingerprints: all ## Compare trained bits across compilers, instruction sets, threads and aarch64
	tests/fingerprints.sh

reproduce: all ## Measure on MNIST what the lessons say, into tests/reproduce/RESULTS.md (TABLE=a for one table; needs python3)
	python3 tests/reproduce/reproduce.py $(PROGRAM_FOLDER)/train $(TABLE)

gradients-results: all ## Run every experiment of tools/gradients, into tests/gradients/RESULTS.md
	tests/gradients/results.sh $(PROGRAM_FOLDER)/gradients > $(BUILD)/gradients.md && mv $(BUILD)/gradients.md tests/gradients/RESULTS.md

format: ## Lay out all sources with clang-format
	clang-format -i $$(git ls-files '*.hpp' '*.cpp')

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables: V=1 (show commands), BENCH_OPTIONS, TABLE, CXX, OPTIMIZE (-O2), SHARDS (1), CXXFLAGS, LDFLAGS, BUILD (build), WERROR, ARITHMETIC (native, separate), MEMORY_MB (512), DATA_MB (256), PREFIX (/usr/local), DESTDIR, PYTHON (/usr/bin/python3)"

clean: ## Remove everything that was built
	rm -rf $(BUILD) $(PROGRAM_FILES)

-include $(wildcard $(BUILD)/src/*/*.d $(BUILD)/tools/*.d $(BUILD)/tools/*/*.d $(BUILD)/tests/*/*.d $(BUILD)/peers/*.d)
