# SPDX-License-Identifier: MIT
# Checks beside `make test`: sanitizers, static analysis, valgrind, coverage. Included by the Makefile. Each check that
# compiles has its own build folder.

# For slow checks: compiles the numeric files once, for any processor.
NARROW   := DISPATCH= BUILDS=baseline SET_baseline= OPTIMIZE=-O1
SANITIZE := -g -fno-omit-frame-pointer -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all

.PHONY: test-small sanitize sanitize-memory sanitize-threads lint cppcheck valgrind coverage file-costs

sanitize: sanitize-memory sanitize-threads ## Run the tests under the sanitizers of addresses, undefined behavior and threads

# The tests of `make install` and `make package` would compile the numeric files for more processors, and the commands of the
# documents train on all of MNIST: many minutes each under sanitizers, which reserve more memory than the limits of tests.
# GCC takes parts of std::regex for uninitialized.
sanitize-memory:
	+$(MAKE) BUILD=build/sanitize $(NARROW) CXXFLAGS='$(SANITIZE) $(if $(IS_CLANG),,-Wno-maybe-uninitialized)' TEST_FILTER='-Install.*:Package.*:*Documents.*:CompilerOptions.*:*UnderAMemoryLimit' test

# Builds only the tests with threads.
sanitize-threads:
	+$(MAKE) BUILD=build/tsan $(NARROW) CXXFLAGS='-g -fsanitize=thread' TEST_FILTER='*Thread*:*Parallel*:*Worker*' test \
	    TESTS='$(patsubst tests/%_test.cpp,%,$(shell grep -l 'Thread\|Parallel\|Worker' tests/*/*_test.cpp))' \
	    TESTED_TOOLS='$(patsubst $(BUILD)/tools/%.o,%,$(TOOL_OBJECTS))'

# The code for microcontrollers on the host, without tests of threads, of many layers, and of the memory of the host.
WITHOUT_SMALL := *Thread*:*Worker*:Parallel.*:Checkpoint*:FlashRecord.HoldsACheckpoint:Network.RefusesMisalignedMemory:TableData.NeedsTheMemoryThatItNames:Install*:Examples*:Amalgamation*:Structure*:Symbols*:TopologyCheck.Largest*:TrainDiagnose.GoesWith*:TrainOptions.RefusesWhatDoesNotFit*
test-small: ## Run the tests with the code for microcontrollers
	+$(MAKE) BUILD=build/small $(NARROW) CXXFLAGS=-DMOTE_MICROCONTROLLER TEST_FILTER='-$(WITHOUT_SMALL)' test

# Lints numeric files in their baseline build, and other files in the build with dispatch.
LINT_FLAGS = -std=c++17 $(CPPFLAGS) -Isrc -Itools -DMOTE_MEMORY_MB=$(MEMORY_MB) -DMOTE_DATA_MB=$(DATA_MB)
LINTED    := $(SOURCES) $(wildcard tools/*.cpp tools/*/*.cpp)

lint: cppcheck $(LINTED:%=build/lint/%.ok) ## Check the sources with clang-tidy and cppcheck (.clang-tidy and .cppcheck list the checks that are off)

build/lint/%.ok: % .clang-tidy $(HEADERS) $(wildcard src/*/*.hpp src/*/*.def tools/*/*.hpp)
	@mkdir -p $(@D)
	$(call say,TIDY,$<) clang-tidy --quiet $< -- $(LINT_FLAGS) $(if $(filter $(NUMERIC:%=src/%.cpp),$<),$(SET_baseline),$(DISPATCH)) 2> $@.log || { cat $@.log; exit 1; }
	@touch $@

cppcheck:
	@mkdir -p build/lint
	cppcheck --quiet --std=c++17 --language=c++ --enable=warning,style,performance,portability --inline-suppr \
	    --suppressions-list=.cppcheck --error-exitcode=1 --template='{file}:{line}: {severity}: {message} [{id}]' \
	    -Iinclude -Isrc -Itools src tools

# Valgrind makes programs about fifty times slower, so it runs only the tests of files, a short training, its resumption
# and predict.
VALGRIND := valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=all
VALGRIND_TESTS := Idx.*:Json.*:ModelFile.*:ModelHeader.*:Checkpoint.*:FlashRecord.*-*PowerCut*
GRINDED  = $(BUILD)/valgrind

valgrind: all $(BUILD)/tests/mote_tests ## Run the tests of files, train and predict under valgrind
	@mkdir -p $(GRINDED)
	MOTE_BUILD=$(BUILD) MOTE_TOOLS=$(PROGRAM_FOLDER) $(VALGRIND) $(BUILD)/tests/mote_tests --gtest_brief=1 --gtest_filter='$(VALGRIND_TESTS)'
	$(VALGRIND) $(PROGRAM_FOLDER)/train --train-limit 300 --validation 100 --epochs 2 --hidden 16 --threads 2 --diagnose --plot \
	    --save $(GRINDED)/model --checkpoint $(GRINDED)/checkpoint --report $(GRINDED)/report.html --log $(GRINDED)/log.csv > $(GRINDED)/train.txt
	$(VALGRIND) $(PROGRAM_FOLDER)/train --resume $(GRINDED)/checkpoint > $(GRINDED)/resume.txt
	$(VALGRIND) $(PROGRAM_FOLDER)/predict $(GRINDED)/model $(BUILD)/mnist/t10k-images-idx3-ubyte > $(GRINDED)/predict.txt
	@echo 'valgrind: no errors, no leaks'

# Leaves out tests that run compilers, and long trainings by the tools: counting makes every loop ten times slower.
UNCOUNTED := Accuracy.* Bench.* Gradients.* GradientsReport.* HiddenActivations* Install.* Amalgamation.* CompilerOptions.* Symbols.* Structure.* \
             Readme.* Examples.* TrainPictures.* *SurviveKills* Export.IsACpp* ExportOfMnist.*

coverage: ## Print the percentage of the library's lines and branches that the tests run (needs gcovr)
	+$(MAKE) BUILD=build/coverage $(NARROW) OPTIMIZE=-O0 CXXFLAGS='--coverage -fprofile-update=atomic' LDFLAGS=--coverage \
	    TEST_FILTER='-$(call with_colons,$(UNCOUNTED))' test
	gcovr --root . --filter src/ --filter include/mote/ --exclude-throw-branches --exclude-unreachable-branches \
	    --txt build/coverage/lines.txt --print-summary build/coverage

file-costs: all $(BUILD)/costs/file_costs ## Measure time and memory to save and load the largest network of the tools
	$(BUILD)/costs/file_costs $(BUILD)

$(BUILD)/costs/%.o: tests/costs/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) -Itools -DMOTE_MEMORY_MB=$(MEMORY_MB) -DMOTE_DATA_MB=$(DATA_MB) $(BASE) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/costs/file_costs: $(BUILD)/costs/file_costs.o $(TOOL_OBJECTS) $(BUILD)/libmote.a
	$(call say,LINK,$@) $(CXX) $(CXXFLAGS) $^ $(LDFLAGS) -pthread -o $@
