# SPDX-License-Identifier: MIT
# From a fresh clone to a report. Every target sets up what it needs first; the work is in scripts/.
PROFILE ?= quick
RUNTIMES ?=
PRESET ?= release
ROUNDS ?= 5
FILTER ?=
PEERS ?=
BASE ?=
STRICT ?=

.PHONY: help setup bench peers adapters micro regress test report check format clean

help:
	@echo 'make bench [PROFILE=smoke|quick|full] [RUNTIMES=a,b | PEERS=1]  measure this machine,'
	@echo '                                 draw the report; PEERS=1: with all peers;'
	@echo '                                 RESUME=campaign: that one goes on'
	@echo 'make peers                       build those whose toolchains are here, say which are not'
	@echo 'make adapters                    our adapters of libuv and Asio beside the bare libraries'
	@echo 'make micro [ROUNDS=5] [FILTER=text]  micro benchmarks: spawn, switch, channels, timers'
	@echo 'make regress BASE=ref [STRICT=1] [RUNTIMES=a,b] [PROFILE=ci]  is this tree slower or fatter'
	@echo '                                 than that commit? (exit codes: reports/README.md)'
	@echo 'make test [PRESET=release]       build and run all tests, C++ and Python'
	@echo 'make report                      redraw the report of results/latest'
	@echo 'make check                       what CI does: lint, both compilers, sanitizers, tests'
	@echo 'make format                      clang-format the C++ in place'
	@echo 'make setup                       install the packages that bench and test need'
	@echo 'make clean                       remove build/ (results/ stays)'

setup:
	@scripts/setup

bench:
	@PEERS="$(PEERS)" RESUME="$(RESUME)" scripts/bench "$(PROFILE)" "$(RUNTIMES)"

peers:
	@scripts/peers

adapters:
	@scripts/setup && scripts/build "$(PRESET)" && scripts/adapter-honesty --preset "$(PRESET)"

micro:
	@PRESET="$(PRESET)" scripts/micro --rounds "$(ROUNDS)" --filter "$(FILTER)"

# The profile is ci unless one is given: quick, the default of bench, has no arms in mind.
regress:
	@scripts/setup && scripts/regress --base "$(BASE)" --preset "$(PRESET)" \
	  $(if $(filter-out file,$(origin PROFILE)),--profile "$(PROFILE)") \
	  $(if $(RUNTIMES),--targets "$(RUNTIMES)") $(if $(STRICT),--strict)

test:
	@scripts/test "$(PRESET)"

report:
	@scripts/setup && scripts/report

check:
	@scripts/check

format:
	@scripts/setup --dev && scripts/format

clean:
	@rm -rf build
