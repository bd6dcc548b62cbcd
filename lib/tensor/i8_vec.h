/* SPDX-License-Identifier: MIT
 *
 * Quantisation and multiplication of eight-bit numbers over a level's verbs (vec_i8_avx2.h says what each means;
 * i8_c.c what the whole means; i8.h the layouts). Included once for each level.
 *
 *   tile   rows x one panel (two vectors) of 32-bit sums in registers: for each group of four k two loads of B and, for
 *          each row, one broadcast of four of its bytes and two dot products. M is cut into tiles of at most
 *          I8_TILE_ROWS rows, as equal as can be
 *   end    a tile's sums are scaled, added to the start and stored; the last panel's through masks
 *
 * Loops, from outside: groups of rows (whose activations the second-level cache holds), panels, tiles of rows; so a
 * panel stays in the first-level cache while all rows pass over it, and each tile fetches its share of the next. One or
 * two rows have their own path. Sums are exact, so that order does not matter.
 */

#define I8_PANEL (2 * I8_WIDTH)
#define I8_VECTOR (4 * (size_t)I8_WIDTH) /* bytes of a vector of B: four of each column */
#define I8_AHEAD 2048                    /* bytes of B that a single tile of rows fetches ahead */
#define I8_BLOCK ((size_t)256 * 1024)    /* bytes of activations that pass over a panel in one go */

void S2S__JOIN(s2s__i8_pack, I8_ISA)(size_t n, size_t k, const int8_t *b, size_t b_row, size_t b_step, void *packed) {
  s2s__i8_pack(I8_PANEL, -I8_OFFSET, n, k, b, b_row, b_step, packed);
}

/* ---- quantisation ------------------------------------------------------------------------------------------------ */

/* The largest |x| as its bits: of floats without their sign, the order of numbers and of bits is one, NaN the highest.
 */
static int32_t I8(most_bits)(size_t k, const float *x) {
  I8(ints) m0 = I8(ints_zero)(), m1 = m0;
  size_t i = 0;
  for (; i + 2 * I8_WIDTH <= k; i += 2 * I8_WIDTH) {
    m0 = I8(most)(m0, I8(get)(x + i, I8_WIDTH));
    m1 = I8(most)(m1, I8(get)(x + i + I8_WIDTH, I8_WIDTH));
  }
  for (; i < k; i += I8_WIDTH) m0 = I8(most)(m0, I8(get)(x + i, k - i < I8_WIDTH ? k - i : I8_WIDTH));
  return I8(highest)(I8(more)(m0, m1));
}

/* A row's scale. *inverse: what its numbers are multiplied by; NaN when it has NaN or infinity. */
static float I8(row_scale)(size_t k, const float *x, float *inverse) {
  const int32_t bits = I8(most_bits)(k, x);
  float most;
  memcpy(&most, &bits, sizeof most);
  if (bits >= 0x7f800000) return *inverse = NAN;
  *inverse = s2s__i8_inverse(most);
  return s2s__i8_scale(most, *inverse);
}

/* One row's bytes; its groups of four are `step` bytes apart. */
static void I8(put_row)(size_t k, const float *x, float inverse, uint8_t *to, size_t step) {
  const I8(reals) factor = I8(set1)(inverse);
  const size_t vector = I8_WIDTH / 4 * step;
  size_t i = 0;
  if (isnan(inverse)) {
    for (; i < k; i += 4, to += step) memset(to, I8_OFFSET, 4);
    return;
  }
  for (; i + I8_WIDTH <= k; i += I8_WIDTH, to += vector)
    I8(put_bytes)(to, step, I8_WIDTH / 4, I8(mul)(I8(get)(x + i, I8_WIDTH), factor));
  if (i < k) I8(put_bytes)(to, step, s2s__i8_groups(k - i), I8(mul)(I8(get)(x + i, k - i), factor));
}

/* Four rows', side by side. */
static void I8(put_rows)(size_t k, const float *x, size_t x_row, const float *inverse, uint8_t *to, size_t step) {
  const I8(reals) f0 = I8(set1)(inverse[0]), f1 = I8(set1)(inverse[1]);
  const I8(reals) f2 = I8(set1)(inverse[2]), f3 = I8(set1)(inverse[3]);
  for (size_t i = 0; i < k; i += I8_WIDTH, x += I8_WIDTH, to += I8_WIDTH / 4 * step) {
    const size_t count = k - i < I8_WIDTH ? k - i : I8_WIDTH;
    const I8(reals) x0 = I8(mul)(I8(get)(x, count), f0), x1 = I8(mul)(I8(get)(x + x_row, count), f1);
    const I8(reals) x2 = I8(mul)(I8(get)(x + 2 * x_row, count), f2), x3 = I8(mul)(I8(get)(x + 3 * x_row, count), f3);
    I8(put_four_bytes)(to, step, s2s__i8_groups(count), x0, x1, x2, x3);
  }
}

