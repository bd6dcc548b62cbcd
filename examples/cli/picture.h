/* SPDX-License-Identifier: MIT
 *
 * An attention matrix as a picture for the terminal: source tokens across, target tokens down, a cell the darker the
 * more the decoder looked there.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stddef.h>
#include <stdio.h>

typedef struct picture {
  const float *weights; /* [rows, columns], each from 0 to 1 */
  size_t rows, columns;
  const char **source; /* [columns] UTF-8 labels */
  const char **target; /* [rows] */
  char *names;         /* memory of some of them, or NULL */
} picture;

void picture_draw(FILE *out, const picture *drawn);

#endif
