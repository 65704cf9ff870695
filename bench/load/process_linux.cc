#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

namespace edgewise::load {

int64_t ProcessCpuNs(int pid) {
  clockid_t clock;
  int error = clock_getcpuclockid(pid, &clock);  // returns the error, does not set errno
  if (error != 0) return -error;
  timespec time;
  // EINVAL: the process ended after the line above.
  if (clock_gettime(clock, &time) != 0) return errno == EINVAL ? -ESRCH : -errno;
  return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

int64_t ResidentBytes(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/statm", pid);
  FILE* file = fopen(path, "re");
  if (file == nullptr) return errno == ENOENT ? -ESRCH : -errno;
  long total_pages = 0;
  long resident_pages = 0;
  int fields = fscanf(file, "%ld %ld", &total_pages, &resident_pages);
  fclose(file);
  return fields == 2 ? static_cast<int64_t>(resident_pages) * sysconf(_SC_PAGESIZE) : -EIO;
}

int PinProcess(int pid, int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR* tasks = opendir(path);
  if (tasks == nullptr) return errno == ENOENT ? -ESRCH : -errno;
  int result = 0;
  while (const dirent* entry = readdir(tasks)) {
    int thread = atoi(entry->d_name);
    if (thread == 0) continue;  // "." and ".."
    // ESRCH: that thread ended meanwhile.
    if (sched_setaffinity(thread, sizeof cpus, &cpus) != 0 && errno != ESRCH) result = -errno;
  }
  closedir(tasks);
  return result;
}

}  // namespace edgewise::load
