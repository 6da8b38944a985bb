# SPDX-License-Identifier: MIT
# Cross-builds for Cortex-M, run under emulation. Included by the Makefile.

TARGETS   := m0 m3 m4f m7 m33 m55
ARM       ?= arm-none-eabi-
TARGET_BUILD := $(BUILD)/target

# Per target: processor; board of the emulator, clock in MHz, start and size of flash, start and size of RAM. The
# smallest board decides the size of RAM for all images but dense_*, which have boards with room for large networks.
CPU_m0  := -mcpu=cortex-m0
CPU_m3  := -mcpu=cortex-m3
# -mfp16-format=ieee lets the unit convert weights of 16 bits.
CPU_m4f := -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16 -mfp16-format=ieee
CPU_m7  := -mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-sp-d16 -mfp16-format=ieee
CPU_m33 := -mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16 -mfp16-format=ieee
# No float vectors (MVE): they flush subnormal numbers to 0, which changes bits.
# No conditional instructions: Debian 12's assembler reads vcvt with condition ne as MVE's vcvtn.
CPU_m55 := -mcpu=cortex-m55+nomve.fp -mfloat-abi=hard -mfp16-format=ieee -fno-if-conversion2
BOARD_m0  := microbit 25 0x0 256K 0x20000000 16K
BOARD_m3  := mps2-an385 25 0x0 4M 0x20000000 16K
BOARD_m4f := mps2-an386 25 0x0 4M 0x20000000 16K
BOARD_m7  := mps2-an500 25 0x0 4M 0x20000000 16K
BOARD_m33 := mps2-an505 20 0x10000000 4M 0x38000000 16K
BOARD_m55 := mps3-an547 32 0x10000000 512K 0x30000000 16K
DENSE_m0  := mps2-an385 25 0x0 4M 0x20000000 4M
DENSE_m55 := mps3-an547 32 0x10000000 512K 0x31000000 2M
$(foreach target,m3 m4f m7 m33,$(eval DENSE_$(target) := $(wordlist 1,5,$(BOARD_$(target))) 4M))
# Stack reserved in the images; the tests compare it with the stack used.
TARGET_STACK := 2048

# Entry $2 for target $1, or for its image $3.
board = $(word $2,$(if $(filter dense_%,$3),$(DENSE_$1),$(BOARD_$1)))

TARGET_FLAGS := $(LIBRARY) -mthumb -ffreestanding -Os -fno-tree-loop-distribute-patterns -fstack-usage -fcallgraph-info=su \
                -Iinclude -Itests/target -I$(TARGET_BUILD) \
                -DMOTE_MNIST='"$(BUILD)/mnist"' -DMOTE_SMALL_MNIST='"$(TARGET_BUILD)/mnist"'
# For files without hot loops: 5 % less code.
SMALLER := -fno-tree-loop-optimize
HOT     := $(PRODUCTS) products/small_products products/integer_product products/flash_product textbook/optimizer core/vector_math
# On Cortex-M0, GCC's default allocator moves every integer product through a high register: 28 instructions for 4
# products instead of 24.
FLASH_m0 := -fira-algorithm=priority
TARGET_SOURCES := $(SOURCES)
TARGET_DATA    := $(TARGET_BUILD)/mnist/train-images $(TARGET_BUILD)/mnist/t10k-images
# Programs of the images. A suffix such as _float32 names the format of the model's weights.
IMAGES         := train train_adam infer_float32 infer_float16 infer_int8 firmware_float32 firmware_int8 firmware_integer firmware_integer16 \
                  adapt_float32 adapt_int8 adapt_integer sine sensor_int16 sensor_float dense_infer_float32 dense_infer_float16 dense_infer_int8 dense_integer dense_anomaly dense_train learner learner_adam
