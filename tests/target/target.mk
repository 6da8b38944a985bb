# SPDX-License-Identifier: MIT
# Cross-builds for Cortex-M, and their run under emulation. Included by the Makefile.

TARGETS   := m0 m3 m4f m7 m33 m55
ARM       ?= arm-none-eabi-
TARGET_BUILD := $(BUILD)/target

# Processor; board of the emulator, its clock in MHz; flash and RAM: where, and how much. The smallest board decides
# how much RAM the images may take on all of them.
CPU_m0  := -mcpu=cortex-m0
CPU_m3  := -mcpu=cortex-m3
CPU_m4f := -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16
CPU_m7  := -mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-sp-d16
CPU_m33 := -mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16
# Vectors of floats (MVE) take subnormal numbers for 0, which would be other bits: scalars do.
CPU_m55 := -mcpu=cortex-m55+nomve.fp -mfloat-abi=hard
BOARD_m0  := microbit 16 0x0 256K 0x20000000
BOARD_m3  := mps2-an385 25 0x0 4M 0x20000000
BOARD_m4f := mps2-an386 25 0x0 4M 0x20000000
BOARD_m7  := mps2-an500 25 0x0 4M 0x20000000
BOARD_m33 := mps2-an505 20 0x10000000 4M 0x38000000
BOARD_m55 := mps3-an547 32 0x10000000 512K 0x30000000
TARGET_RAM := 16K
# What the images say they need at most; the tests compare it with what they used.
TARGET_STACK := 2048

board = $(word $2,$(BOARD_$1))

TARGET_FLAGS := $(LIBRARY) -mthumb -ffreestanding -Os -fno-tree-loop-distribute-patterns -fstack-usage -fcallgraph-info=su \
                -Iinclude -Itests/target -I$(TARGET_BUILD) -DMOTE_MAX_LAYERS=4 \
                -DMOTE_MNIST='"$(BUILD)/mnist"' -DMOTE_SMALL_MNIST='"$(TARGET_BUILD)/mnist"'
