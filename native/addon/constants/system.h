// The headers that only one family of systems has, for constants.cc.
#pragma once

#ifdef __linux__
#include <fcntl.h>
#if __has_include(<linux/errqueue.h>)  // of the kernel, not of the C library
#include <linux/errqueue.h>
#endif
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#else
#include <sys/event.h>
#include <sys/time.h>
#endif
