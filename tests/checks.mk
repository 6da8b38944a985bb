# SPDX-License-Identifier: MIT
# The tests and the tools once more, under whatever else finds mistakes. Included by the Makefile. Each builds into a
# folder of its own.

# For what makes compiling or running slow: numeric files once, for any processor.
NARROW   := DISPATCH= BUILDS=baseline SET_baseline= OPTIMIZE=-O1
SANITIZE := -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