TARGET_SOURCES := $(wildcard src/*.cpp)
TARGET_DATA    := $(TARGET_BUILD)/mnist/train-images $(TARGET_BUILD)/mnist/t10k-images
IMAGES         := train train_adam
FLAGS_train_adam := -DMOTE_TRAIN_WITH_ADAM
IMAGE_SOURCE    = $(firstword $(subst _, ,$1))

define target_rules
$(TARGET_BUILD)/$1/src/%.o: src/%.cpp tests/target/target.mk
	@mkdir -p $$(@D)
	$$(call say,CXX,$$@) $(ARM)g++ $(CPU_$1) $(TARGET_FLAGS) -MMD -MP -c $$< -o $$@

$(TARGET_BUILD)/$1/libmote.a: $(TARGET_SOURCES:src/%.cpp=$(TARGET_BUILD)/$1/src/%.o)
	$$(call say,AR,$$@) rm -f $$@ && $(ARM)ar rcs $$@ $$^

$(TARGET_BUILD)/$1/%.o: tests/target/%.cpp tests/target/target.mk
	@mkdir -p $$(@D)
	$$(call say,CXX,$$@) $(ARM)g++ $(CPU_$1) $(TARGET_FLAGS) -DMOTE_CLOCK_MHZ=$(call board,$1,2) -MMD -MP -c $$< -o $$@

$(foreach image,$(IMAGES),$(call image_rules,$1,$(image)))
endef

define image_rules
$(TARGET_BUILD)/$1/$2.o: tests/target/$(call IMAGE_SOURCE,$2).cpp $(TARGET_DATA) tests/target/target.mk
	@mkdir -p $$(@D)
	$$(call say,CXX,$$@) $(ARM)g++ $(CPU_$1) $(TARGET_FLAGS) $(FLAGS_$2) -DMOTE_CLOCK_MHZ=$(call board,$1,2) -MMD -MP -c $$< -o $$@

$(TARGET_BUILD)/$1/$2.elf: $(TARGET_BUILD)/$1/$2.o $(TARGET_BUILD)/$1/startup.o $(TARGET_BUILD)/$1/report.o $(TARGET_BUILD)/$1/libmote.a tests/target/board.ld
	$$(call say,LINK,$$@) $(ARM)g++ $(CPU_$1) -mthumb -nostdlib -Wl,--gc-sections -Wl,--fatal-warnings -Wl,-Map=$$@.map \
	    -Wl,--defsym=flash_start=$(call board,$1,3) -Wl,--defsym=flash_size=$(call board,$1,4) \
	    -Wl,--defsym=ram_start=$(call board,$1,5) -Wl,--defsym=ram_size=$(TARGET_RAM) -Wl,--defsym=stack_size=$(TARGET_STACK) \
	    -T tests/target/board.ld $$(filter %.o %.a,$$^) -lgcc -o $$@

endef
$(foreach target,$(TARGETS),$(eval $(call target_rules,$(target))))

# The same programs for the host.
$(TARGET_BUILD)/host/%.o: tests/target/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) -Itests/target -I$(TARGET_BUILD) -DMOTE_MNIST='"$(BUILD)/mnist"' -DMOTE_SMALL_MNIST='"$(TARGET_BUILD)/mnist"' $(BASE) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

define host_image_rules
$(TARGET_BUILD)/host/$1.o: tests/target/$(call IMAGE_SOURCE,$1).cpp $(TARGET_DATA) $(BUILD)/flags
	@mkdir -p $$(@D)
	$$(call say,CXX,$$@) $(CXX) $(CPPFLAGS) $(FLAGS_$1) -Itests/target -I$(TARGET_BUILD) -DMOTE_MNIST='"$(BUILD)/mnist"' -DMOTE_SMALL_MNIST='"$(TARGET_BUILD)/mnist"' $(BASE) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $$< -o $$@
$(TARGET_BUILD)/host/$1: $(TARGET_BUILD)/host/$1.o $(TARGET_BUILD)/host/host.o $(TARGET_BUILD)/host/report.o $(BUILD)/libmote.a
	$$(call say,LINK,$$@) $(CXX) $(OPTIMIZE) $(CXXFLAGS) $$^ $(LDFLAGS) -o $$@
endef
$(foreach image,$(IMAGES),$(eval $(call host_image_rules,$(image))))

$(TARGET_BUILD)/halve_images: $(TARGET_BUILD)/host/halve_images.o $(BUILD)/libmote.a
	$(call say,LINK,$@) $(CXX) $(OPTIMIZE) $(CXXFLAGS) $^ $(LDFLAGS) -o $@

$(TARGET_BUILD)/mnist/%-images: $(BUILD)/mnist/%-images-idx3-ubyte $(TARGET_BUILD)/halve_images
	@mkdir -p $(@D)
	$(call say,HALVE,$@) $(TARGET_BUILD)/halve_images $< 500 > $@

target: $(foreach target,$(TARGETS),$(IMAGES:%=$(TARGET_BUILD)/$(target)/%.elf)) ## Cross-build the library and images for Cortex-M (needs gcc-arm-none-eabi)

$(TARGET_BUILD)/tests/%.o: tests/target/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) $(BASE) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(TARGET_BUILD)/target_tests: $(TARGET_BUILD)/tests/target_test.o
	$(call say,LINK,$@) $(CXX) $(OPTIMIZE) $(CXXFLAGS) $^ $(LDFLAGS) -lgtest_main -lgtest -pthread -o $@

test-target: target $(IMAGES:%=$(TARGET_BUILD)/host/%) $(TARGET_BUILD)/target_tests ## Run the images on emulated boards, and compare with the host (needs qemu-system-arm)
	MOTE_BUILD=$(BUILD) MOTE_BOARDS='$(foreach target,$(TARGETS),$(target):$(call board,$(target),1))' $(TARGET_BUILD)/target_tests --gtest_brief=1

-include $(wildcard $(TARGET_BUILD)/*/*.d $(TARGET_BUILD)/*/src/*.d)