IMAGES_m4f     := inverted_int8
FLAGS_train_adam := -DMOTE_TRAIN_WITH_ADAM
FLAGS_learner_adam := -DMOTE_TRAIN_WITH_ADAM
FLAGS_sensor_int16 := -DMOTE_READING=std::int16_t
FLAGS_sensor_float := -DMOTE_READING=float
FLAGS_dense_infer_float16 := -DMOTE_WEIGHT=mote::Half
FLAGS_dense_infer_int8 := -DMOTE_WEIGHT=std::int8_t
MODELS         := float32 float16 int8 integer integer16
$(foreach model,$(MODELS),$(foreach image,infer firmware adapt,$(eval FLAGS_$(image)_$(model) := -I$(TARGET_BUILD)/$(model))))
FLAGS_adapt_integer += -DMOTE_INTEGERS
FLAGS_firmware_integer += -DMOTE_INTEGERS=mote::IntegerNetwork
FLAGS_firmware_integer16 += -DMOTE_INTEGERS=mote::IntegerNetwork16
# 784-256-10 and 2,000 images of digits, for one board.
FLAGS_inverted_int8 := -I$(TARGET_BUILD)/large/int8
FLAGS_inverted_float32 := -I$(TARGET_BUILD)/large/float32 -DMOTE_FLOATS
TARGET_DATA    += $(MODELS:%=$(TARGET_BUILD)/%/model.hpp) $(TARGET_BUILD)/large/int8/model.hpp $(TARGET_BUILD)/large/float32/model.hpp
IMAGE_SOURCE    = $(if $(filter dense_%,$1),dense_$(word 2,$(subst _, ,$1)),$(firstword $(subst _, ,$1)))

define target_rules
$(TARGET_BUILD)/$1/src/%.o: src/%.cpp tests/target/target.mk
	@mkdir -p $$(@D)
	$$(call say,CXX,$$@) $(ARM)g++ $(CPU_$1) $(TARGET_FLAGS) $$(if $$(filter $(HOT),$$*),$$(if $$(filter products/flash_product,$$*),$(FLASH_$1)),$(SMALLER)) -MMD -MP -c $$< -o $$@

$(TARGET_BUILD)/$1/libmote.a: $(TARGET_SOURCES:src/%.cpp=$(TARGET_BUILD)/$1/src/%.o)
	$$(call say,AR,$$@) rm -f $$@ && $(ARM)ar rcs $$@ $$^

$(TARGET_BUILD)/$1/%.o: tests/target/%.cpp tests/target/target.mk
	@mkdir -p $$(@D)
	$$(call say,CXX,$$@) $(ARM)g++ $(CPU_$1) $(TARGET_FLAGS) -DMOTE_CLOCK_MHZ=$(call board,$1,2) -MMD -MP -c $$< -o $$@

$(foreach image,$(IMAGES) $(IMAGES_$1),$(call image_rules,$1,$(image)))
endef

define image_rules
$(TARGET_BUILD)/$1/$2.o: tests/target/$(call IMAGE_SOURCE,$2).cpp $(TARGET_DATA) tests/target/target.mk
	@mkdir -p $$(@D)
	$$(call say,CXX,$$@) $(ARM)g++ $(CPU_$1) $(TARGET_FLAGS) $(FLAGS_$2) -DMOTE_CLOCK_MHZ=$(call board,$1,2) -MMD -MP -c $$< -o $$@

$(TARGET_BUILD)/$1/$2.elf: $(TARGET_BUILD)/$1/$2.o $(TARGET_BUILD)/$1/startup.o $(TARGET_BUILD)/$1/board.o $(TARGET_BUILD)/$1/report.o $(TARGET_BUILD)/$1/libmote.a tests/target/board.ld
	$$(call say,LINK,$$@) $(ARM)g++ $(CPU_$1) -mthumb -nostdlib -Wl,--gc-sections -Wl,--fatal-warnings -Wl,-Map=$$@.map \
	    -Wl,--defsym=flash_start=$(call board,$1,3,$2) -Wl,--defsym=flash_size=$(call board,$1,4,$2) \
	    -Wl,--defsym=ram_start=$(call board,$1,5,$2) -Wl,--defsym=ram_size=$(call board,$1,6,$2) -Wl,--defsym=stack_size=$(TARGET_STACK) \
	    -T tests/target/board.ld $$(filter %.o %.a,$$^) -lgcc -o $$@

endef
$(foreach target,$(TARGETS),$(eval $(call target_rules,$(target))))

# Programs of tools/examples that use neither files nor a heap of their own, for one board.
EXAMPLES_m4f := $(patsubst %,$(TARGET_BUILD)/m4f/example_%.elf,infer tune xor sine sensor resume)
$(TARGET_BUILD)/m4f/example_%.elf: tools/examples/%.cpp tools/examples/iris.hpp tests/target/hosted.cpp tests/target/board.ld $(TARGET_BUILD)/m4f/startup.o $(TARGET_BUILD)/m4f/libmote.a
	$(call say,LINK,$@) $(ARM)g++ $(CPU_m4f) -mthumb -std=c++17 -O1 -fno-exceptions -fno-rtti -fno-threadsafe-statics -ffunction-sections \
	    -fdata-sections -Iinclude -Itools -nostartfiles --specs=rdimon.specs -Wl,--gc-sections -Wl,--defsym=flash_start=0 \
	    -Wl,--defsym=flash_size=4M -Wl,--defsym=ram_start=0x20000000 -Wl,--defsym=ram_size=4M -Wl,--defsym=stack_size=8192 \
	    -Wl,--defsym=end=bss_end -T tests/target/board.ld $(filter %.cpp %.o %.a,$^) -o $@

