/* SPDX-License-Identifier: MIT
 *
 * The checks of check_kernels.c on the portable kernels in double.
 */
#include "check_kernels.c"
