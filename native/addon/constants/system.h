// The headers that only one family of systems has, for constants.cc.
#pragma once

#ifdef __linux__
#include <linux/errqueue.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#else
#include <sys/event.h>
#include <sys/time.h>
#endif
