// Why a run ended early: the first reason, for the user. Leaf of bench/load.
#pragma once

#include <string.h>

#include <string>
#include <utility>

namespace edgewise::load {

class Failure {
 public:
  // Both return false, so that a step can end with `return failure.Because(...)`.
  bool Because(std::string reason) {
    if (reason_.empty()) reason_ = std::move(reason);
    return false;
  }
  bool Because(const std::string& what, int error) {
    return Because(what + ": " + strerror(error));
  }

  const std::string& reason() const { return reason_; }

 private:
  std::string reason_;
};

}  // namespace edgewise::load
