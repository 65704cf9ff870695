// Facts of the platform that no back-end's capabilities show.
#pragma once

namespace edgewise {

// Whether the preferred back-end waits with nanosecond deadlines on this kernel.
bool HasNanosecondWait();

}  // namespace edgewise
