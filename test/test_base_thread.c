/* SPDX-License-Identifier: MIT
 *
 * base/thread and base/cpu: the pool runs each part once, whatever the sizes; the floating-point mode, the signal
 * mask and fork() are what the header says. Made to be run under ThreadSanitizer too.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "tap.h"
#include "test_base.h"

#include "base/cpu.h"
#include "base/thread.h"

#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

typedef struct job {
  uint8_t count[4096]; /* runs of each part; each part has its own byte */
  size_t worker[4096];
} job;

/* Down is 0.333...1, which is nearest; up is the next. By arithmetic, since fegetround() may look at another register
 * than the one that computes (x87 and SSE). */
static int rounds_to_nearest(void) {
  const volatile double one = 1, three = 3;
  const volatile double up = one / three, down = -one / three;
  return up == -down && up == 0x1.5555555555555p-2;
}

static void job_part(void *pointer, size_t part, size_t worker) {
  job *j = pointer;
  j->count[part]++;
  j->worker[part] = worker;
  if (!rounds_to_nearest()) j->count[part] = 100;
}

static int run_once(s2s__pool *pool, size_t parts, job *j) {
  memset(j, 0, sizeof *j);
  s2s__pool_run(pool, parts, job_part, j);
  int good = 1;
  for (size_t i = 0; i < 4096; i++) good = good && j->count[i] == (i < parts) && j->worker[i] < s2s__pool_threads(pool);
  return good;
}

static void job_count(void *pointer, size_t part, size_t worker) {
  (void)worker;
  ((uint32_t *)pointer)[part]++;
}

static void test_pool(void) {
  static job j;
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error;
  s2s__error_clear(&error);
  is_int((int64_t)s2s__pool_threads(NULL), 1, "no pool is one thread");
  ok(run_once(NULL, 100, &j) && j.worker[50] == 0, "no pool runs all parts here");
  for (size_t threads = 1; threads <= 5; threads += 2) {
    s2s__pool *pool = NULL;
    is_int(s2s__pool_new(&host, threads, &pool, &error), S2S_OK, "a pool of %zu", threads);
    is_int((int64_t)s2s__pool_threads(pool), (int64_t)threads, "knows its size");
    const size_t sizes[] = {0, 1, 2, 3, 7, 64, 4096};
    int good = 1;
    const size_t requests = memory.requests;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) good = good && run_once(pool, sizes[i], &j);
    ok(good, "runs each part exactly once");
    static uint32_t counts[8];
    memset(counts, 0, sizeof counts);
    for (int i = 0; i < 5000; i++) s2s__pool_run(pool, 8, job_count, counts);
    for (size_t i = 0; i < 8; i++) good = good && counts[i] == 5000;
    ok(good && memory.requests == requests, "5000 small jobs in a row, without a request");
    s2s__pool_free(pool);
  }
  s2s__pool *pool = NULL;
  for (int i = 0; i < 50; i++) { /* the end may come before the workers have begun */
    (void)s2s__pool_new(&host, 4, &pool, &error);
    s2s__pool_free(pool);
  }
  s2s__pool_free(NULL);
  ok(memory.live_blocks == 0 && memory.wrong_sizes == 0, "pools come and go without leaks");
  is_int(s2s__pool_new(&host, 0, &pool, &error), S2S_BAD_ARGUMENT, "no pool of 0");
  s2s__error_clear(&error);
  is_int(s2s__pool_new(&host, S2S__MAX_THREADS + 1, &pool, &error), S2S_BAD_ARGUMENT, "nor of 257");
  s2s__error_clear(&error);
  memory.fail_at = 1;
  ok(s2s__pool_new(&host, 2, &pool, &error) == S2S_OUT_OF_MEMORY && pool == NULL, "nor without memory");
}

static void test_float_mode(void) {
  static job j;
  s2s__host host;
  s2s__error error;
  s2s__pool *pool = NULL;
  s2s__host_init(&host);
  s2s__error_clear(&error);
  fesetround(FE_UPWARD);
  if (rounds_to_nearest()) {
    skip("the machine does not round upwards when told to (valgrind)");
    fesetround(FE_TONEAREST);
    return;
  }
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int inside = rounds_to_nearest();
  s2s__float_mode_leave(mode);
  ok(inside && !rounds_to_nearest(), "the rounding mode is set and put back");
  (void)s2s__pool_new(&host, 3, &pool, &error); /* its workers inherit the caller's mode */
  ok(run_once(pool, 300, &j) && run_once(NULL, 3, &j), "jobs round to nearest in every thread");
  ok(!rounds_to_nearest(), "and the caller's mode stands afterwards");
  fesetround(FE_TONEAREST);
  s2s__pool_free(pool);
}

/* The register that says whether numbers too small for the exponent become zero, and its bits for that. */
#if defined(__SSE2__)
#define FLUSH_BITS 0x8040u
static uint64_t flush_mode(void) { return _mm_getcsr(); }
static void flush_set_mode(uint64_t mode) { _mm_setcsr((unsigned)mode); }
#elif defined(__aarch64__)
#define FLUSH_BITS (UINT64_C(1) << 24)
static uint64_t flush_mode(void) {
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode) : : "memory");
  return mode;
}
static void flush_set_mode(uint64_t mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode) : "memory"); }
#elif defined(__arm__) && defined(__ARM_FP)
#define FLUSH_BITS (UINT64_C(1) << 24)
static uint64_t flush_mode(void) {
  uint32_t mode;
  __asm__ volatile("vmrs %0, fpscr" : "=r"(mode) : : "memory");
  return mode;
}
static void flush_set_mode(uint64_t mode) { __asm__ volatile("vmsr fpscr, %0" : : "r"((uint32_t)mode) : "memory"); }
#endif

