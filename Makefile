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
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Wvla $(WERROR)
# -ffp-contract=off: every rounding is written in the source, so that results are the same to the bit everywhere.
BASE     := -std=c++17 $(WARNINGS) -ffp-contract=off -fno-math-errno -fno-trapping-math -ffunction-sections -fdata-sections
LIBRARY  := $(BASE) -fno-exceptions -fno-rtti -fno-threadsafe-statics

COMPILER := $(shell $(CXX) --version 2>/dev/null)
IS_CLANG := $(findstring clang,$(COMPILER))

# Products: -O3 would unroll their 16-wide loops before vectorising them, which costs a factor of 50.
KERNEL_OPTIMIZE  := $(OPTIMIZE) -ftree-vectorize -funroll-loops $(if $(IS_CLANG),,-fno-tree-loop-distribute-patterns)
NUMERIC_OPTIMIZE := $(if $(filter -O2,$(OPTIMIZE)),-O3,$(OPTIMIZE))
NUMERIC := kernels vector_math activation loss optimizer

LIBRARY_OBJECTS := $(patsubst src/%.cpp,$(BUILD)/src/%.o,$(wildcard src/*.cpp))
PROGRAMS        := train
PROGRAM_FILES   := $(PROGRAMS:%=tools/%)
TOOL_OBJECTS    := $(patsubst tools/%.cpp,$(BUILD)/tools/%.o,$(filter-out $(PROGRAMS:%=tools/%.cpp),$(wildcard tools/*.cpp)))
TEST_OBJECTS    := $(patsubst tests/%.cpp,$(BUILD)/tests/%.o,$(wildcard tests/*.cpp))
MNIST           := $(patsubst tools/mnist/%.gz,$(BUILD)/mnist/%,$(wildcard tools/mnist/*.gz))

.PHONY: all test format help clean data
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/libmote.a $(PROGRAM_FILES) data ## Build the library, the tools and unpack the data (the default)

data: $(BUILD)/mnist/verified

# Everything is rebuilt when the compiler or the flags change.
FLAGS_NOW := $(CXX) $(COMPILER) $(CPPFLAGS) $(CXXFLAGS) $(BASE) $(KERNEL_OPTIMIZE) $(NUMERIC_OPTIMIZE) $(MEMORY_MB) $(DATA_MB)
$(BUILD)/flags: force
	@mkdir -p $(@D)
	@printf '%s\n' '$(FLAGS_NOW)' | cmp -s - $@ || printf '%s\n' '$(FLAGS_NOW)' > $@
.PHONY: force

$(BUILD)/libmote.a: $(LIBRARY_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/src/kernels.o: OPTIMIZE_FILE = $(KERNEL_OPTIMIZE)
$(filter-out $(BUILD)/src/kernels.o,$(NUMERIC:%=$(BUILD)/src/%.o)): OPTIMIZE_FILE = $(NUMERIC_OPTIMIZE)
OPTIMIZE_FILE = $(OPTIMIZE)

$(BUILD)/src/%.o: src/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(LIBRARY) $(OPTIMIZE_FILE) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/tools/%.o: tools/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) -DMOTE_MEMORY_MB=$(MEMORY_MB) -DMOTE_DATA_MB=$(DATA_MB) $(BASE) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(PROGRAM_FILES): tools/%: $(BUILD)/tools/%.o $(TOOL_OBJECTS) $(BUILD)/libmote.a
	$(CXX) $(OPTIMIZE) $(CXXFLAGS) -Wl,--gc-sections $^ $(LDFLAGS) -o $@

$(BUILD)/mnist/%: tools/mnist/%.gz
	@mkdir -p $(@D)
	gunzip -c $< > $@

$(BUILD)/mnist/verified: tools/mnist/SHA256SUMS $(MNIST)
	cd $(@D) && sha256sum --check --quiet $(abspath $<)
	@touch $@

test: all $(BUILD)/tests/mote_tests ## Build and run the tests (needs GoogleTest: libgtest-dev)
	$(BUILD)/tests/mote_tests --gtest_brief=1

$(BUILD)/tests/%.o: tests/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) -Isrc -Itools $(BASE) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/tests/mote_tests: $(TEST_OBJECTS) $(TOOL_OBJECTS) $(BUILD)/libmote.a
	$(CXX) $(OPTIMIZE) $(CXXFLAGS) $^ $(LDFLAGS) -lgtest_main -lgtest -pthread -o $@

format: ## Lay out all sources with clang-format
	clang-format -i $(wildcard include/mote/*.hpp src/*.hpp src/*.cpp tools/*.hpp tools/*.cpp tests/*.hpp tests/*.cpp)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables: CXX, OPTIMIZE (-O2), CXXFLAGS, LDFLAGS, BUILD (build), WERROR, MEMORY_MB (512), DATA_MB (256)"

clean: ## Remove everything that was built
	rm -rf $(BUILD) $(PROGRAM_FILES)

-include $(wildcard $(BUILD)/src/*.d $(BUILD)/tools/*.d $(BUILD)/tests/*.d)
