# SPDX-License-Identifier: MIT
#
# Builds libseq2seq, its command, its examples and its tests. GNU make; everything it makes is under build/.
#
# Honoured: CC CXX AR STRIP CFLAGS CPPFLAGS LDFLAGS LDLIBS, DESTDIR, PREFIX EXEC_PREFIX BINDIR LIBDIR INCLUDEDIR
# DATAROOTDIR MANDIR PKGCONFIGDIR (or in small letters). S2S_SIMD=none builds portable C alone, S2S_TRAIN=0 a library
# that runs models and trains none. V=1 shows commands, WERROR=1 makes warnings errors, JOBS=N runs N tests at a time. Cross compilation: CC= AR=.
#
# VARIANT=name builds in build/name with that variant's compiler and flags; `make check-name` runs its tests.

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# ---- what the user may set ------------------------------------------------------------------------------------------

CFLAGS ?= -O2 -g
JOBS ?= 2
S2S_SIMD ?= auto
S2S_TRAIN ?= 1
INSTALL ?= install
STRIP ?= strip

prefix ?= /usr/local
PREFIX ?= $(prefix)
EXEC_PREFIX ?= $(or $(exec_prefix),$(PREFIX))
BINDIR ?= $(or $(bindir),$(EXEC_PREFIX)/bin)
LIBDIR ?= $(or $(libdir),$(EXEC_PREFIX)/lib)
INCLUDEDIR ?= $(or $(includedir),$(PREFIX)/include)
DATAROOTDIR ?= $(or $(datarootdir),$(PREFIX)/share)
MANDIR ?= $(or $(mandir),$(DATAROOTDIR)/man)
PKGCONFIGDIR ?= $(or $(pkgconfigdir),$(LIBDIR)/pkgconfig)

# ---- variants: compiler, flags, and what a program is run under -----------------------------------------------------

variants := double asan tsan clang nosimd notrain avxvnni m32 musl aarch64 armhf s390x

flags-double = -DS2S_DOUBLE=1 -DS2S_NO_SIMD=1 $(quick_flags)
flags-asan := -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all -fno-omit-frame-pointer -Wno-frame-larger-than
flags-tsan := -fsanitize=thread -Wno-frame-larger-than
run-tsan = $(shell setarch -R true 2>/dev/null && echo setarch -R)
compiler-clang := clang
flags-nosimd := -DS2S_NO_SIMD=1
flags-notrain := -DS2S_TRAIN=0 -Wno-unused-function # kernels and backward functions that no table has
flags-avxvnni := -DS2S_AVXVNNI_AS_AVX512VL=1 # lib/tensor/isa.h
flags-m32 := -m32 -idirafter /usr/include/x86_64-linux-gnu # there is asm/ without gcc-multilib, too
compiler-musl := musl-gcc
compiler-aarch64 := aarch64-linux-gnu-gcc
run-aarch64 := qemu-aarch64 -cpu max -L /usr/aarch64-linux-gnu
compiler-armhf := arm-linux-gnueabihf-gcc
run-armhf := qemu-arm -L /usr/arm-linux-gnueabihf
compiler-s390x := s390x-linux-gnu-gcc
run-s390x := qemu-s390x -L /usr/s390x-linux-gnu
slow-aarch64 := %/test_decoder_memory
slow-armhf := %/test_train %/test_decoder_memory
slow-s390x := $(slow-armhf)
emulated := aarch64 armhf s390x # slowly, by qemu
compiler-fuzz := clang
flags-fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -Wno-frame-larger-than

VARIANT :=
B := build$(VARIANT:%=/%)
compiler = $(or $(compiler-$(VARIANT)),$(CC))

# ---- the target, the version, the flags -----------------------------------------------------------------------------

target := $(shell $(compiler) -dumpmachine)
is = $(findstring $1,$(target))

version_of = $(shell awk '$$2 == "S2S_VERSION_$1" { print $$3 }' include/seq2seq.h)
major := $(call version_of,MAJOR)
version := $(major).$(call version_of,MINOR).$(call version_of,PATCH)

warnings := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wframe-larger-than=8192 \
  $(if $(filter 1,$(WERROR)),-Werror)
