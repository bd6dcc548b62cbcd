#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every member of the family, small and with the same short training, side by side.
#
#     sh examples/recipes/members.sh TRAIN.tsv DEV.tsv EPOCHS [OPTIONS...]
#
# Prints for each: name, greedy sequence errors on dev at the best epoch in percent, parameters, seconds of training.
set -eu
train=${1:?training pairs} dev=${2:?dev pairs} epochs=${3:?epochs}
shift 3
command=${SEQ2SEQ:-build/seq2seq}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# name, then what differs from an LSTM with general attention
while read -r name options; do
  # shellcheck disable=SC2086
  "$command" train --quiet --train "$train" --dev "$dev" -o "$work/model" --max-epochs "$epochs" --embedding-dim 64 \
    --encoder-hidden 64 --decoder-hidden 128 --transformer-dim 128 --transformer-ffn 256 --dropout 0.1 --label-smoothing 0 \
    --batch-sentences 32 --seed 1 "$@" $options </dev/null |
    awk -F '\t' -v OFS='\t' -v name="$name" '{ figure[$1] = $2 }
      END { print name, figure["dev_sequence_error_rate"], figure["parameters"], figure["train_seconds"] }'
done <<'END'
lstm-general
gru-general --encoder-cell gru --decoder-cell gru
rnn-general --encoder-cell rnn --decoder-cell rnn
lstm-none --attention-type none
lstm-dot --attention-type dot
lstm-concat --attention-type concat
lstm-additive --attention-type additive
lstm-multihead --attention-type multihead
lstm-general-fed --attention-input-feeding yes
gru-additive-bahdanau --encoder-cell gru --decoder-cell gru --attention-type additive --decoder-order bahdanau
transformer --encoder-type transformer --decoder-type transformer --encoder-layers 2 --decoder-layers 2
transformer-lstm --encoder-type transformer --encoder-layers 2 --decoder-bridge linear
END
