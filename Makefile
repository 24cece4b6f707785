# SPDX-License-Identifier: GPL-3.0-or-later
# The two commands of the README, and their relatives. CMake does the work.
#   make demo [KEEP=1] [ENGINE=389ds]    three masters sign, roll and survive before your eyes
#   make test             builds and runs everything, one summary at the end
#   make model            every state of the protocol with 3 and 4 members, and what refutes doing with less
#   make mutants          breaks the core line by line; the simulator has to notice each time
#   make soak-lab         real masters under random faults, what they serve judged: RUNS=20 SECONDS_EACH=120 SEED=… LABS=1
#   make bench            prints the figures; no test asserts a time
#   make install          DESTDIR=… and PREFIX=… as usual
PRESET ?= dev
PREFIX ?= /usr/local
ENGINE ?= slapd
JOBS ?= $(shell nproc)
BIN = build/$(PRESET)/bin

.PHONY: demo test model mutants soak-lab bench install build packages clean

demo: build
	integration/demo --bin $(BIN) --engine $(ENGINE) $(if $(KEEP),--keep)

test: build
	ctest --test-dir build/$(PRESET) --output-on-failure -j $$((2 * $(JOBS)))  # most of them wait for servers

model: packages
	tests/model/run

mutants: packages
	tests/mutants/run --build build/mutants --jobs $(JOBS)

soak-lab: build
	integration/soak --bin $(BIN) $(if $(RUNS),--runs $(RUNS)) $(if $(SECONDS_EACH),--seconds $(SECONDS_EACH)) \
	  $(if $(SEED),--seed $(SEED)) $(if $(LABS),--jobs $(LABS))

bench: build
	$(BIN)/rollcall-bench
	integration/bench --bin $(BIN)
	ROLLCALL_BIN=$(BIN) PYTHONDONTWRITEBYTECODE=1 ipa-plugin/tests/bench

build: packages
	cmake --preset $(PRESET)
	cmake --build --preset $(PRESET)

packages:
	integration/install-packages

install:
	cmake --preset release -DCMAKE_INSTALL_PREFIX=$(PREFIX)
	cmake --build --preset release
	DESTDIR=$(DESTDIR) cmake --install build/release

clean:
	rm -rf build
