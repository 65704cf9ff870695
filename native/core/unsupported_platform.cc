#error "edgewise needs epoll (Linux) or kqueue (macOS, FreeBSD, OpenBSD, NetBSD)"
