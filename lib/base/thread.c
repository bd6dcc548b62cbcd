/* SPDX-License-Identifier: MIT
 *
 * The pool, the floating-point mode and the clock.
 *
 * A job is posted under the mutex; each worker that wakes joins it under the mutex too, then takes parts by an atomic
 * counter until none is left. The caller takes parts like the others, then waits for those who joined, and closes the
 * job: a worker that wakes later finds nothing and sleeps again. So a small job never waits for a sleeping worker.
 *
 * After fork() the child has no workers, and the condition variables are in an unknown state: the pool then runs jobs
 * in the caller, and its end touches neither threads nor locks.
 *
 * Windows has no pool yet: jobs run in the caller, with the same results, since results never depend on threads.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* the same in every file of base/, for the amalgamation: the first #include settles it */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include "base/thread.h"

#include <fenv.h>
#include <string.h>
#include <time.h>

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>
#endif

#if defined(__x86_64__) || defined(_M_X64) || defined(__SSE__)
#include <xmmintrin.h>
#define THREAD_MXCSR 1
#elif defined(__arm__) && defined(__ARM_FP) && defined(__GNUC__)
#define THREAD_FPSCR 1
#endif

s2s__float_mode s2s__float_mode_enter(void) {
  s2s__float_mode mode = {0};
#if defined(THREAD_MXCSR)
  mode.saved = _mm_getcsr();
  _mm_setcsr(0x1F80); /* all exceptions masked, round to nearest, neither FTZ nor DAZ */
#elif defined(__aarch64__)
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode.saved) : : "memory");
  __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0) : "memory");
#elif defined(THREAD_FPSCR)
  uint32_t saved;
  __asm__ volatile("vmrs %0, fpscr" : "=r"(saved) : : "memory");
  __asm__ volatile("vmsr fpscr, %0" : : "r"(0) : "memory");
  mode.saved = saved;
#else
  mode.saved = (uint64_t)(unsigned)fegetround();
  (void)fesetround(FE_TONEAREST);
#endif
  return mode;
}

void s2s__float_mode_leave(s2s__float_mode mode) {
#if defined(THREAD_MXCSR)
  _mm_setcsr((unsigned)mode.saved);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(mode.saved) : "memory");
#elif defined(THREAD_FPSCR)
  __asm__ volatile("vmsr fpscr, %0" : : "r"((uint32_t)mode.saved) : "memory");
#else
  (void)fesetround((int)mode.saved);
#endif
}

static void thread_run_here(size_t parts, s2s__job_fn function, void *job) {
  const s2s__float_mode mode = s2s__float_mode_enter();
  for (size_t part = 0; part < parts; part++) function(job, part, 0);
  s2s__float_mode_leave(mode);
}

#ifdef _WIN32

struct s2s__pool {
  s2s__host host;
};

int32_t s2s__pool_new(const s2s__host *host, size_t threads, s2s__pool **pool, s2s__error *error) {
  *pool = NULL;
  if (threads < 1 || threads > S2S__MAX_THREADS)
    return s2s__fail(error, S2S_BAD_ARGUMENT, "%zu threads are not in 1..%d", threads, S2S__MAX_THREADS);
  *pool = s2s__allocate_zeroed(host, sizeof **pool);
  if (!*pool) return s2s__fail_memory(error, sizeof **pool, "a thread pool");
  (*pool)->host = *host;
  return S2S_OK;
}

void s2s__pool_free(s2s__pool *pool) {
  if (!pool) return;
  const s2s__host host = pool->host;
  s2s__free(&host, pool, sizeof *pool);
}

size_t s2s__pool_threads(const s2s__pool *pool) {
  (void)pool;
  return 1;
}

void s2s__pool_run(s2s__pool *pool, size_t parts, s2s__job_fn function, void *job) {
  (void)pool;
  thread_run_here(parts, function, job);
}

size_t s2s__processors(void) {
  SYSTEM_INFO info;
  GetSystemInfo(&info);
  return info.dwNumberOfProcessors > 0 ? info.dwNumberOfProcessors : 1;
}

double s2s__clock(void) {
  LARGE_INTEGER count, frequency;
  QueryPerformanceCounter(&count);
  QueryPerformanceFrequency(&frequency);
  return (double)count.QuadPart / (double)frequency.QuadPart;
}

#else

typedef struct thread_worker {
  s2s__pool *pool;
  size_t index; /* 1 .. threads-1 */
  pthread_t thread;
} thread_worker;

struct s2s__pool {
  s2s__host host;
  size_t threads;
  size_t started; /* workers that exist */
  pid_t process;  /* that made the workers */
  pthread_mutex_t mutex;
  pthread_cond_t posted, left;
  /* under the mutex */
  uint64_t round; /* of jobs; a worker that has seen this one waits for the next */
  size_t parts;   /* 0 when no job is open */
  size_t joined;  /* workers at work on it */
  s2s__job_fn function;
  void *job;
  int stop;
  atomic_size_t next; /* part to take */
  thread_worker worker[];
};

static size_t thread_pool_size(size_t threads) { return sizeof(s2s__pool) + (threads - 1) * sizeof(thread_worker); }