common := -std=c11 -ffp-contract=off -fvisibility=hidden -fdebug-prefix-map='$(CURDIR)'=. $(warnings)
common += $(if $(filter none,$(S2S_SIMD)),-DS2S_NO_SIMD=1,$(if $(filter-out auto,$(S2S_SIMD)),$(error S2S_SIMD is auto or none)))
trains := $(if $(filter notrain,$(VARIANT)),0,$(S2S_TRAIN))
common += $(if $(filter 1,$(trains)),,$(if $(filter notrain,$(VARIANT)),,$(flags-notrain)))
libs := -lm
ifeq (,$(call is,mingw))
  common += -fPIC -pthread
  libs += -pthread
else
  exe := .exe
endif

cc = $(compiler) $(common) $(CPPFLAGS) $(CFLAGS) $(flags-$(VARIANT)) -MMD -MP
link = $(compiler) $(CFLAGS) $(flags-$(VARIANT)) $(LDFLAGS)

# The shared library's file, the names that point to it, and how it is linked. (Windows: static only.)
elf_flags := -shared -Wl,--version-script=lib/seq2seq.map -Wl,--no-undefined -Wl,-z,noexecstack -Wl,--gc-sections
ifneq (,$(call is,mingw))
else ifneq (,$(call is,darwin))
  shared := libseq2seq.$(version).dylib
  shared_links := libseq2seq.$(major).dylib libseq2seq.dylib
  shared_flags := -dynamiclib -install_name $(LIBDIR)/libseq2seq.$(major).dylib
else ifneq (,$(call is,android))
  shared := libseq2seq.so
  shared_flags := $(elf_flags) -Wl,-soname,$(shared) -Wl,-z,max-page-size=16384
else
  shared := libseq2seq.so.$(version)
  shared_links := libseq2seq.so.$(major) libseq2seq.so
  shared_flags := $(elf_flags) -Wl,-soname,libseq2seq.so.$(major)
endif

# ---- files ----------------------------------------------------------------------------------------------------------
# test/test_*.c and test/check_*.c are programs, test/test_*_double.c those of the double variant, test/bench_*.c
# benchmarks, test/fuzz/*.c fuzzers; any other test/*.c is linked into each of them. test/*.sh are tests, except the
# two that tests are written and run with.

rooms := base tensor nn text model search train convert api
files = $(sort $(wildcard $1))
object = $(patsubst %.c,$(B)/obj/%.o,$1)
program = $(patsubst %.c,$(B)/%$(exe),$1)

