// Taking arrays and address slots out of a call: what args.h is to single values, for the calls of
// edgewise/sys that are not on the I/O path's shortest way. The same rule: a value is
// taken only if it is exactly what is asked for, and no JavaScript runs between the moment a
// pointer is taken and the system call that uses it.
#pragma once

#include <limits.h>
#include <sys/uio.h>

#include "args.h"
#include "socket_address.h"

namespace edgewise {

// The memory of a typed array of one of two types, not shared, not detached.
template <size_t kCount>
bool ArrayMemoryAt(const Args<kCount>& args, size_t index, napi_typedarray_type wanted,
                   napi_typedarray_type or_wanted, Bytes* out, size_t* element_count) {
  napi_env env = args.env();
  napi_value value = args[index];
  bool is_typed_array = false;
  if (napi_is_typedarray(env, value, &is_typed_array) != napi_ok || !is_typed_array) return false;
  napi_typedarray_type type = napi_int8_array;  // Node leaves it so for one that it does not know
  napi_value buffer;
  void* data;
  bool is_array_buffer = false;
  bool is_detached = true;
  if (napi_get_typedarray_info(env, value, &type, element_count, &data, &buffer, nullptr) !=
          napi_ok ||
      napi_is_arraybuffer(env, buffer, &is_array_buffer) != napi_ok || !is_array_buffer ||
      napi_is_detached_arraybuffer(env, buffer, &is_detached) != napi_ok || is_detached) {
    return false;
  }
  out->data = static_cast<uint8_t*>(data);
  out->length = *element_count * (type == napi_int32_array ? sizeof(int32_t) : 1);
  return type == wanted || type == or_wanted;
}

// An Int32Array with room for at least `count_min` numbers.
template <size_t kCount>
bool Int32sAt(const Args<kCount>& args, size_t index, size_t count_min, int32_t** out,
              size_t* count) {
  Bytes memory;
  if (!ArrayMemoryAt(args, index, napi_int32_array, napi_int32_array, &memory, count)) return false;
  *out = reinterpret_cast<int32_t*>(memory.data);
  return *count >= count_min;
}

// A whole number from 0 to 2^31 - 1, 0 when absent.
template <size_t kCount>
bool FlagsAt(const Args<kCount>& args, size_t index, int* out) {
  *out = 0;
  return args.IsUndefined(index) || args.Fd(index, out);
}

// The slot of a SocketAddress (src/address.ts).
template <size_t kCount>
bool SlotAt(const Args<kCount>& args, size_t index, AddressSlot** out) {
  Bytes memory;
  if (!args.WholeBytes(index, &memory) || memory.length < sizeof(AddressSlot) ||
      reinterpret_cast<uintptr_t>(memory.data) % alignof(AddressSlot) != 0) {
    return false;
  }
  *out = reinterpret_cast<AddressSlot*>(memory.data);
  return (*out)->IsValid();
}

// The same, or undefined, which gives null.
template <size_t kCount>
bool OptionalSlotAt(const Args<kCount>& args, size_t index, AddressSlot** out) {
  *out = nullptr;
  return args.IsUndefined(index) || SlotAt(args, index, out);
}

// An Array of Uint8Array, as readv(2) and its like take them.
class BufferList {
 public:
  static constexpr uint32_t kCountMax = IOV_MAX;

  // Collects all elements first, which may run getters of the array; then takes the pointers, with
  // no JavaScript in between that could detach one of them. On false an exception may be pending.
  template <size_t kCount>
  bool Collect(const Args<kCount>& args, size_t index) {
    napi_env env = args.env();
    napi_value array = args[index];
    bool is_array = false;
    if (napi_is_array(env, array, &is_array) != napi_ok || !is_array ||
        napi_get_array_length(env, array, &count_) != napi_ok || count_ > kCountMax) {
      return false;
    }
    napi_value elements[kCountMax];
    for (uint32_t i = 0; i < count_; i++) {
      if (napi_get_element(env, array, i, &elements[i]) != napi_ok) return false;
    }
    for (uint32_t i = 0; i < count_; i++) {
      Bytes bytes;
      if (!WholeBytes(env, elements[i], &bytes)) return false;
      vectors_[i] = {bytes.data, bytes.length};
    }
    return true;
  }

  const iovec* vectors() const { return vectors_; }
  int count() const { return static_cast<int>(count_); }

 private:
  uint32_t count_ = 0;
  iovec vectors_[kCountMax];
};

}  // namespace edgewise
