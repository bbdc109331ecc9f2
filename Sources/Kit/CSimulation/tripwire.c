#include "CSimulation.h"

#include <pthread.h>

// The hooks of libswift_Concurrency, as its ConcurrencyHooks.def declares them. They are called in Swift's convention.
#define SWIFT_CALL __attribute__((swiftcall))

typedef struct {
    uintptr_t identity;
    uintptr_t implementation;
} serial_executor;

typedef SWIFT_CALL void (*enqueue)(void *job);
typedef SWIFT_CALL void (*enqueue_delayed)(unsigned long long delay, void *job);
typedef SWIFT_CALL void (*enqueue_at)(
    long long seconds, long long nanoseconds, long long tolerance_seconds, long long tolerance_nanoseconds, int clock,
    void *job);
typedef SWIFT_CALL serial_executor (*get_main)(void);

typedef SWIFT_CALL void (*enqueue_hook)(void *job, enqueue original);
typedef SWIFT_CALL void (*enqueue_delayed_hook)(unsigned long long delay, void *job, enqueue_delayed original);
typedef SWIFT_CALL void (*enqueue_at_hook)(
    long long seconds, long long nanoseconds, long long tolerance_seconds, long long tolerance_nanoseconds, int clock,
    void *job, enqueue_at original);
typedef SWIFT_CALL serial_executor (*get_main_hook)(get_main original);

extern enqueue_hook swift_task_enqueueGlobal_hook;
extern enqueue_hook swift_task_enqueueMainExecutor_hook;
extern enqueue_delayed_hook swift_task_enqueueGlobalWithDelay_hook;
extern enqueue_at_hook swift_task_enqueueGlobalWithDeadline_hook;
extern get_main_hook swift_task_getMainExecutor_hook;

static _Thread_local void *current;
static simulation_escape_handler handler;
static serial_executor stand_in;
static enqueue_hook next_global;
static enqueue_hook next_main;
static enqueue_delayed_hook next_delayed;
static enqueue_at_hook next_at;
static get_main_hook next_get_main;
static pthread_mutex_t installing = PTHREAD_MUTEX_INITIALIZER;
static int installed;

void *simulation_current(void) { return current; }
void simulation_set_current(void *simulation) { current = simulation; }

static int taken(int kind, void *job) { return current && handler(current, kind, job); }

static SWIFT_CALL void on_global(void *job, enqueue original) {
    if (taken(simulation_escape_global, job)) return;
    if (next_global) next_global(job, original); else original(job);
}

static SWIFT_CALL void on_main(void *job, enqueue original) {
    if (taken(simulation_escape_main, job)) return;
    if (next_main) next_main(job, original); else original(job);
}

static SWIFT_CALL void on_delayed(unsigned long long delay, void *job, enqueue_delayed original) {
    if (taken(simulation_escape_delayed, job)) return;
    if (next_delayed) next_delayed(delay, job, original); else original(delay, job);
}

static SWIFT_CALL void on_at(
    long long s, long long ns, long long ts, long long tns, int clock, void *job, enqueue_at original) {
    if (taken(simulation_escape_delayed, job)) return;
    if (next_at) next_at(s, ns, ts, tns, clock, job, original); else original(s, ns, ts, tns, clock, job);
}

static SWIFT_CALL serial_executor on_get_main(get_main original) {
    if (current) return stand_in;
    return next_get_main ? next_get_main(original) : original();
}

void simulation_tripwire_install(
    simulation_escape_handler callback, uintptr_t main_identity, uintptr_t main_implementation) {
    pthread_mutex_lock(&installing);
    if (!installed) {
        installed = 1;
        handler = callback;
        stand_in.identity = main_identity;
        stand_in.implementation = main_implementation;
        next_global = swift_task_enqueueGlobal_hook;
        next_main = swift_task_enqueueMainExecutor_hook;
        next_delayed = swift_task_enqueueGlobalWithDelay_hook;
        next_at = swift_task_enqueueGlobalWithDeadline_hook;
        next_get_main = swift_task_getMainExecutor_hook;
        swift_task_enqueueGlobal_hook = on_global;
        swift_task_enqueueMainExecutor_hook = on_main;
        swift_task_enqueueGlobalWithDelay_hook = on_delayed;
        swift_task_enqueueGlobalWithDeadline_hook = on_at;
        swift_task_getMainExecutor_hook = on_get_main;
    }
    pthread_mutex_unlock(&installing);
}