training := $(filter-out lib/train/preset.c,$(call files,lib/train/*.c)) lib/api/create.c lib/api/train.c lib/api/metric.c lib/model/extend.c \
  $(call files,lib/text/learn*.c lib/text/bleu*.c) $(addprefix lib/text/,chrf.c ngram.c metric.c words.c)
sources := $(foreach room,$(rooms),$(call files,lib/$(room)/*.c))
sources := $(filter-out $(if $(filter 1,$(trains)),,$(training)),$(sources))
headers := $(foreach room,$(rooms),$(call files,lib/$(room)/*.h))
public_headers := $(call files,include/*.h include/*.hpp)
double_sources := $(call files,test/test_*_double.c)
test_sources := $(filter-out $(double_sources),$(call files,test/test_*.c test/check_*.c))
bench_sources := $(call files,test/bench_*.c)
fuzz_sources := $(call files,test/fuzz/*.c)
helper_sources := $(filter-out $(double_sources) $(test_sources) $(bench_sources),$(call files,test/*.c))
scripts := $(filter-out test/tap.sh test/run.sh,$(call files,test/*.sh))
manuals := $(call files,docs/*.1)

objects := $(call object,$(sources))
example_sources := $(filter-out examples/mpi_%,$(call files,examples/*.c))
command_objects := $(call object,$(call files,examples/cli/*.c))
user_objects := $(command_objects) $(call object,$(example_sources))
helper_objects := $(call object,$(helper_sources))
test_objects := $(call object,$(call files,test/*.c) $(fuzz_sources))
all_objects := $(objects) $(user_objects) $(test_objects)

static := $(B)/libseq2seq.a
command := $(if $(command_objects),$(B)/seq2seq$(exe))
examples := $(call program,$(example_sources))
double_programs := $(double_sources:%.c=build/double/%$(exe))
programs-double = $(double_programs)
programs-notrain = $(patsubst %,$(B)/test/test_%$(exe),base base_option base_thread document json normalize pieces rules run \
  safetensors search search_steps stream)
programs-avxvnni = $(B)/test/check_kernels$(exe)
programs := $(or $(programs-$(VARIANT)),$(call program,$(test_sources)))
bench_programs := $(call program,$(bench_sources))
fuzz_programs := $(fuzz_sources:test/%.c=$(B)/%$(exe))

# ---- building -------------------------------------------------------------------------------------------------------

say = $(if $(filter 1,$(V)),,@echo '  $1  $@'; )
quote = '$(subst ','\'',$1)'

.PHONY: all force
## all: library (static, shared), command and examples; the default
all: $(static) $(shared:%=$(B)/%) $(shared_links:%=$(B)/%) $(command) $(examples)

# flags and files hold what the last build was made with and from. They are written anew, so that what depends on them
# is made anew, only when that changes.
stamp = @echo $(call quote,$1) | cmp -s - $@ || echo $(call quote,$1) >$@
$(B)/flags: force
	@mkdir -p $(sort $(dir $(all_objects))) $(B)/examples $(B)/test $(B)/fuzz
	$(call stamp,$(cc) / $(link) $(libs) $(LDLIBS))
$(B)/files: force | $(B)/flags
	$(call stamp,$(all_objects))

$(B)/obj/%.o: %.c Makefile $(B)/flags
	$(call say,CC  )$(cc) $(own_flags) -c $< -o $@

# Of the library, what is worked through once for every number or byte is made for speed, all else for size; nothing
# unwinds through it. Where the user's flags do not ask for speed they hold for all.
hot := lib/tensor/% lib/nn/% lib/search/% lib/base/stream.c lib/base/memory.c lib/base/utf8.c lib/text/trie.c lib/text/pieces_bpe.c \
  lib/text/pieces_unigram.c lib/text/learn_bpe.c lib/text/learn_seeds.c lib/text/learn_unigram.c lib/text/normalize.c \
  lib/text/vocabulary.c lib/text/ngram.c
quick_flags := $(if $(filter -O2,$(CFLAGS)),-O1) # for what is compiled oftener than run
size_flags := $(if $(filter -O2 -O3,$(CFLAGS)),-Os)
$(objects): own_flags = -Iinclude -Ilib -DS2S_BUILD -fno-asynchronous-unwind-tables $(if $(call is,darwin),,-ffunction-sections) $(if $(filter $(hot),$<),,$(size_flags))
$(test_objects): own_flags = -Iinclude -Ilib -Itest -DS2S_STATIC -D_FILE_OFFSET_BITS=64 -Wno-frame-larger-than
$(filter-out $(B)/obj/test/bench_%,$(test_objects)): own_flags += $(quick_flags)
$(user_objects): own_flags = -Iinclude -DS2S_STATIC

$(static): $(objects) $(B)/files
	$(call say,AR  )rm -f $@ && $(AR) rcs $@ $(objects)

$(shared:%=$(B)/%): $(objects) $(B)/files lib/seq2seq.map
	$(call say,LINK)$(link) $(shared_flags) -o $@ $(objects) $(libs) $(LDLIBS)

$(shared_links:%=$(B)/%): $(shared:%=$(B)/%)
	$(call say,LINK)ln -sf $(shared) $@

link_program = $(call say,LINK)$(link) $(link-$(@D)) -o $@ $(filter %.o %.a,$^) $(libs) $(LDLIBS)
$(B)/seq2seq$(exe): $(command_objects) $(static) $(B)/files
	$(link_program)
$(B)/examples/%$(exe): $(B)/obj/examples/%.o $(static)
	$(link_program)
$(B)/test/%$(exe): $(B)/obj/test/%.o $(helper_objects) $(static) $(B)/files
	$(link_program)
link-$(B)/fuzz := -fsanitize=fuzzer
$(B)/fuzz/%$(exe): $(B)/obj/test/fuzz/%.o $(static)
	$(link_program)

.SECONDARY: $(all_objects)
-include $(all_objects:.o=.d)

.PHONY: docs
## docs: write docs/options.md, docs/seq2seq.1 and docs/api.md anew, from the option table, help pages and include/seq2seq.h
docs: all
	@$(B)/seq2seq$(exe) info --options --markdown >build/options.md && cp build/options.md docs/options.md
	@sh docs/man.sh $(B)/seq2seq$(exe) >build/seq2seq.1 && cp build/seq2seq.1 docs/seq2seq.1
	@awk -f docs/api.awk include/seq2seq.h >build/api.md && cp build/api.md docs/api.md

.PHONY: symbols map
## symbols: write lib/seq2seq.map and Python's table anew from the declarations of include/seq2seq.h
symbols:
	@mkdir -p build; $(MAKE) -s map >build/map && cp build/map lib/seq2seq.map
	@if command -v python3 >/dev/null; then \
	  python3 examples/python/bind.py include/seq2seq.h >build/functions.py && \
	  cp build/functions.py examples/python/seq2seq/_functions.py; \
	else echo '# SKIP examples/python/seq2seq/_functions.py: no python3'; fi
map:
	@sh lib/map.sh $(major) $(call version_of,MINOR)

.PHONY: amalgamation
## amalgamation: the library as one file, build/amalgamation/seq2seq.c, with its header
amalgamation: build/amalgamation/seq2seq.c
build/amalgamation/seq2seq.c: lib/amalgamate.sh $(sources) $(headers) $(public_headers) $(B)/files $(B)/flags
	$(call say,CAT )S2S_TRAIN=$(trains) sh lib/amalgamate.sh $(@D) $(sources)

.PHONY: wheel
## wheel: the Python package with the shared library inside, build/wheel/seq2seq-*.whl
wheel: $(shared:%=$(B)/%)
	@rm -rf $(B)/wheel && mkdir -p $(B)/wheel/lib && cp $< $(B)/wheel/lib/
	@$(STRIP) -x $(B)/wheel/lib/$(shared) 2>/dev/null || echo '# not stripped'
	$(call say,WHEEL)SEQ2SEQ_LIBRARY=$(B)/wheel/lib/$(shared) PYTHONDONTWRITEBYTECODE=1 python3 examples/python/backend.py $(B)/wheel

# ---- trying it out --------------------------------------------------------------------------------------------------

.PHONY: demo bench
## demo: the main job on a shipped model, then a small training
demo: all
	@sh examples/demo.sh

.PHONY: chat
## chat: talk with the shipped model that sells cinema tickets
chat: all
	@$(B)/examples/chat$(exe) examples/models/movie-tickets.safetensors

# A benchmark loads the libraries that it is held against while it runs, so that nothing here needs them.
$(bench_programs): private libs += $(if $(call is,linux),-ldl)

## bench: speed, as a table and in build/bench.tsv (docs/performance.md); BENCH='decode train' for some of it
BENCH ?= $(bench_sources:test/bench_%.c=%)
bench: all $(BENCH:%=$(B)/test/bench_%$(exe))
	@mkdir -p build/tmp; printf 'area\tcase\tlevel\tvalue\tunit\twall_share\tvs_c\tvs_peer\tpeer\n' >build/bench.tsv
	@for bench in $(BENCH:%=$(B)/test/bench_%$(exe)); do $$bench >>build/bench.tsv || exit 1; done
	@column -t -s "$$(printf '\t')" build/bench.tsv 2>/dev/null || cat build/bench.tsv

# ---- testing --------------------------------------------------------------------------------------------------------
# Tests speak TAP, run from here, and keep their files in build/tmp. A test program takes the `cpu` option of what it
# makes from S2S_TEST_CPU. test/run.sh understands as much of prove's command line as is used here.

export CC CXX MAKE
PROVE ?= $(or $(shell command -v prove 2>/dev/null),sh test/run.sh)
prove = mkdir -p build/tmp && $(PROVE) -j $(JOBS) $(if $(filter 1,$(V)),-v) --exec '$1' $2
steps := check-tools $(filter-out check-double,$(variants:%=check-%)) check-valgrind check-cpus check-fuzz check-mpi check-reproducible check-abi

.PHONY: check check-all run-programs programs-double $(variants:%=check-%) $(steps)
## check: the tests that need only a C compiler, make and sh
check:
	@$(MAKE) $(if $(findstring jobserver,$(MAKEFLAGS)),,-j $(JOBS)) check-programs
	@$(call prove,,$(filter-out $(tool_scripts),$(scripts)) $(double_programs) $(programs))
.PHONY: check-programs
check-programs: all $(programs) programs-double

## check-tools: the tests that want other compilers, Python, CMake or a linker's tools
tool_scripts := $(addprefix test/,amalgamation.sh consumers.sh cxx.sh header.sh python.sh symbols.sh)
check-tools: all amalgamation
	@$(call prove,,$(tool_scripts))

## check-all: check, then sanitizers, valgrind, each cpu level, other compilers and machines, fuzzers
check-all: check
	@failed=; for step in $(steps); do \
	  echo "== $$step"; $(MAKE) $$step || failed="$$failed $$step"; \
	done; test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

ifneq (,$(filter $(VARIANT),$(emulated)))
run-programs check-cpus: export S2S_TEST_STRIDE ?= 19937 # check_kernels tries fewer numbers
endif
quick_programs = $(filter-out $(slow-$(VARIANT):%=%$(exe)),$(programs))
run-programs: $(quick_programs)
	@$(if $(slow-$(VARIANT)),echo '# SKIP $(slow-$(VARIANT):%/%=%): slow on $(VARIANT)')
	@$(call prove,$(run-$(VARIANT)),$(quick_programs))
programs-double:
	@$(if $(double_programs),$(MAKE) VARIANT=double $(double_programs))

## check-VARIANT: the test programs as one of asan tsan clang nosimd notrain avxvnni m32 musl aarch64 armhf s390x, if that can run
$(variants:%=check-%): check-%:
	@mkdir -p build/tmp; probe=build/tmp/probe-$*; \
	printf '#include <math.h>\nint main(void) { return 0; }\n' >$$probe.c; \
	if $(or $(compiler-$*),$(CC)) $(flags-$*) $$probe.c -lm -o $$probe 2>/dev/null && $(run-$*) $$probe; \
	then $(MAKE) VARIANT=$* run-programs; \
	else echo '# SKIP $@: a program of this kind cannot be made or run here'; fi

## check-valgrind: the quicker test programs under valgrind
slow_tests ?= %/check_kernels
check-valgrind: $(programs)
	@if command -v valgrind >/dev/null; then \
	  S2S_TEST_CPU=c; export S2S_TEST_CPU; \
	  $(call prove,valgrind -q --error-exitcode=9 --leak-check=full,$(filter-out $(slow_tests:%=%$(exe)),$(programs))); \
	else echo '# SKIP $@: no valgrind'; fi

## check-cpus: the test programs at each level of instructions that this machine (or VARIANT's) has
check-cpus: $(programs) $(B)/tmp/levels
	@for level in $$($(run-$(VARIANT)) $(B)/tmp/levels); do echo "# cpu $$level"; \
	  S2S_TEST_CPU=$$level; export S2S_TEST_CPU; $(call prove,$(run-$(VARIANT)),$(quick_programs)) || exit 1; done
$(B)/tmp/levels: $(static)
	@mkdir -p $(@D); printf '%s\n' '#include "base/cpu.h"' '#include "tensor/kernels.h"' '#include <stdio.h>' \
	  'int main(void) {' '  const char *name;' \
	  '  for (size_t i = 0; (name = s2s__kernels_level(i, s2s__cpu_features())) != NULL; i++) puts(name);' '}' >$@.c
	@$(cc) -Ilib -Iinclude $@.c $(static) $(libs) -o $@

## check-fuzz: each fuzzer for a few seconds
check-fuzz:
	@if test -z '$(fuzz_sources)'; then echo '# SKIP $@: no fuzzers'; \
	elif ! command -v clang >/dev/null; then echo '# SKIP $@: no clang'; \
	else $(MAKE) VARIANT=fuzz run-fuzz; fi
.PHONY: run-fuzz
run-fuzz: $(fuzz_programs)
	@mkdir -p build/tmp; for fuzzer in $^; do $$fuzzer -verbosity=0 -max_total_time=10 -artifact_prefix=build/tmp/ || exit 1; done

## mpi: build/examples/mpi_train, with mpicc
mpi: $(B)/examples/mpi_train
.PHONY: mpi
$(B)/examples/mpi_train: examples/mpi_train.c $(static)
	@mkdir -p $(@D)
	$(call say,MPICC )OMPI_CC=$(CC) mpicc -O2 -Iinclude $< $(static) $(libs) -o $@

## check-mpi: two processes with a shard each come to the bytes of one with both
mpirun = OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 mpirun
mpi_data := examples/data/cmudict-sample.dev.tsv examples/data/cmudict-sample.dev.tsv
check-mpi:
	@if ! command -v mpicc >/dev/null || ! command -v mpirun >/dev/null; then echo '# SKIP $@: no MPI'; \
	else $(MAKE) mpi && mkdir -p build/tmp && \
	  printf '%s\n' 'source.tokens = chars' 'encoder.hidden = 16' 'decoder.hidden = 32' 'max_epochs = 3' 'warmup = 5' 'batch_sentences = 16' >build/tmp/mpi.options && \
	  for n in 1 2; do $(mpirun) -np $$n $(B)/examples/mpi_train $(mpi_data) build/tmp/mpi.$$n build/tmp/mpi.options || exit 1; \
	  done && cmp build/tmp/mpi.1 build/tmp/mpi.2; fi

# The types of what is exported, as abidw reads them from the debugging information; only of what headers declare.
abi_types = --headers-dir include --drop-private-types --no-show-locs --no-corpus-path --no-comp-dir-path
abi_recorded := $(wildcard test/abi/$(major).*/libseq2seq.abi)
.PHONY: abi-record
## abi-record: keep this version's header and types in test/abi/, for ever to be held to
abi-record: $(B)/$(shared)
	@mkdir -p test/abi/$(major).$(call version_of,MINOR)
	cp include/seq2seq.h test/abi/$(major).$(call version_of,MINOR)/
	abidw $(abi_types) --out-file test/abi/$(major).$(call version_of,MINOR)/libseq2seq.abi $<

## check-abi: types and functions of each recorded version of this major one are as they were (abidiff)
check-abi: $(B)/$(shared)
	@mkdir -p build/tmp; if ! command -v abidiff >/dev/null; then echo '# SKIP $@: no abidiff (Debian: abigail-tools)'; else \
	  abidw $(abi_types) --out-file build/tmp/now.abi $< && abidiff build/tmp/now.abi build/tmp/now.abi || exit 1; \
	  grep -q '<function-decl' build/tmp/now.abi || { echo '$@: the library has no debug information (-g), so its types are not known'; exit 1; }; \
	  test -n '$(abi_recorded)' || echo '# SKIP $@: nothing is recorded in test/abi (make abi-record)'; \
	  for abi in $(abi_recorded); do \
	    abidiff --no-added-syms $$abi build/tmp/now.abi && echo "$$abi: kept" || exit 1; \
	  done; fi

## check-reproducible: two builds in different folders give the same bytes
reproduced = libseq2seq.a $(shared) seq2seq
check-reproducible:
	@rm -rf build/tmp/reproducible; for folder in a another/one; do \
	  top=$(CURDIR)/build/tmp/reproducible/$$folder; mkdir -p $$top && \
	  tar cf - Makefile include lib examples/cli seq2seq.pc.in | tar xf - -C $$top && \
	  (cd $$top && CCACHE_DISABLE=1 $(MAKE) -s $(reproduced:%=build/%)) >build/tmp/reproducible.log 2>&1 || { cat build/tmp/reproducible.log; exit 1; }; \
	done; cd build/tmp/reproducible && for file in $(reproduced); do \
	  cmp a/build/$$file another/one/build/$$file && echo "$$file: the same bytes" || exit 1; \
	done; rm -rf $(CURDIR)/build/tmp/reproducible

# ---- installing -----------------------------------------------------------------------------------------------------

to = "$(DESTDIR)$1"
CMAKEDIR = $(LIBDIR)/cmake/seq2seq
in_sed = $(subst |,\|,$(subst &,\&,$(subst \,\\,$1)))
put_in = -e 's|@$1@|$(call in_sed,$2)|'
pc = $(call put_in,PREFIX,$(PREFIX)) $(call put_in,LIBDIR,$(LIBDIR:$(PREFIX)/%=$${prefix}/%)) \
  $(call put_in,INCLUDEDIR,$(INCLUDEDIR:$(PREFIX)/%=$${prefix}/%)) $(call put_in,VERSION,$(version)) $(call put_in,LIBS,$(libs))

# The way from folder $1 to folder $2, which CMake's file goes from where it stands itself, so that the tree may be moved.
way = $(shell FROM='$1' TO='$2' awk 'function parts(path, part,  n, i, all, m) { \
  n = split(path, all, "/"); m = 0; \
  for (i = 1; i <= n; i++) if (all[i] == ".." && m) m--; else if (all[i] != "" && all[i] != ".") part[++m] = all[i]; \
  return m } \
  BEGIN { from = ENVIRON["FROM"]; to = ENVIRON["TO"]; if ((from ~ /^\//) != (to ~ /^\//)) { print to; exit } \
  n = parts(from, a); m = parts(to, b); for (k = 1; k <= n && k <= m && a[k] == b[k]; k++) continue; \
  for (i = k; i <= n; i++) way = way "../"; for (i = k; i <= m; i++) way = way b[i] "/"; \
  sub("/$$", "", way); print way == "" ? "." : way }')
cmake = $(call put_in,INCLUDEDIR,$(call way,$(CMAKEDIR),$(INCLUDEDIR))) $(call put_in,VERSION,$(version)) \
  $(call put_in,MAJOR,$(major)) $(call put_in,LIBS,$(subst $(empty) $(empty),;,$(libs))) \
  $(call put_in,SONAME,$(firstword $(shared_links) $(shared)))
empty :=

.PHONY: install install-strip uninstall
## install: into $(DESTDIR)$(PREFIX)
install: all
	$(INSTALL) -d $(call to,$(LIBDIR)) $(call to,$(PKGCONFIGDIR)) $(call to,$(CMAKEDIR)) $(call to,$(INCLUDEDIR)/seq2seq)
	$(INSTALL) -m 644 $(static) $(call to,$(LIBDIR))
	$(if $(shared),$(INSTALL) -m 755 $(B)/$(shared) $(call to,$(LIBDIR)))
	$(foreach name,$(shared_links),ln -sf $(shared) $(call to,$(LIBDIR)/$(name)) &&) :
	$(INSTALL) -m 644 $(public_headers) $(call to,$(INCLUDEDIR))
	$(INSTALL) -m 644 include/seq2seq/module.modulemap $(call to,$(INCLUDEDIR)/seq2seq)
	sed $(pc) seq2seq.pc.in >$(B)/seq2seq.pc
	$(INSTALL) -m 644 $(B)/seq2seq.pc $(call to,$(PKGCONFIGDIR))
	for file in Config ConfigVersion; do sed $(cmake) lib/seq2seq$$file.cmake.in >$(B)/seq2seq$$file.cmake || exit 1; done
	$(INSTALL) -m 644 $(B)/seq2seqConfig.cmake $(B)/seq2seqConfigVersion.cmake $(call to,$(CMAKEDIR))
	$(if $(command),$(INSTALL) -d $(call to,$(BINDIR)) && $(INSTALL) -m 755 $(command) $(call to,$(BINDIR)))
	$(if $(manuals),$(INSTALL) -d $(call to,$(MANDIR)/man1) && $(INSTALL) -m 644 $(manuals) $(call to,$(MANDIR)/man1))

## install-strip: the same, with libraries and command that are smaller, and say nothing to a debugger
install-strip: install
	$(STRIP) -S -x $(foreach name,libseq2seq.a $(shared),$(call to,$(LIBDIR)/$(name)))
	$(if $(command),$(STRIP) $(call to,$(BINDIR)/$(notdir $(command))))

## uninstall: takes away what install put there, and each folder that is empty then, but not $(DESTDIR) itself
uninstall:
	rm -f $(foreach name,libseq2seq.a $(shared) $(shared_links),$(call to,$(LIBDIR)/$(name))) $(call to,$(PKGCONFIGDIR)/seq2seq.pc)
	rm -f $(foreach name,$(notdir $(public_headers)) seq2seq/module.modulemap,$(call to,$(INCLUDEDIR)/$(name)))
	rm -f $(foreach name,Config ConfigVersion,$(call to,$(CMAKEDIR)/seq2seq$(name).cmake))
	rm -f $(call to,$(BINDIR)/seq2seq$(exe)) $(foreach name,$(notdir $(manuals)),$(call to,$(MANDIR)/man1/$(name)))
	@for folder in $(foreach folder,$(CMAKEDIR) $(PKGCONFIGDIR) $(MANDIR)/man1 $(LIBDIR) $(INCLUDEDIR)/seq2seq $(BINDIR),$(call to,$(folder))); do \
	  while test "$$folder" != "$(DESTDIR)" && { test ! -d "$$folder" || rmdir "$$folder" 2>/dev/null; }; do \
	    case $$folder in */*) folder=$${folder%/*} ;; *) break ;; esac; \
	  done; \
	done

# ---- housekeeping ---------------------------------------------------------------------------------------------------

.PHONY: clean format help
## clean: remove build/
clean:
	rm -rf build

## format: lay the sources out by .clang-format
format:
	clang-format -i $(sources) $(headers) $(public_headers) $(wildcard examples/*.c examples/cli/*.[ch] test/*.[ch] test/*/*.cpp)

## help: this list
help:
	@awk -F ': ' '/^## / { printf "  %-16s %s\n", substr($$1, 4), $$2 }' Makefile
