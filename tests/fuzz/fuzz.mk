# SPDX-License-Identifier: MIT
# Programs for libFuzzer, one per reader of untrusted bytes. Included by the Makefile.

FUZZ_TARGETS := idx pgm csv model foreign checkpoint flash options
SECONDS      ?= 60
FUZZ         := build/fuzz
# Objects of the tools that the readers need.
FUZZ_TOOLS   := $(addprefix common/,error file_format format input_file nearest) \
                $(addprefix data/,csv csv_number idx_numbers image_files image_input large_pages packed_file pnm row_split safetensors set_members table_data table_layout table_warnings) \
                $(addprefix run/,foreign_layers foreign_model learning_options network_options run_options settings settings_checks) benchmarks/bench_options
# Longest input, in bytes.
FUZZ_LENGTH_idx        := 64
FUZZ_LENGTH_pgm        := 64
FUZZ_LENGTH_csv        := 256
FUZZ_LENGTH_model      := 2048
FUZZ_LENGTH_foreign    := 1024
FUZZ_LENGTH_checkpoint := 4096
FUZZ_LENGTH_flash      := 1024
FUZZ_LENGTH_options    := 256

FUZZ_DICT_model   := -dict=$(FUZZ)/seeds/model.dict
FUZZ_DICT_foreign := -dict=$(FUZZ)/seeds/model.dict
FUZZ_DICT_options := -dict=$(FUZZ)/seeds/options.dict

FUZZ_BUILD := $(MAKE) CXX=clang++ BUILD=$(FUZZ) $(NARROW) CXXFLAGS='$(SANITIZE) -Wno-pass-failed -fsanitize=fuzzer-no-link'

.PHONY: fuzz fuzz-seeds $(FUZZ_TARGETS:%=fuzz-%)

fuzz: $(FUZZ_TARGETS:%=fuzz-%) ## Fuzz every reader of files for SECONDS (60) under sanitizers (needs clang, libclang-rt-dev)

fuzz-seeds:
	+$(FUZZ_BUILD) $(FUZZ_TARGETS:%=$(FUZZ)/fuzz/%) $(FUZZ)/fuzz/seeds
	$(FUZZ)/fuzz/seeds $(FUZZ)/seeds

# Runs one reader after the other. The next run continues from the corpus; findings are kept and named.
$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: fuzz-seeds
	@mkdir -p $(FUZZ)/corpus/$* $(FUZZ)/findings
	@$(FUZZ)/fuzz/$* -max_total_time=$(SECONDS) -max_len=$(FUZZ_LENGTH_$*) -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 \
	    -verbosity=1 -artifact_prefix=$(FUZZ)/findings/$*- $(FUZZ_DICT_$*) $(FUZZ_OPTIONS) \
	    $(FUZZ)/corpus/$* $(FUZZ)/seeds/$* 2> $(FUZZ)/$*.log || { tail -n 40 $(FUZZ)/$*.log; exit 1; }
	@printf '%-10s ' $*; awk '/number_of_executed_units/ { n = $$2 } /average_exec/ { a = $$2 } \
	    / cov: / { for (i = 1; i < NF; ++i) { if ($$i == "cov:") c = $$(i + 1); if ($$i == "corp:") f = $$(i + 1) } } \
	    END { print n " executions, " a " a second, " c " edges, corpus " f ", no findings" }' $(FUZZ)/$*.log

$(FUZZ)/fuzz/%.o: tests/fuzz/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) -Isrc -Itools -Itests -Itests/fuzz $(BASE) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(FUZZ)/fuzz/seeds: $(FUZZ)/fuzz/seeds.o $(FUZZ_TOOLS:%=$(FUZZ)/tools/%.o) $(BUILD)/libmote.a
	$(call say,LINK,$@) $(CXX) $(CXXFLAGS) $^ $(LDFLAGS) -lgtest -pthread -o $@

$(FUZZ_TARGETS:%=$(FUZZ)/fuzz/%): $(FUZZ)/fuzz/%: $(FUZZ)/fuzz/%.o $(FUZZ_TOOLS:%=$(FUZZ)/tools/%.o) $(BUILD)/libmote.a
	$(call say,LINK,$@) $(CXX) $(CXXFLAGS) -fsanitize=fuzzer $^ $(LDFLAGS) -pthread -o $@

-include $(wildcard $(FUZZ)/fuzz/*.d)