static void thread_take_parts(s2s__pool *pool, size_t parts, s2s__job_fn function, void *job, size_t worker) {
  const s2s__float_mode mode = s2s__float_mode_enter();
  for (;;) {
    const size_t part = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
    if (part >= parts) break;
    function(job, part, worker);
  }
  s2s__float_mode_leave(mode);
}

static void *thread_main(void *argument) {
  const thread_worker *self = argument;
  s2s__pool *pool = self->pool;
  uint64_t seen = 0;
  pthread_mutex_lock(&pool->mutex);
  while (!pool->stop) {
    if (pool->round == seen || pool->parts == 0) {
      pthread_cond_wait(&pool->posted, &pool->mutex);
      continue;
    }
    seen = pool->round;
    const size_t parts = pool->parts;
    const s2s__job_fn function = pool->function;
    void *job = pool->job;
    pool->joined++;
    pthread_mutex_unlock(&pool->mutex);
    thread_take_parts(pool, parts, function, job, self->index);
    pthread_mutex_lock(&pool->mutex);
    if (--pool->joined == 0) pthread_cond_signal(&pool->left);
  }
  pthread_mutex_unlock(&pool->mutex);
  return NULL;
}

/* The workers are born with all signals blocked; the caller's own mask is as before afterwards. */
static int thread_start_workers(s2s__pool *pool) {
  sigset_t all, before;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return 0;
  while (pool->started < pool->threads - 1) {
    thread_worker *worker = &pool->worker[pool->started];
    worker->pool = pool;
    worker->index = pool->started + 1;
    if (pthread_create(&worker->thread, NULL, thread_main, worker) != 0) break;
    pool->started++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return pool->started == pool->threads - 1;
}

static int thread_make_locks(s2s__pool *pool) {
  if (pthread_mutex_init(&pool->mutex, NULL) != 0) return 0;
  if (pthread_cond_init(&pool->posted, NULL) == 0) {
    if (pthread_cond_init(&pool->left, NULL) == 0) return 1;
    pthread_cond_destroy(&pool->posted);
  }
  pthread_mutex_destroy(&pool->mutex);
  return 0;
}

int32_t s2s__pool_new(const s2s__host *host, size_t threads, s2s__pool **out, s2s__error *error) {
  *out = NULL;
  if (threads < 1 || threads > S2S__MAX_THREADS)
    return s2s__fail(error, S2S_BAD_ARGUMENT, "%zu threads are not in 1..%d", threads, S2S__MAX_THREADS);
  const size_t size = thread_pool_size(threads);
  s2s__pool *pool = s2s__allocate_zeroed(host, size);
  if (!pool) return s2s__fail_memory(error, size, "a thread pool");
  pool->host = *host;
  pool->threads = threads;
  pool->process = getpid();
  atomic_init(&pool->next, 0);
  if (!thread_make_locks(pool)) {
    s2s__free(host, pool, size);
    return s2s__fail(error, S2S_OUT_OF_MEMORY, "the system refused a lock");
  }
  if (!thread_start_workers(pool)) {
    const size_t refused = pool->started + 1;
    s2s__pool_free(pool);
    return s2s__fail(error, S2S_OUT_OF_MEMORY, "the system refused thread %zu of %zu", refused, threads - 1);
  }
  *out = pool;
  return S2S_OK;
}

static void thread_stop_workers(s2s__pool *pool) {
  pthread_mutex_lock(&pool->mutex);
  pool->stop = 1;
  pthread_cond_broadcast(&pool->posted);
  pthread_mutex_unlock(&pool->mutex);
  for (size_t i = 0; i < pool->started; i++) pthread_join(pool->worker[i].thread, NULL);
  pthread_cond_destroy(&pool->left);
  pthread_cond_destroy(&pool->posted);
  pthread_mutex_destroy(&pool->mutex);
}

void s2s__pool_free(s2s__pool *pool) {
  if (!pool) return;
  if (pool->process == getpid()) thread_stop_workers(pool);
  const s2s__host host = pool->host;
  s2s__free(&host, pool, thread_pool_size(pool->threads));
}

size_t s2s__pool_threads(const s2s__pool *pool) { return pool ? pool->threads : 1; }

void s2s__pool_run(s2s__pool *pool, size_t parts, s2s__job_fn function, void *job) {
  if (!pool || pool->started == 0 || parts < 2 || pool->process != getpid()) {
    thread_run_here(parts, function, job);
    return;
  }
  pthread_mutex_lock(&pool->mutex);
  pool->round++;
  pool->parts = parts;
  pool->function = function;
  pool->job = job;
  atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
  pthread_mutex_unlock(&pool->mutex);
  for (size_t i = 0; i < pool->started && i < parts - 1; i++) pthread_cond_signal(&pool->posted);
  thread_take_parts(pool, parts, function, job, 0);
  pthread_mutex_lock(&pool->mutex);
  while (pool->joined > 0) pthread_cond_wait(&pool->left, &pool->mutex);
  pool->parts = 0;
  pthread_mutex_unlock(&pool->mutex);
}

size_t s2s__processors(void) {
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return (size_t)CPU_COUNT(&set);
#endif
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (size_t)online : 1;
}

double s2s__clock(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0.0;
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif

#undef THREAD_MXCSR
