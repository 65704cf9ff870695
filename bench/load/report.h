// The report as one JSON object on standard output. src/cli/measure/load.ts reads it.
#pragma once

#include "options.h"
#include "session.h"

namespace edgewise::load {

void PrintReport(const Options& options, const Report& report);

}  // namespace edgewise::load
