/* SPDX-License-Identifier: MIT
 *
 * argmax and top-k over the verbs of a level: four vectors at a time are held against the highest number, or the k-th
 * best, so far, and only where one is above are single numbers looked at. select.h has the heap and what both mean.
 * Included once for each level, after kernels_vec.h.
 */

#define VEC_FOUR ((size_t)4 * VEC_WIDTH)

/* In each lane the highest of `least` and four numbers from x on; NaN is passed over (max gives its second operand). */
S2S__INLINE VEC(real) KERNEL(select_highest)(const float *x, VEC(real) least) {
  const VEC(real) a = VEC(max)(VEC(load)(x + VEC_WIDTH), VEC(max)(VEC(load)(x), least));
  const VEC(real) b = VEC(max)(VEC(load)(x + 3 * VEC_WIDTH), VEC(max)(VEC(load)(x + 2 * VEC_WIDTH), least));
  return VEC(max)(a, b);
}

static size_t KERNEL(argmax)(size_t n, const float *x) {
  VEC(real) least = VEC(set1)(-INFINITY);
  float most = -INFINITY;
  size_t at = 0, j = 0;
  for (; j + VEC_FOUR <= n; j += VEC_FOUR) {
    const VEC(real) here = KERNEL(select_highest)(x + j, least);
    if (!VEC(any_greater)(here, least)) continue;
    most = VEC(highest)(here), at = j;
    least = VEC(set1)(most);
  }
  for (; j < n; j++)
    if (x[j] > most) most = x[j], at = j;
  return s2s__select_find(x, at, n, most); /* looks past four vectors only when nothing is above minus infinity */
}

static void KERNEL(top_k)(size_t n, const float *x, size_t k, size_t *place) {
  size_t count;
  if (k == 0) return;
  size_t j = s2s__top_k_begin(n, x, k, place, &count);
  while (j + VEC_FOUR <= n) {
    const VEC(real) least = VEC(set1)(x[place[0]]);
    for (; j + VEC_FOUR <= n; j += VEC_FOUR)
      if (VEC(any_greater)(KERNEL(select_highest)(x + j, least), least)) break;
    if (j + VEC_FOUR > n) break;
    for (const size_t end = j + VEC_FOUR; j < end; j += VEC_WIDTH)
      if (VEC(any_greater)(VEC(load)(x + j), least)) s2s__top_k_offer(x, j, j + VEC_WIDTH, k, place);
  }
  s2s__top_k_offer(x, j, n, k, place);
  s2s__top_k_end(n, x, count, k, place);
}

#undef VEC_FOUR
