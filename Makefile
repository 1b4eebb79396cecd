# SPDX-License-Identifier: MIT
# From a fresh clone to a report. Every target sets up what it needs first; the work is in scripts/.
PROFILE ?= quick
RUNTIMES ?=
PRESET ?= release
ROUNDS ?= 5
FILTER ?=
PEERS ?=
BASE ?=
CAMPAIGN ?=
STRICT ?=

.PHONY: help setup bench peers adapters micro claims regress test report publish reproduce check
.PHONY: format clean

help:
	@echo 'make bench [PROFILE=smoke|quick|full] [RUNTIMES=a,b | PEERS=1]  measure this machine,'
	@echo '                                 draw the report; PEERS=1: with all peers;'
	@echo '                                 RESUME=campaign: that one goes on'
	@echo 'make peers                       build those whose toolchains are here, say which are not'
	@echo 'make adapters                    our adapters of libuv and Asio beside the bare libraries'
	@echo 'make micro [ROUNDS=5] [FILTER=text]  micro benchmarks: spawn, switch, channels, timers'
	@echo 'make claims [RESUME=campaign]    published claims, each with a verdict by this machine; 1 h'
	@echo 'make regress BASE=ref [STRICT=1] [RUNTIMES=a,b] [PROFILE=ci]  is this tree slower or fatter'
	@echo '                                 than that commit? (exit codes: reports/README.md)'
	@echo 'make test [PRESET=release]       build and run all tests, C++ and Python'
	@echo 'make report                      redraw the report of results/latest'
	@echo 'make publish CAMPAIGN=results/NAME  pack it into results/published, to be committed'
	@echo 'make reproduce CAMPAIGN=results/published/...  measures it again: what holds here?'
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

claims:
	@RESUME="$(RESUME)" scripts/claims

# The profile is ci unless one is given: quick, the default of bench, has no arms in mind.
regress:
	@scripts/setup && scripts/regress --base "$(BASE)" --preset "$(PRESET)" \
	  $(if $(filter-out file,$(origin PROFILE)),--profile "$(PROFILE)") \
	  $(if $(RUNTIMES),--targets "$(RUNTIMES)") $(if $(STRICT),--strict)

test:
	@scripts/test "$(PRESET)"

report:
	@scripts/setup && scripts/report

publish:
	@scripts/publish "$(CAMPAIGN)"

reproduce:
	@RESUME="$(RESUME)" scripts/reproduce "$(CAMPAIGN)"

check:
	@scripts/check

format:
	@scripts/setup --dev && scripts/format

clean:
	@rm -rf build
