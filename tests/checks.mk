# SPDX-License-Identifier: MIT
# The tests and the tools once more, under whatever else finds mistakes. Included by the Makefile. Each builds into a
# folder of its own.

# For what makes compiling or running slow: numeric files once, for any processor.
NARROW   := DISPATCH= BUILDS=baseline SET_baseline= OPTIMIZE=-O1
SANITIZE := -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

.PHONY: sanitize sanitize-memory sanitize-threads file-costs

sanitize: sanitize-memory sanitize-threads ## Run the tests under the sanitizers: addresses and undefined behaviour, then threads

sanitize-memory:
	+$(MAKE) BUILD=build/sanitize $(NARROW) CXXFLAGS='$(SANITIZE)' test

sanitize-threads:
	+$(MAKE) BUILD=build/tsan $(NARROW) CXXFLAGS='-g -fsanitize=thread' TEST_FILTER='*Thread*:*Parallel*:*Worker*' test

file-costs: all $(BUILD)/costs/file_costs ## Measure saving and loading the largest network that the tools hold
	$(BUILD)/costs/file_costs $(BUILD)

$(BUILD)/costs/%.o: tests/costs/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) -Itools -DMOTE_MEMORY_MB=$(MEMORY_MB) -DMOTE_DATA_MB=$(DATA_MB) $(BASE) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/costs/file_costs: $(BUILD)/costs/file_costs.o $(TOOL_OBJECTS) $(BUILD)/libmote.a
	$(call say,LINK,$@) $(CXX) $(CXXFLAGS) $^ $(LDFLAGS) -pthread -o $@
