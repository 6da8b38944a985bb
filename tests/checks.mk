# SPDX-License-Identifier: MIT
# The tests and the tools once more, under whatever else finds mistakes. Included by the Makefile. Each builds into a
# folder of its own.

# For what makes compiling or running slow: numeric files once, for any processor.
NARROW   := DISPATCH= BUILDS=baseline SET_baseline= OPTIMIZE=-O1
SANITIZE := -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

.PHONY: sanitize sanitize-memory sanitize-threads lint cppcheck valgrind coverage file-costs

sanitize: sanitize-memory sanitize-threads ## Run the tests under the sanitizers: addresses and undefined behaviour, then threads

# Installing would build numeric files for more processors, which takes the sanitizers many minutes each.
sanitize-memory:
	+$(MAKE) BUILD=build/sanitize $(NARROW) CXXFLAGS='$(SANITIZE)' TEST_FILTER='-Install.*' test

# Only those that have threads need building.
sanitize-threads:
	+$(MAKE) BUILD=build/tsan $(NARROW) CXXFLAGS='-g -fsanitize=thread' TEST_FILTER='*Thread*:*Parallel*:*Worker*' test \
	    TESTS='$(patsubst tests/%_test.cpp,%,$(shell grep -l 'Thread\|Parallel\|Worker' tests/*/*_test.cpp))' \
	    TESTED_TOOLS='$(patsubst $(BUILD)/tools/%.o,%,$(TOOL_OBJECTS))'

# Numeric files as they are compiled for any processor, the others as they are where there is a choice.
LINT_FLAGS = -std=c++17 $(CPPFLAGS) -Isrc -Itools -DMOTE_MEMORY_MB=$(MEMORY_MB) -DMOTE_DATA_MB=$(DATA_MB)
LINTED    := $(SOURCES) $(wildcard tools/*.cpp tools/*/*.cpp)

lint: cppcheck $(LINTED:%=build/lint/%.ok) ## Look for mistakes with clang-tidy and cppcheck (.clang-tidy, .cppcheck say for which)

build/lint/%.ok: % .clang-tidy $(HEADERS) $(wildcard src/*/*.hpp src/*/*.def tools/*/*.hpp)
	@mkdir -p $(@D)
	$(call say,TIDY,$<) clang-tidy --quiet $< -- $(LINT_FLAGS) $(if $(filter $(NUMERIC:%=src/%.cpp),$<),$(SET_baseline),$(DISPATCH)) 2> $@.log || { cat $@.log; exit 1; }
	@touch $@

cppcheck:
	@mkdir -p build/lint
	cppcheck --quiet --std=c++17 --language=c++ --enable=warning,style,performance,portability --inline-suppr \
	    --suppressions-list=.cppcheck --error-exitcode=1 --template='{file}:{line}: {severity}: {message} [{id}]' \
	    -Iinclude -Isrc -Itools src tools

# A part of the tests, as valgrind takes fifty times as long; a short training, its resumption, what it learnt at work.
VALGRIND := valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=all
VALGRIND_TESTS := Idx.*:Json.*:ModelFile.*:ModelHeader.*:Checkpoint.*:FlashRecord.*-*PowerCut*
GRINDED  = $(BUILD)/valgrind

valgrind: all $(BUILD)/tests/mote_tests ## Run a part of the tests, and the tools, under valgrind
	@mkdir -p $(GRINDED)
	MOTE_BUILD=$(BUILD) MOTE_TOOLS=$(PROGRAM_FOLDER) $(VALGRIND) $(BUILD)/tests/mote_tests --gtest_brief=1 --gtest_filter='$(VALGRIND_TESTS)'
	$(VALGRIND) $(PROGRAM_FOLDER)/train --train-limit 300 --validation 100 --epochs 2 --hidden 16 --threads 2 --diagnose --plot \
	    --save $(GRINDED)/model --checkpoint $(GRINDED)/checkpoint --report $(GRINDED)/report.html --log $(GRINDED)/log.csv > $(GRINDED)/train.txt
	$(VALGRIND) $(PROGRAM_FOLDER)/train --resume $(GRINDED)/checkpoint > $(GRINDED)/resume.txt
	$(VALGRIND) $(PROGRAM_FOLDER)/predict $(GRINDED)/model $(BUILD)/mnist/t10k-images-idx3-ubyte > $(GRINDED)/predict.txt
	@echo 'valgrind: no errors, no leaks'

# Left out are tests that run compilers, and long trainings by the tools: counting makes every loop ten times as slow.
UNCOUNTED := Accuracy.* Bench.* Gradients.* GradientsReport.* HiddenActivations* Install.* Amalgamation.* Symbols.* Structure.* \
             Readme.* TrainPictures.* *SurviveKills* Export.IsACpp* ExportOfMnist.*

coverage: ## Print which share of the library's lines and branches the tests run (needs gcovr)
	+$(MAKE) BUILD=build/coverage $(NARROW) OPTIMIZE=-O0 CXXFLAGS='--coverage -fprofile-update=atomic' LDFLAGS=--coverage \
	    TEST_FILTER='-$(call with_colons,$(UNCOUNTED))' test
	gcovr --root . --filter src/ --filter include/mote/ --exclude-throw-branches --exclude-unreachable-branches \
	    --txt build/coverage/lines.txt --print-summary build/coverage

file-costs: all $(BUILD)/costs/file_costs ## Measure saving and loading the largest network that the tools hold
	$(BUILD)/costs/file_costs $(BUILD)

$(BUILD)/costs/%.o: tests/costs/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) -Itools -DMOTE_MEMORY_MB=$(MEMORY_MB) -DMOTE_DATA_MB=$(DATA_MB) $(BASE) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/costs/file_costs: $(BUILD)/costs/file_costs.o $(TOOL_OBJECTS) $(BUILD)/libmote.a
	$(call say,LINK,$@) $(CXX) $(CXXFLAGS) $^ $(LDFLAGS) -pthread -o $@
