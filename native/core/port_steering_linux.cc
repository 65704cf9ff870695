#include <linux/filter.h>
#include <sys/socket.h>

#include "port_steering.h"
#include "result.h"

namespace edgewise::sys {

int SteerByCpu(int fd, int count) {
  // return (number of this CPU) % count
  sock_filter code[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<__u32>(SKF_AD_OFF + SKF_AD_CPU)},
      {BPF_ALU | BPF_MOD | BPF_K, 0, 0, static_cast<__u32>(count)},
      {BPF_RET | BPF_A, 0, 0, 0},
  };
  sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
  return Result(setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)));
}

}  // namespace edgewise::sys
