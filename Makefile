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
ifeq ($(ARITHMETIC),separate)
CPPFLAGS += -DMOTE_SEPARATE_ARITHMETIC
endif
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

# On x86-64 the numeric files are compiled three times; src/instruction_set.cpp chooses when the program runs, and asks the
# processor for exactly these features.
ifneq ($(filter x86_64-%,$(shell $(CXX) -dumpmachine 2>/dev/null)),)
DISPATCH := -DMOTE_DISPATCH
BUILDS   := baseline v3 v4
SET_baseline := -DMOTE_NUMERIC=mote::x86_baseline
SET_v3       := -DMOTE_NUMERIC=mote::x86_v3 -mavx2 -mfma
SET_v4       := -DMOTE_NUMERIC=mote::x86_v4 -mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512
else
BUILDS   := baseline
endif

LIBRARY_OBJECTS := $(patsubst src/%.cpp,$(BUILD)/src/%.o,$(filter-out $(NUMERIC:%=src/%.cpp),$(wildcard src/*.cpp))) \
                   $(foreach build,$(BUILDS),$(NUMERIC:%=$(BUILD)/src/%.$(build).o))
PROGRAMS        := train
# The default build puts the programs beside their sources, where the README runs them; others keep theirs to themselves.
PROGRAM_FOLDER  := $(if $(filter build,$(BUILD)),tools,$(BUILD)/tools)
PROGRAM_FILES   := $(PROGRAMS:%=$(PROGRAM_FOLDER)/%)
TOOL_OBJECTS    := $(patsubst tools/%.cpp,$(BUILD)/tools/%.o,$(filter-out $(PROGRAMS:%=tools/%.cpp),$(wildcard tools/*.cpp)))
TEST_OBJECTS    := $(patsubst tests/%.cpp,$(BUILD)/tests/%.o,$(wildcard tests/*.cpp))
MNIST           := $(patsubst tools/mnist/%.gz,$(BUILD)/mnist/%,$(wildcard tools/mnist/*.gz))

# One short line a step; `make V=1` shows the commands.
say = $(if $(V),,@printf '%-7s %s\n' '$1' '$2' &&)

.PHONY: all test format help clean data
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/libmote.a $(PROGRAM_FILES) data ## Build the library, the tools and unpack the data (the default)

data: $(BUILD)/mnist/verified

# Everything is rebuilt when the compiler or the flags change.
FLAGS_NOW := $(CXX) $(COMPILER) $(CPPFLAGS) $(CXXFLAGS) $(BASE) $(KERNEL_OPTIMIZE) $(NUMERIC_OPTIMIZE) $(BUILDS:%=$(SET_%)) $(MEMORY_MB) $(DATA_MB)
ifeq ($(filter help clean format,$(MAKECMDGOALS)),)
IGNORED := $(shell mkdir -p $(BUILD); printf '%s\n' '$(FLAGS_NOW)' | cmp -s - $(BUILD)/flags || \
                   printf '%s\n' '$(FLAGS_NOW)' > $(BUILD)/flags)
endif

$(BUILD)/libmote.a: $(LIBRARY_OBJECTS)
	$(call say,AR,$@) rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/src/%.o: src/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) $(LIBRARY) $(DISPATCH) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

# build/src/kernels.v3.o and its like: file $*, instruction set $1.
define numeric_rule
$(BUILD)/src/%.$1.o: src/%.cpp $(BUILD)/flags
	@mkdir -p $$(@D)
	$$(call say,CXX,$$@) $(CXX) $(CPPFLAGS) $(LIBRARY) $(SET_$1) $$(if $$(filter kernels,$$*),$(KERNEL_OPTIMIZE),$(NUMERIC_OPTIMIZE)) $(CXXFLAGS) -MMD -MP -c $$< -o $$@
endef
$(foreach build,$(BUILDS),$(eval $(call numeric_rule,$(build))))

$(BUILD)/tools/%.o: tools/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) -DMOTE_MEMORY_MB=$(MEMORY_MB) -DMOTE_DATA_MB=$(DATA_MB) $(BASE) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(PROGRAM_FILES): $(PROGRAM_FOLDER)/%: $(BUILD)/tools/%.o $(TOOL_OBJECTS) $(BUILD)/libmote.a
	$(call say,LINK,$@) $(CXX) $(OPTIMIZE) $(CXXFLAGS) -Wl,--gc-sections $^ $(LDFLAGS) -o $@

$(BUILD)/mnist/%: tools/mnist/%.gz
	@mkdir -p $(@D)
	$(call say,GUNZIP,$@) gunzip -c $< > $@

$(BUILD)/mnist/verified: tools/mnist/SHA256SUMS $(MNIST)
	@cd $(@D) && sha256sum --check --quiet $(abspath $<)
	@touch $@

test: all $(BUILD)/tests/mote_tests ## Build and run the tests (needs GoogleTest: libgtest-dev)
	MOTE_BUILD=$(BUILD) MOTE_CXX='$(CXX)' MOTE_LINK='$(CXXFLAGS) $(LDFLAGS)' MOTE_TOOLS=$(PROGRAM_FOLDER) $(BUILD)/tests/mote_tests --gtest_brief=1

$(BUILD)/tests/%.o: tests/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) -Isrc -Itools $(BASE) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/tests/mote_tests: $(TEST_OBJECTS) $(TOOL_OBJECTS) $(BUILD)/libmote.a
	$(call say,LINK,$@) $(CXX) $(OPTIMIZE) $(CXXFLAGS) $^ $(LDFLAGS) -lgtest_main -lgtest -pthread -o $@

format: ## Lay out all sources with clang-format
	clang-format -i $(wildcard include/mote/*.hpp src/*.hpp src/*.cpp tools/*.hpp tools/*.cpp tests/*.hpp tests/*.cpp)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables: CXX, OPTIMIZE (-O2), CXXFLAGS, LDFLAGS, BUILD (build), WERROR, ARITHMETIC (native, separate), MEMORY_MB (512), DATA_MB (256)"

clean: ## Remove everything that was built
	rm -rf $(BUILD) $(PROGRAM_FILES)

-include $(wildcard $(BUILD)/src/*.d $(BUILD)/tools/*.d $(BUILD)/tests/*.d)