/* A tile of rows: in fours, of which the last ends with the last row, over some that are done. */
static void I8(quantize_tile)(size_t rows, size_t k, const float *x, size_t x_row, uint8_t *to, float *scale) {
  float inverse[I8_TILE_ROWS];
  for (size_t r = 0; r < rows; r++) scale[r] = I8(row_scale)(k, x + r * x_row, &inverse[r]);
  for (size_t r = 0; r < rows; r += rows < 4 ? 1 : 4) {
    const size_t at = rows < 4 || r + 4 <= rows ? r : rows - 4;
    if (rows >= 4 && !isnan(inverse[at] + inverse[at + 1] + inverse[at + 2] + inverse[at + 3]))
      I8(put_rows)(k, x + at * x_row, x_row, inverse + at, to + 4 * at, 4 * rows);
    else
      for (size_t i = at; i < (rows < 4 ? at + 1 : at + 4); i++)
        I8(put_row)(k, x + i * x_row, inverse[i], to + 4 * i, 4 * rows);
  }
}

void S2S__JOIN(s2s__i8_quantize, I8_ISA)(size_t m, size_t k, const float *x, size_t x_row, void *q, float *scale) {
  const s2s__i8_cut cut = s2s__i8_cut_rows(m, I8_TILE_ROWS);
  uint8_t *to = q;
  for (size_t t = 0, rows; t < cut.tiles; t++, x += rows * x_row, scale += rows) {
    rows = cut.rows + (t < cut.longer);
    I8(quantize_tile)(rows, k, x, x_row, to, scale);
    to += s2s__i8_groups(k) * 4 * rows;
  }
}

/* ---- tiles ------------------------------------------------------------------------------------------------------- */

#define I8_ROWS_1(X, u, rows) X(0, u, rows)
#define I8_ROWS_2(X, u, rows) I8_ROWS_1(X, u, rows) X(1, u, rows)
#define I8_ROWS_3(X, u, rows) I8_ROWS_2(X, u, rows) X(2, u, rows)
#define I8_ROWS_4(X, u, rows) I8_ROWS_3(X, u, rows) X(3, u, rows)
#define I8_ROWS_5(X, u, rows) I8_ROWS_4(X, u, rows) X(4, u, rows)
#define I8_ROWS_6(X, u, rows) I8_ROWS_5(X, u, rows) X(5, u, rows)
#define I8_ROWS_7(X, u, rows) I8_ROWS_6(X, u, rows) X(6, u, rows)
#define I8_ROWS_8(X, u, rows) I8_ROWS_7(X, u, rows) X(7, u, rows)
#define I8_ROWS_9(X, u, rows) I8_ROWS_8(X, u, rows) X(8, u, rows)
#define I8_ROWS_10(X, u, rows) I8_ROWS_9(X, u, rows) X(9, u, rows)
#define I8_ROWS_11(X, u, rows) I8_ROWS_10(X, u, rows) X(10, u, rows)
#define I8_ROWS_12(X, u, rows) I8_ROWS_11(X, u, rows) X(11, u, rows)
#define I8_UNROLL_1(X, rows) X(0, rows)
#define I8_UNROLL_2(X, rows) X(0, rows) X(1, rows)
#define I8_UNROLL_4(X, rows) I8_UNROLL_2(X, rows) X(2, rows) X(3, rows)

/* s and t: the sums of a row's first and second vector, in part u */
#define I8_SUM(r, u, rows) I8(ints) s##r##_##u = I8(ints_zero)(), t##r##_##u = I8(ints_zero)();
#define I8_SUMS(u, rows) I8_ROWS_##rows(I8_SUM, u, rows)
#define I8_START(r, u, rows) s##r##_0 = I8(ints_load)(b), t##r##_0 = I8(ints_load)(b + I8_VECTOR);
#define I8_STEP(r, u, rows)                                                                                            \
  x = I8(values)(a + 4 * ((u) * (rows) + (r)));                                                                        \
  s##r##_##u = I8(dot)(s##r##_##u, x, v), t##r##_##u = I8(dot)(t##r##_##u, x, w);
