#ifndef C_SIMULATION_H
#define C_SIMULATION_H

#include <stdint.h>

/// What somebody who runs simulated code on this thread tried to use instead of the simulator.
enum simulation_escape_kind {
    simulation_escape_global = 0,
    simulation_escape_delayed = 1,
    simulation_escape_main = 2,
};

/// Called on the thread that runs a simulation when a job goes to an executor of the runtime.
/// Returns 1 when the job was taken, 0 to let it pass.
typedef int (*simulation_escape_handler)(void *simulation, int kind, void *job);

/// Hooks the runtime's enqueues, once for the process. Threads without a simulation are not affected.
///
/// `main_identity` and `main_implementation` are the two words of the serial executor that stands in for the main actor's
/// on threads that run a simulation.
void simulation_tripwire_install(simulation_escape_handler handler, uintptr_t main_identity, uintptr_t main_implementation);

/// The simulation that runs on this thread, or null.
void *simulation_current(void);
void simulation_set_current(void *simulation);

/// The return addresses on this thread's stack, the innermost first. Returns how many.
int simulation_callers(void **addresses, int capacity);

/// Where a job goes on: the function that runs next in its task.
void *simulation_job_function(void *job);

/// The mangled name of the program's own function around this address; null for those of shared libraries.
const char *simulation_symbol(void *address);

#endif
