# SPDX-License-Identifier: MIT
# The tests on other processors, big-endian s390x among them, each by qemu's emulation of a user's program. Included by
# the Makefile.

MACHINES := aarch64 armhf riscv64 s390x
TRIPLE_aarch64 := aarch64-linux-gnu
TRIPLE_armhf   := arm-linux-gnueabihf
TRIPLE_riscv64 := riscv64-linux-gnu
TRIPLE_s390x   := s390x-linux-gnu
QEMU_armhf     := arm
# GCC says how calls changed in its version 7.
NOTES_armhf    := -Wno-psabi
# Debian's package googletest: what is installed of libgtest-dev is for this processor.
GOOGLETEST     ?= /usr/src/googletest/googletest

# Left out are tests that run compilers, whose programs would be this processor's, or tools of a processor's makers, and those
# that train for seconds natively, which emulation makes a hundred times as long.
NOT_EMULATED := Readme.* Install.* Amalgamation.* Structure.* Symbols.* Export.IsACppHeader*
TOO_LONG     := ExportOfMnist.* *SurviveKills* Bench* GradientsReport.* Gradients.TrainingFalls* Gradients.NormsHold* Gradients.Explode* Gradients.Bound* Gradients.Variance*

test-emulated: $(MACHINES:%=test-%) ## Run the tests on emulated aarch64, armhf, riscv64 and s390x (needs g++-s390x-linux-gnu etc., qemu-user)

$(MACHINES:%=test-%): test-%:
	+$(MAKE) BUILD=$(BUILD)/$* CXX=$(TRIPLE_$*)-g++ AR=$(TRIPLE_$*)-ar CXXFLAGS='$(NOTES_$*)' LDFLAGS='-static -L$(BUILD)/$*/gtest' EMULATOR=qemu-$(or $(QEMU_$*),$*) emulated-tests

# What depends on the order of bytes, the width of pointers and how numbers are rounded.
test-emulated-quick: ## The same for files, sums and fingerprints only, which takes minutes
	+$(MAKE) test-emulated BUILD=$(BUILD)/quick OPTIMIZE=-O1 \
	    TESTS='core/bytes core/checksum core/random products/products dispatch/fingerprint training/dataset files/idx files/json \
	           files/model_file files/model_header files/checkpoint device/flash_network device/flash_record tools/image_files' \
	    TESTED_TOOLS='common/error common/input_file common/large_pages data/image_files' \
	    TOO_LONG='FlashRecord.SurvivesAPowerCutAtEveryByte Kernels.WeightGradientSumsInOrder* ModelFile.LetsNoFlippedBitIn'

ifdef EMULATOR
$(BUILD)/gtest/lib%.a: $(GOOGLETEST)/src/%.cc
	@mkdir -p $(@D)
	$(call say,AR,$@) $(CXX) -std=c++17 -O1 -I$(GOOGLETEST)/include -I$(GOOGLETEST) -c $< -o $(@:.a=.o) && rm -f $@ && $(AR) rcs $@ $(@:.a=.o)

$(BUILD)/gtest/libgtest.a: $(BUILD)/gtest/libgtest-all.a
	cp $< $@

$(BUILD)/tests/mote_tests: | $(BUILD)/gtest/libgtest.a $(BUILD)/gtest/libgtest_main.a

# Programs of the other processor, under the names by which the tests run them.
$(BUILD)/emulated/%: $(BUILD)/tools/%
	@mkdir -p $(@D)
	printf '#!/bin/sh\nexec %s %s "$$@"\n' $(EMULATOR) $(abspath $<) > $@ && chmod +x $@

emulated-tests: $(BUILD)/tests/mote_tests $(if $(TESTS),,$(PROGRAMS:%=$(BUILD)/emulated/%)) data
	MOTE_BUILD=$(BUILD) MOTE_CXX='$(CXX)' MOTE_TOOLS=$(BUILD)/emulated $(EMULATOR) $(BUILD)/tests/mote_tests --gtest_brief=1 --gtest_filter='-$(call with_colons,$(NOT_EMULATED) $(TOO_LONG))'
endif