#define I8_GROUP(u, rows)                                                                                              \
  {                                                                                                                    \
    const I8(weights) v = I8(weights_load)(b + 2 * (u)*I8_VECTOR);                                                     \
    const I8(weights) w = I8(weights_load)(b + (2 * (u) + 1) * I8_VECTOR);                                             \
    I8(ints) x;                                                                                                        \
    I8_ROWS_##rows(I8_STEP, u, rows)                                                                                   \
  }
#define I8_STORE(r, u, rows)                                                                                           \
  I8(ints_store)(to + 2 * (r)*I8_WIDTH, s##r##_0), I8(ints_store)(to + (2 * (r) + 1) * I8_WIDTH, t##r##_0);
#define I8_ADD_2(r, u, rows) s##r##_0 = I8(plus)(s##r##_0, s##r##_1), t##r##_0 = I8(plus)(t##r##_0, t##r##_1);
#define I8_ADD_4(r, u, rows)                                                                                           \
  I8_ADD_2(r, u, rows) s##r##_0 = I8(plus)(s##r##_0, I8(plus)(s##r##_2, s##r##_3));                                    \
  t##r##_0 = I8(plus)(t##r##_0, I8(plus)(t##r##_2, t##r##_3));

#define I8_TILE(rows)                                                                                                  \
  static void I8(tile##rows)(const s2s__i8_tile *tile) {                                                               \
    const uint8_t *a = tile->a, *const last = a + tile->groups * 4 * (rows);                                           \
    const unsigned char *b = tile->b, *next = tile->next;                                                              \
    const size_t step = tile->next_step;                                                                               \
    int32_t *const to = tile->sums;                                                                                    \
    I8_SUMS(0, rows) I8_ROWS_##rows(I8_START, 0, rows);                                                                \
    for (b += 2 * I8_VECTOR; a < last; a += 4 * (rows), b += 2 * I8_VECTOR, next += step) {                            \
      I8(fetch)(next);                                                                                                 \
      if (2 * I8_VECTOR > 64) I8(fetch)(next + 64);                                                                    \
      I8_GROUP(0, rows)                                                                                                \
    }                                                                                                                  \
    I8_ROWS_##rows(I8_STORE, 0, rows)                                                                                  \
  }
#define I8_TOGETHER_2(rows) I8_ROWS_##rows(I8_ADD_2, 0, rows)
#define I8_TOGETHER_4(rows) I8_ROWS_##rows(I8_ADD_4, 0, rows)

I8_TILE(2)
I8_TILE(3)
I8_TILE(4)
#if I8_TILE_ROWS > 4
I8_TILE(5)
I8_TILE(6)
#endif
#if I8_TILE_ROWS > 6
I8_TILE(7)
I8_TILE(8)
#endif
#if I8_TILE_ROWS > 8
I8_TILE(9)
I8_TILE(10)
I8_TILE(11)
I8_TILE(12)
#endif

/* tile with r rows at [r - 2]: a single row has its own path */
static void (*const I8(tiles)[I8_TILE_ROWS - 1])(const s2s__i8_tile *) = {
    I8(tile2), I8(tile3),  I8(tile4),
#if I8_TILE_ROWS > 4
    I8(tile5), I8(tile6),
#endif
#if I8_TILE_ROWS > 6
    I8(tile7), I8(tile8),
#endif
#if I8_TILE_ROWS > 8
    I8(tile9), I8(tile10), I8(tile11), I8(tile12),
#endif
};

/* ---- their end --------------------------------------------------------------------------------------------------- */

/* `count` numbers at c, from their sums. */
S2S__INLINE void I8(finish_at)(const s2s__gemm_i8 *g, float *c, size_t count, I8(ints) sum, I8(reals) a_scale,
                               I8(reals) b_scale, I8(reals) bias) {
  const I8(reals) start = g->accumulate ? I8(get)(c, count) : bias;
  const I8(reals) y = I8(add)(I8(mul)(I8(mul)(I8(real)(sum), a_scale), b_scale), start);
  I8(put)(c, count, g->activation == S2S__ACTIVATION_RELU ? I8(relu)(y) : y);
}

/* `count` columns from g's column j on, of `rows` rows from `row` on; sums[r * I8_PANEL] is row r's first. */
S2S__INLINE void I8(finish)(const s2s__gemm_i8 *g, size_t row, size_t rows, size_t j, size_t count,
                            const int32_t *sums) {
  const I8(reals) b_scale = I8(get)(g->b_scale + j, count);
  const I8(reals) bias = g->bias ? I8(get)(g->bias + j, count) : I8(set1)(0);
  float *c = g->c + row * g->c_row + j;
  for (size_t r = 0; r < rows; r++, c += g->c_row, sums += I8_PANEL)
    I8(finish_at)(g, c, count, I8(ints_load)(sums), I8(set1)(g->a_scale[row + r]), b_scale, bias);
}

/* A tile's sums become C. */
static void I8(end)(const s2s__gemm_i8 *g, size_t row, size_t rows, size_t j, const int32_t *sums) {
  const size_t columns = g->n - j < I8_PANEL ? g->n - j : I8_PANEL, whole = columns / I8_WIDTH * I8_WIDTH;
  for (size_t i = 0; i < whole; i += I8_WIDTH) I8(finish)(g, row, rows, j + i, I8_WIDTH, sums + i);
  if (whole < columns) I8(finish)(g, row, rows, j + whole, columns - whole, sums + whole);
  if (g->activation <= S2S__ACTIVATION_RELU) return;
  for (size_t r = 0; r < rows; r++)
    s2s__i8_activate(&S2S__JOIN(s2s__kernels, I8_ISA), g->activation, columns, g->c + (row + r) * g->c_row + j);
}

/* ---- one or two rows --------------------------------------------------------------------------------------------- */

/* A panel, of whose vectors `first` and `second` columns are stored. Memory is the limit here: B is read as one stream,
 * several groups of k are under way at once, each in sums of its own, and the end is part of the function. */
#define I8_FEW_STEP(r, u, rows)                                                                                        \
  {                                                                                                                    \
    const I8(sized) x = I8(sized_values)(a + 4 * ((u) * (rows) + (r)));                                                \
    s##r##_##u = I8(sized_dot)(s##r##_##u, x, y), t##r##_##u = I8(sized_dot)(t##r##_##u, x, z);                        \
  }
#define I8_FEW_GROUP(u, rows)                                                                                          \
  {                                                                                                                    \
    const I8(ints) y = I8(ints_load)(b + 2 * (u)*I8_VECTOR), z = I8(ints_load)(b + (2 * (u) + 1) * I8_VECTOR);         \
    I8_ROWS_##rows(I8_FEW_STEP, u, rows)                                                                               \
  }
#define I8_FINISH(r, u, rows)                                                                                          \
  I8(finish_at)(g, c + (r)*g->c_row, first, s##r##_0, I8(set1)(g->a_scale[r]), v, bias_v);                             \
  I8(finish_at)(g, c + (r)*g->c_row + I8_WIDTH, second, t##r##_0, I8(set1)(g->a_scale[r]), w, bias_w);

#define I8_FEW(rows, unroll)                                                                                           \
  S2S__INLINE void I8(few##rows)(const s2s__gemm_i8 *g, size_t groups, size_t j, size_t first, size_t second) {        \
    const uint8_t *a = g->a, *const last = a + groups * 4 * (rows);                                                    \
    const uint8_t *const whole = last - groups % (unroll)*4 * (rows);                                                  \
    const unsigned char *b = (const unsigned char *)g->b + j * 4 * (groups + 1);                                       \
    I8_UNROLL_##unroll(I8_SUMS, rows) I8_ROWS_##rows(I8_START, 0, rows);                                               \
    b += 2 * I8_VECTOR;                                                                                                \
    for (; a < whole; a += 4 * (rows) * (unroll), b += 2 * (unroll)*I8_VECTOR) {                                       \
      I8_UNROLL_##unroll(I8_FEW_GROUP, rows)                                                                           \
    }                                                                                                                  \
    for (; a < last; a += 4 * (rows), b += 2 * I8_VECTOR) I8_FEW_GROUP(0, rows)                                        \
    I8_TOGETHER_##unroll(rows);                                                                                        \
    const I8(reals) v = I8(get)(g->b_scale + j, first), w = I8(get)(g->b_scale + j + I8_WIDTH, second);                \
    const I8(reals) bias_v = g->bias ? I8(get)(g->bias + j, first) : I8(set1)(0);                                      \
    const I8(reals) bias_w = g->bias ? I8(get)(g->bias + j + I8_WIDTH, second) : I8(set1)(0);                          \
    float *const c = g->c + j;                                                                                         \
    I8_ROWS_##rows(I8_FINISH, 0, rows)                                                                                 \
  }

I8_FEW(1, 4)
I8_FEW(2, 2)

static void I8(gemm_few)(const s2s__gemm_i8 *g) {
  const size_t groups = s2s__i8_groups(g->k);
  for (size_t j = 0; j < g->n; j += I8_PANEL) {
    const size_t left = g->n - j < I8_PANEL ? g->n - j : I8_PANEL, first = left < I8_WIDTH ? left : I8_WIDTH;
    if (g->m == 1)
      I8(few1)(g, groups, j, first, left - first);
    else
      I8(few2)(g, groups, j, first, left - first);
  }
  for (size_t r = 0; r < g->m; r++)
    s2s__i8_activate(&S2S__JOIN(s2s__kernels, I8_ISA), g->activation, g->n, g->c + r * g->c_row);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* One panel, tiles [from, to) of rows. Each tile fetches its share of the next panel. */
static void I8(gemm_panel)(const s2s__gemm_i8 *g, const s2s__i8_cut *cut, size_t from, size_t to, size_t j) {
  _Alignas(64) int32_t sums[I8_TILE_ROWS * I8_PANEL];
  const size_t groups = s2s__i8_groups(g->k), panel = I8_PANEL * 4 * (groups + 1);
  s2s__i8_tile tile = {.b = (const unsigned char *)g->b + j / I8_PANEL * panel, .groups = groups, .sums = sums};
  size_t row = from * cut->rows + (from < cut->longer ? from : cut->longer);
  tile.next = tile.b, tile.next_step = 0;
  if (to - from == 1)
    tile.next = tile.b + I8_AHEAD, tile.next_step = I8_PANEL * 4;
  else if (j + I8_PANEL < g->n)
    tile.next = tile.b + panel, tile.next_step = I8_PANEL * 4 / (to - from);
  for (size_t t = from, rows; t < to; t++, row += rows, tile.next += groups * tile.next_step) {
    rows = cut->rows + (t < cut->longer);
    tile.a = (const uint8_t *)g->a + row * groups * 4;
    I8(tiles)[rows - 2](&tile);
    I8(end)(g, row, rows, j, sums);
  }
}

void S2S__JOIN(s2s__i8_gemm, I8_ISA)(const s2s__gemm_i8 *g) {
  const s2s__i8_cut cut = s2s__i8_cut_rows(g->m, I8_TILE_ROWS);
  if (g->m == 1 || g->m == 2) {
    I8(gemm_few)(g);
    return;
  }
  const size_t fit = I8_BLOCK / ((cut.rows + 1) * (g->k + 4)), block = fit > 0 ? fit : 1;
  for (size_t t = 0; t < cut.tiles; t += block)
    for (size_t j = 0; j < g->n; j += I8_PANEL)
      I8(gemm_panel)(g, &cut, t, cut.tiles - t < block ? cut.tiles : t + block, j);
}

#undef I8_PANEL
#undef I8_VECTOR
#undef I8_AHEAD
#undef I8_BLOCK
#undef I8_ROWS_1
#undef I8_ROWS_2
#undef I8_ROWS_3
#undef I8_ROWS_4
#undef I8_ROWS_5
#undef I8_ROWS_6
#undef I8_ROWS_7
#undef I8_ROWS_8
#undef I8_ROWS_9
#undef I8_ROWS_10
#undef I8_ROWS_11
#undef I8_ROWS_12
#undef I8_UNROLL_1
#undef I8_UNROLL_2
#undef I8_UNROLL_4
#undef I8_SUM
#undef I8_SUMS
#undef I8_START
#undef I8_STEP
#undef I8_GROUP
#undef I8_STORE
#undef I8_ADD_2
#undef I8_ADD_4
#undef I8_TILE
#undef I8_TOGETHER_2
#undef I8_TOGETHER_4
#undef I8_FINISH
#undef I8_FEW_STEP
#undef I8_FEW_GROUP
#undef I8_FEW
#undef I8
#undef I8_ISA
#undef I8_WIDTH
#undef I8_OFFSET
#undef I8_TILE_ROWS