# The programs, built for the host.
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
HOST_IMAGES := $(IMAGES) $(IMAGES_m4f) inverted_float32
$(foreach image,$(HOST_IMAGES),$(eval $(call host_image_rules,$(image))))

# The programs from the two files of `make dist`, for emulated aarch64, if its compiler is installed.
AARCH64 := $(if $(shell command -v aarch64-linux-gnu-g++),$(if $(shell command -v qemu-aarch64),train train_adam infer_float32 sine sensor_int16))
AARCH64_CXX = aarch64-linux-gnu-g++ $(CPPFLAGS) -Itests/target -I$(TARGET_BUILD) -DMOTE_MNIST='"$(BUILD)/mnist"' -DMOTE_SMALL_MNIST='"$(TARGET_BUILD)/mnist"' $(BASE) -O2

$(TARGET_BUILD)/aarch64/mote.o: $(BUILD)/dist/mote.cpp $(BUILD)/dist/mote.hpp
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(AARCH64_CXX) -c $< -o $@

define aarch64_rule
$(TARGET_BUILD)/aarch64/$1: tests/target/$(call IMAGE_SOURCE,$1).cpp tests/target/host.cpp tests/target/report.cpp $(TARGET_BUILD)/aarch64/mote.o $(TARGET_DATA)
	$$(call say,LINK,$$@) $$(AARCH64_CXX) $(FLAGS_$1) -static $$(filter %.cpp %.o,$$^) -o $$@
endef
$(foreach image,$(AARCH64),$(eval $(call aarch64_rule,$(image))))

$(TARGET_BUILD)/halve_images: $(TARGET_BUILD)/host/halve_images.o $(BUILD)/libmote.a
	$(call say,LINK,$@) $(CXX) $(OPTIMIZE) $(CXXFLAGS) $^ $(LDFLAGS) -o $@

$(TARGET_BUILD)/mnist/%-images: $(BUILD)/mnist/%-images-idx3-ubyte $(TARGET_BUILD)/halve_images
	@mkdir -p $(@D)
	$(call say,HALVE,$@) $(TARGET_BUILD)/halve_images $< 500 > $@

# The model in the images, trained as in the README.
$(TARGET_BUILD)/model.safetensors: $(PROGRAM_FOLDER)/train | $(BUILD)/mnist/verified
	@mkdir -p $(@D)
	$(call say,TRAIN,$@) $(PROGRAM_FOLDER)/train --hidden 30 --activation sigmoid --init scaled-gaussian --epochs 5 \
	    --data $(BUILD)/mnist --quiet --save $@ > $@.log

$(TARGET_BUILD)/large/model.safetensors: $(PROGRAM_FOLDER)/train | $(BUILD)/mnist/verified
	@mkdir -p $(@D)
	$(call say,TRAIN,$@) $(PROGRAM_FOLDER)/train --epochs 2 --data $(BUILD)/mnist --quiet --save $@ > $@.log

$(TARGET_BUILD)/large/%/model.hpp: $(TARGET_BUILD)/large/model.safetensors
	@mkdir -p $(@D)
	$(call say,EXPORT,$@) $(PROGRAM_FOLDER)/train --load $< --evaluate --data $(BUILD)/mnist --export-header $@ --export-weights $* > $@.log

$(MODELS:%=$(TARGET_BUILD)/%/model.hpp): $(TARGET_BUILD)/%/model.hpp: $(TARGET_BUILD)/model.safetensors
	@mkdir -p $(@D)
	$(call say,EXPORT,$@) $(PROGRAM_FOLDER)/train --load $< --evaluate --data $(BUILD)/mnist --export-header $@ --export-weights $* > $@.log

# ccache does not store the call graphs that the compiler writes beside the objects.
target size test-target: export CCACHE_DISABLE = 1

target: $(foreach target,$(TARGETS),$(patsubst %,$(TARGET_BUILD)/$(target)/%.elf,$(IMAGES) $(IMAGES_$(target)))) ## Cross-build the library and firmware images for Cortex-M (needs gcc-arm-none-eabi)

