#include "crowd.h"

#include <errno.h>
#include <sys/resource.h>

#include <algorithm>

#include "datagram_channel.h"
#include "stream_channel.h"

namespace edgewise::load {
namespace {

constexpr rlim_t kSpareDescriptors = 16;  // the three standard ones, epoll's, a few of libc

}  // namespace

bool Crowd::Prepare() {
  if (!ParseAddress(options_.host, options_.port, &address_)) {
    return failure_.Because("'" + options_.host + "' is not a numeric address");
  }
  ready_set_ = CreateReadySet();
  if (ready_set_ == nullptr) return failure_.Because("cannot wait for readiness", errno);
  return RaiseDescriptorLimit();
}

bool Crowd::RaiseDescriptorLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return failure_.Because("getrlimit", errno);
  int wanted = options_.connections + options_.idle;
  rlim_t needed = static_cast<rlim_t>(wanted) + kSpareDescriptors;
  if (limit.rlim_max < needed) {
    return failure_.Because(std::to_string(wanted) +
                            " connections do not fit into the hard limit of " +
                            std::to_string(limit.rlim_max) + " descriptors (ulimit -Hn)");
  }
  // Not the hard limit itself: it may be infinite, which macOS refuses.
  limit.rlim_cur = std::max(limit.rlim_cur, needed);
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 || failure_.Because("setrlimit", errno);
}

bool Crowd::OpenOne() {
  uint32_t index = size();
  if (options_.is_udp) {
    channels_.push_back(std::make_unique<DatagramChannel>(exchange_, index));
  } else {
    channels_.push_back(std::make_unique<StreamChannel>(exchange_, index));
  }
  return Connect(index);
}

bool Crowd::Connect(uint32_t index) {
  int source = options_.sources == 0 ? 0 : 1 + static_cast<int>(connect_count_ % options_.sources);
  int fd = channels_[index]->Open(address_, source);
  if (fd == -EADDRNOTAVAIL) {
    return failure_.Because("no local port is left after " + std::to_string(connect_count_) +
                            " connections to one address (net.ipv4.ip_local_port_range; "
                            "--sources)");
  }
  if (fd < 0) return failure_.Because("cannot connect", -fd);
  int result = ready_set_->Add(fd, index);
  if (result < 0) return failure_.Because("cannot watch a connection", -result);
  ++connect_count_;
  return true;
}

bool Crowd::Reopen(uint32_t index) {
  channels_[index]->Close();  // the only reference: the ready set forgets it too
  return Connect(index);
}

bool Crowd::Queue(uint32_t index, uint64_t count, int64_t due_ns) {
  for (uint64_t i = 0; i < count; ++i) channels_[index]->Add(due_ns);
  return Follow(index, Outcome::kWaiting);
}

bool Crowd::Begin(uint32_t index, uint64_t count, int64_t due_ns) {
  Channel& channel = *channels_[index];
  for (uint64_t i = 0; i < count; ++i) channel.Add(due_ns);
  return channel.watched.writable || Follow(index, channel.Send());
}

bool Crowd::Advance(uint32_t index) {
  return Follow(index, channels_[index]->Advance(is_reading_ ? SIZE_MAX : 0));
}

bool Crowd::Receive(uint32_t index, size_t limit) {
  return Follow(index, channels_[index]->Receive(limit));
}

bool Crowd::SetReading(bool is_reading) {
  is_reading_ = is_reading;
  for (uint32_t index = 0; index < size(); ++index) {
    if (!Follow(index, Outcome::kWaiting)) return false;
  }
  return true;
}

int Crowd::Wait(int timeout_ms, uint32_t* indices, int capacity) {
  int count = ready_set_->Wait(timeout_ms, indices, capacity);
  if (count >= 0) return count;
  failure_.Because("wait", -count);
  return -1;
}

// Goes on with a channel that waits: sets in the ready set what it waits for.
bool Crowd::Follow(uint32_t index, Outcome outcome) {
  Channel& channel = *channels_[index];
  switch (outcome) {
    case Outcome::kWaiting: break;
    case Outcome::kWrongEcho:
      return failure_.Because("wrong echo: a byte differs from what was sent");
    case Outcome::kSurplus: return failure_.Because("wrong echo: more came back than was sent");
    case Outcome::kClosed: return failure_.Because("the server closed a connection");
    case Outcome::kFailed: return failure_.Because("a connection failed", channel.error());
  }
  bool wants = channel.wants_writable();
  if (wants == channel.watched.writable && is_reading_ == channel.watched.readable) return true;
  channel.watched = {is_reading_, wants};
  int result = ready_set_->Watch(channel.fd(), index, is_reading_, wants);
  return result >= 0 || failure_.Because("cannot watch a connection", -result);
}

}  // namespace edgewise::load
