// The recorder of the load generator on its own: takes numbers from standard input, and prints
// "value count" of each bucket.
#include <inttypes.h>
#include <stdio.h>

#include "../load/histogram.h"

int main() {
  edgewise::load::Histogram histogram;
  uint64_t value;
  while (scanf("%" SCNu64, &value) == 1) histogram.Record(value);
  histogram.ForEach(
      [](uint64_t lowest, uint64_t count) { printf("%" PRIu64 " %" PRIu64 "\n", lowest, count); });
  return 0;
}
