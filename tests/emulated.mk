# SPDX-License-Identifier: MIT
# The tests on other processors, big-endian s390x among them, under qemu's user-mode emulation. Included by the Makefile.

MACHINES := aarch64 armhf riscv64 s390x
TRIPLE_aarch64 := aarch64-linux-gnu
TRIPLE_armhf   := arm-linux-gnueabihf
TRIPLE_riscv64 := riscv64-linux-gnu
TRIPLE_s390x   := s390x-linux-gnu
QEMU_armhf     := arm
# Silences GCC's notes about the change of calls in version 7.
NOTES_armhf    := -Wno-psabi
# Sources of GoogleTest, from Debian's package googletest: libgtest-dev has libraries for this processor only.
GOOGLETEST     ?= /usr/src/googletest/googletest

# Leaves out tests that run compilers or binutils, which work for this processor, and tests that train for seconds:
# emulation makes them a hundred times slower.
NOT_EMULATED := *UnderAMemoryLimit Readme.* FrontPage.* Examples.* Install.* Amalgamation.* CompilerOptions.* Structure.* Symbols.* Export.IsACppHeader*
TOO_LONG     := ExportOfMnist.* *SurviveKills* Bench* GradientsReport.* Gradients.TrainingFalls* Gradients.NormsHold* Gradients.Explode* Gradients.Bound* Gradients.Variance*

test-emulated: $(MACHINES:%=test-%) ## Run the tests on emulated aarch64, armhf, riscv64 and s390x (needs g++-s390x-linux-gnu etc., qemu-user)

$(MACHINES:%=test-%): test-%:
	+$(MAKE) BUILD=$(BUILD)/$* CXX=$(TRIPLE_$*)-g++ AR=$(TRIPLE_$*)-ar CXXFLAGS='$(NOTES_$*)' LDFLAGS='-static -L$(BUILD)/$*/gtest' EMULATOR=qemu-$(or $(QEMU_$*),$*) emulated-tests

QUICK_TESTS := core/bytes core/checksum core/inputs core/random products/integer_product products/products dispatch/fingerprint training/dataset training/training_inputs files/idx files/json \
               files/model_file files/model_header files/checkpoint device/anomaly device/flash_inputs device/flash_network device/flash_record \
               device/calibration device/integer_conversion device/integer_network tools/image_files tools/machine_sounds

# The tests that depend on byte order, pointer width and rounding.
test-emulated-quick: ## Run the tests of files, sums and fingerprints on these processors, within minutes
	+$(MAKE) test-emulated BUILD=$(BUILD)/quick OPTIMIZE=-O1 \
	    TESTS='$(QUICK_TESTS)' \
	    TESTED_TOOLS='common/error common/format common/input_file data/idx_numbers data/image_files data/large_pages data/packed_file data/set_members' \
	    TOO_LONG='IntegerConversion.KeepsThe* RunningQuantile.Deviates* FlashRecord.SurvivesAPowerCutAtEveryByte Kernels.WeightGradientSumsInOrder* ModelFile.LetsNoFlippedBitIn'

ifdef EMULATOR
$(BUILD)/gtest/lib%.a: $(GOOGLETEST)/src/%.cc
	@mkdir -p $(@D)
	$(call say,AR,$@) $(CXX) -std=c++17 -O1 -I$(GOOGLETEST)/include -I$(GOOGLETEST) -c $< -o $(@:.a=.o) && rm -f $@ && $(AR) rcs $@ $(@:.a=.o)

$(BUILD)/gtest/libgtest.a: $(BUILD)/gtest/libgtest-all.a
	cp $< $@

$(BUILD)/tests/mote_tests: | $(BUILD)/gtest/libgtest.a $(BUILD)/gtest/libgtest_main.a

# Wrappers that run the programs of the other processor, under the names that the tests use.
$(BUILD)/emulated/%: $(BUILD)/tools/%
	@mkdir -p $(@D)
	printf '#!/bin/sh\nexec %s %s "$$@"\n' $(EMULATOR) $(abspath $<) > $@ && chmod +x $@

emulated-tests: $(BUILD)/tests/mote_tests $(if $(TESTS),,$(PROGRAMS:%=$(BUILD)/emulated/%)) data
	MOTE_BUILD=$(BUILD) MOTE_CXX='$(CXX)' MOTE_TOOLS=$(BUILD)/emulated $(EMULATOR) $(BUILD)/tests/mote_tests --gtest_brief=1 --gtest_filter='-$(call with_colons,$(NOT_EMULATED) $(TOO_LONG))'
endif
