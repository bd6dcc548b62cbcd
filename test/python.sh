#!/bin/sh
# SPDX-License-Identifier: MIT
# The Python package: its own tests; its wheel, which holds the library and installs without a network.
. test/tap.sh

have python3 || skip_all "no python3"
shared=build/libseq2seq.so
test -e "$shared" || skip_all "no $shared"
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
unset SEQ2SEQ_LIBRARY PYTHONPATH
package=examples/python

check "the package does what it says (unittest)" env PYTHONPATH=$package python3 -W error test/python/test_seq2seq.py

examples_run() {
  awk '/^```python$/ { code = 1; next } /^```$/ { code = 0 } code' $package/README.md |
    sed 's/cmudict-sample\.train/cmudict-sample.dev/; s/encoder_hidden=64, decoder_hidden=128/encoder_hidden=4, decoder_hidden=8/' \
      >"$tmp/readme.py" && test -s "$tmp/readme.py" && PYTHONPATH=$package python3 "$tmp/readme.py" | grep '^\[.S IY'
}
if test -f examples/models/english-g2p.safetensors; then
  check "its README's programs run" examples_run
else
  skip "its README's programs run" "no shipped model"
fi

# The wheel: made twice, unpacked, installed.
check "make wheel" $make -s wheel
wheel=$(ls build/wheel/*.whl 2>/dev/null)
again() { cp "$wheel" "$tmp/first" && $make -s wheel && cmp "$tmp/first" "$wheel"; }
check "the same wheel again" again
top=$PWD
runs_from() { (cd "$tmp" && "$@" -c 'import seq2seq, sys
path = seq2seq._library.lib.s2s_version._function
assert seq2seq.__file__.startswith(sys.argv[1]), seq2seq.__file__
print(seq2seq.Model.create(seq2seq.Corpus([("a", "b")]), encoder_hidden=2, decoder_hidden=4)["format"])' "$top/$tmp"); }
unpacked() { python3 -m zipfile -e "$wheel" "$tmp/unpacked" && PYTHONPATH=$top/$tmp/unpacked && export PYTHONPATH && runs_from python3; }
check "the wheel unpacked runs by itself" eval '(unpacked)'
if python3 -m pip --version >/dev/null 2>&1; then
  installs() {
    python3 -m pip install -q --no-index --disable-pip-version-check --root-user-action ignore --target "$tmp/installed" "$@" &&
      PYTHONPATH=$top/$tmp/installed && export PYTHONPATH && runs_from python3 && cd "$tmp" && python3 -m seq2seq --version
  }
  check "pip installs the wheel without a network" eval '(installs "$wheel")'
  check "pip builds and installs from the tree" eval '(rm -rf "$tmp/installed"; installs ./$package)'
else
  skip "pip installs the wheel without a network" "no pip"
fi
if have mypy; then
  check "type hints hold (mypy)" mypy --cache-dir "$tmp/mypy" $package/seq2seq
  printf '%s\n' 'import seq2seq' 'with seq2seq.Model.load("x") as model:' '    text: str = model.translate("a")' >"$tmp/user.py"
  check "and for those who are strict" env MYPYPATH=$package mypy --strict --follow-imports=silent --cache-dir "$tmp/mypy" \
    "$tmp/user.py"
else
  skip "type hints hold (mypy)" "no mypy"
fi
none "nothing is left in the tree" "$(find examples -name __pycache__ -o -name '*.egg-info' -o -path '*python/build')"
finish
