/* SPDX-License-Identifier: MIT
 *
 * The complete models of test_model.c in double: their trajectories without rounding.
 */
#include "test_model.c"