static void test_flush_to_zero(void) {
#if defined(FLUSH_BITS)
  const volatile double tiny = 2.2250738585072014e-308, half = 0.5;
  const uint64_t before = flush_mode();
  flush_set_mode(before | FLUSH_BITS);
  const volatile double flushed = tiny * half;
  const s2s__float_mode mode = s2s__float_mode_enter();
  const volatile double kept = tiny * half;
  s2s__float_mode_leave(mode);
  const volatile double again = tiny * half;
  flush_set_mode(before);
  if (flushed > 0)
    skip("the machine does not flush to zero when told to (valgrind)");
  else
    ok(kept > 0 && !(again > 0), "flush-to-zero is off inside, and as it was outside");
#else
  skip("no way to set flush-to-zero here");
#endif
}

static void test_clock(void) {
  ok(s2s__processors() >= 1, "there is a processor (%zu)", s2s__processors());
  const double before = s2s__clock();
  ok(before > 0 && s2s__clock() >= before, "the clock runs forwards");
}

static volatile sig_atomic_t signals_here;
static pthread_t signals_main;
static void on_signal(int number) {
  (void)number;
  signals_here += pthread_equal(pthread_self(), signals_main) ? 1 : 1000;
}

static void job_blocked(void *pointer, size_t part, size_t worker) {
  sigset_t mask;
  unsigned char *blocked = pointer;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  blocked[part] = worker == 0 ? 2 : (unsigned char)sigismember(&mask, SIGUSR1);
  const struct timespec pause = {0, 1000000};
  nanosleep(&pause, NULL); /* so that the others get a part too */
}

static void test_signals(void) {
  s2s__host host;
  s2s__error error;
  s2s__pool *pool = NULL;
  unsigned char blocked[64] = {0};
  s2s__host_init(&host);
  s2s__error_clear(&error);
  signals_main = pthread_self();
  sigset_t before, after;
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  (void)s2s__pool_new(&host, 3, &pool, &error);
  pthread_sigmask(SIG_SETMASK, NULL, &after);
  ok(sigismember(&before, SIGUSR1) == sigismember(&after, SIGUSR1), "the caller's signal mask is as before");
  s2s__pool_run(pool, 64, job_blocked, blocked);
  size_t workers = 0, open = 0;
  for (size_t i = 0; i < 64; i++) {
    workers += blocked[i] == 1;
    open += blocked[i] == 0;
  }
  ok(workers > 0 && open == 0, "signals are blocked in the workers (%zu parts)", workers);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigaction(SIGUSR1, &action, NULL);
  kill(getpid(), SIGUSR1);
  const struct timespec pause = {0, 1000000};
  for (int i = 0; i < 1000 && signals_here == 0; i++) nanosleep(&pause, NULL);
  is_int(signals_here, 1, "a signal to the process is handled in the host's thread");
  s2s__pool_free(pool);
}

#if defined(__SANITIZE_THREAD__)
#define TEST_NO_FORK 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_NO_FORK 1
#endif
#endif

/* The child must neither hang nor lose a part. */
static void test_fork(void) {
#ifdef TEST_NO_FORK
  skip("ThreadSanitizer does not follow fork");
#else
  static job j;
  s2s__host host;
  s2s__error error;
  s2s__pool *pool = NULL;
  s2s__host_init(&host);
  s2s__error_clear(&error);
  (void)s2s__pool_new(&host, 3, &pool, &error);
  (void)run_once(pool, 64, &j);
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    const int good = run_once(pool, 64, &j);
    s2s__pool_free(pool);
    _exit(good ? 0 : 1);
  }
  int status = -1;
  (void)waitpid(child, &status, 0);
  ok(child > 0 && status == 0, "after fork the child runs jobs and frees its pool");
  ok(run_once(pool, 64, &j), "and so does the parent");
  s2s__pool_free(pool);
#endif
}

static void test_cpu(void) {
  const uint32_t features = s2s__cpu_features();
  const uint32_t x86 = S2S__CPU_AVX2 | S2S__CPU_AVX512 | S2S__CPU_AVX512VNNI | S2S__CPU_AVXVNNI;
  is_int(s2s__cpu_features(), features, "the processor's features do not change (0x%x)", (unsigned)features);
  ok(!(features & x86) || !(features & (S2S__CPU_NEON | S2S__CPU_DOTPROD)), "no processor is two at once");
  ok(!(features & (S2S__CPU_AVX512 | S2S__CPU_AVXVNNI)) || (features & S2S__CPU_AVX2),
     "AVX-512 and VNNI come with AVX2");
  ok(!(features & S2S__CPU_AVX512VNNI) || (features & S2S__CPU_AVX512), "AVX-512 VNNI comes with AVX-512");
#if defined(__GNUC__) && defined(__x86_64__)
  __builtin_cpu_init();
  const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  is_int((features & S2S__CPU_AVX2) != 0, avx2, "the compiler's run time agrees about AVX2");
#else
  skip("nothing to compare with");
#endif
}

int main(void) {
  test_pool();
  test_float_mode();
  test_flush_to_zero();
  test_clock();
  test_signals();
  test_fork();
  test_cpu();
  return done();
}
