/* SPDX-License-Identifier: MIT
 *
 * A level's table. Included, after all kernels, for each level that has them: levels that differ only in their
 * eight-bit multiplication share the rest. The includer has defined TABLE_NAME, the level's name, and TABLE_ISA, the
 * suffix of its table and of its eight-bit kernels.
 */
const s2s__kernels S2S__JOIN(s2s__kernels, TABLE_ISA) = {
    .name = TABLE_NAME,
    .panel = 2 * VEC_WIDTH,
    .pack = KERNEL(pack),
    .gemm = KERNEL(gemm),
    .pack_f16 = KERNEL(pack_f16),
    .gemm_f16 = KERNEL(gemm_f16),
    .pack_i8 = S2S__JOIN(s2s__i8_pack, TABLE_ISA),
    .quantize = S2S__JOIN(s2s__i8_quantize, TABLE_ISA),
    .gemm_i8 = S2S__JOIN(s2s__i8_gemm, TABLE_ISA),
    .dot = KERNEL(dot),
    .axpy = KERNEL(axpy),
    .add = KERNEL(add),
    .scale = KERNEL(scale),
    .sum = KERNEL(sum),
    .max = KERNEL(max),
    .sum_squares = KERNEL(sum_squares),
    .argmax = KERNEL(argmax),
    .top_k = KERNEL(top_k),
    .exp = KERNEL(exp),
    .log = KERNEL(log),
    .tanh = KERNEL(tanh),
    .sigmoid = KERNEL(sigmoid),
    .relu = KERNEL(relu),
    .gelu = KERNEL(gelu),
    .swish = KERNEL(swish),
    .tanh_backward = S2S__IF_TRAINS(KERNEL(tanh_backward)),
    .relu_backward = S2S__IF_TRAINS(KERNEL(relu_backward)),
    .gelu_backward = S2S__IF_TRAINS(KERNEL(gelu_backward)),
    .swish_backward = S2S__IF_TRAINS(KERNEL(swish_backward)),
    .layer_norm = KERNEL(layer_norm),
    .layer_norm_backward = S2S__IF_TRAINS(KERNEL(layer_norm_backward)),
    .softmax = KERNEL(softmax),
    .softmax_backward = S2S__IF_TRAINS(KERNEL(softmax_backward)),
    .log_softmax = KERNEL(log_softmax),
    .cross_entropy = S2S__IF_TRAINS(KERNEL(cross_entropy)),
    .lstm = KERNEL(lstm),
    .lstm_backward = S2S__IF_TRAINS(KERNEL(lstm_backward)),
    .gru = KERNEL(gru),
    .gru_backward = S2S__IF_TRAINS(KERNEL(gru_backward)),
    .look = KERNEL(look),
    .mix = KERNEL(mix),
    .additive = KERNEL(additive),
    .additive_backward = S2S__IF_TRAINS(KERNEL(additive_backward)),
    .dropout = S2S__IF_TRAINS(KERNEL(dropout)),
    .adam = S2S__IF_TRAINS(KERNEL(adam)),
};

#undef TABLE_NAME
#undef TABLE_ISA