EMULATE = qemu-system-arm -nographic -monitor none -serial none -icount shift=0 -semihosting-config enable=on,target=native

RUN_TARGET_TESTS = MOTE_BUILD=$(BUILD) MOTE_BOARDS='$(foreach target,$(TARGETS),$(target):$(call board,$(target),1) $(target)_dense:$(call board,$(target),1,dense_))' $(TARGET_BUILD)/target_tests --gtest_brief=1

size: target $(TARGET_BUILD)/target_tests ## Write the sizes of the images into tests/target/SIZES.md
	@$(RUN_TARGET_TESTS) --gtest_filter=Sizes.* >/dev/null || true
	cp $(TARGET_BUILD)/SIZES.md tests/target/SIZES.md

weight-formats: all ## Measure the accuracy with weights of 16 and 8 bits
	tests/target/weight_formats.sh $(PROGRAM_FOLDER)/train

$(TARGET_BUILD)/tests/%.o: tests/target/%.cpp $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$@) $(CXX) $(CPPFLAGS) -Itests $(BASE) $(OPTIMIZE) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(TARGET_BUILD)/target_tests: $(TARGET_BUILD)/tests/target_test.o
	$(call say,LINK,$@) $(CXX) $(OPTIMIZE) $(CXXFLAGS) $^ $(LDFLAGS) -lgtest_main -lgtest -pthread -o $@

test-target: target $(EXAMPLES_m4f) $(HOST_IMAGES:%=$(TARGET_BUILD)/host/%) $(AARCH64:%=$(TARGET_BUILD)/aarch64/%) $(TARGET_BUILD)/target_tests ## Run the images on emulated boards and compare their results with the host (needs qemu-system-arm)
	$(RUN_TARGET_TESTS)

# CMSIS_NN: folder of its sources, which are not in this repository.
CMSIS_OBJECTS := FullyConnectedFunctions/arm_fully_connected_per_channel_s8.o NNSupportFunctions/arm_nn_vec_mat_mult_t_per_ch_s8.o
$(foreach target,$(TARGETS),$(eval FLAGS_dense_integer_$(target) := -DMOTE_CMSIS_NN -Itools/examples -I$(CMSIS_NN)/Include))
define cmsis_rules
$(call image_rules,$1,dense_integer_$1)
$(TARGET_BUILD)/$1/dense_integer_$1.elf: $(CMSIS_OBJECTS:%=$(TARGET_BUILD)/$1/cmsis/%)
$(TARGET_BUILD)/$1/cmsis/%.o: $(CMSIS_NN)/Source/%.c
	@mkdir -p $$(@D)
	$$(call say,CC,$$@) $(ARM)gcc $(CPU_$1) -mthumb -O3 -I$(CMSIS_NN)/Include -c $$< -o $$@
endef
$(if $(CMSIS_NN),$(foreach target,$(TARGETS),$(eval $(call cmsis_rules,$(target)))))

test-cmsis-nn: private SHELL := bash
test-cmsis-nn: $(foreach target,$(TARGETS),$(TARGET_BUILD)/$(target)/dense_integer.elf $(if $(CMSIS_NN),$(TARGET_BUILD)/$(target)/dense_integer_$(target).elf)) ## Compare integers with CMSIS-NN through tools/examples/cmsis_nn.hpp (CMSIS_NN=folder of its sources)
	$(if $(CMSIS_NN),,$(error test-cmsis-nn: needs CMSIS_NN=DIR, the folder of the sources of CMSIS-NN))
	@echo 'Instructions of 784-30-10 (23,820 multiply-adds) and of the anomaly network (264,192):'
	@$(foreach target,$(TARGETS),run() { $(EMULATE) -M $(call board,$(target),1,dense_) -kernel $(TARGET_BUILD)/$(target)/$$1.elf 2>&1; }; \
	    mote=$$(run dense_integer); cmsis=$$(run dense_integer_$(target)); \
	    echo "$(target) mote    " $$(grep instructions <<<"$$mote" | sed 's/.* //'); \
	    echo "$(target) CMSIS-NN" $$(grep instructions <<<"$$cmsis" | sed 's/.* //'); \
	    [ "$$(grep outputs <<<"$$mote")" = "$$(grep outputs <<<"$$cmsis")" ] || { echo "$(target): other outputs"; exit 1; };)

-include $(wildcard $(TARGET_BUILD)/*/*.d $(TARGET_BUILD)/*/src/*/*.d)
